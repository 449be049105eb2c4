"""A folder that has what a bundle has, without a build."""

from pathlib import Path

import pytest

from andiron_installer.bundle.manifest import Manifest, list_files, write_manifest
from andiron_installer.bundle.origins import Part


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A small bundle with its manifest."""
    folder = tmp_path / "andiron ü"
    (folder / "_internal").mkdir(parents=True)
    (folder / "andiron").write_bytes(b"#!/bin/sh\n")
    (folder / "andiron").chmod(0o755)
    (folder / "_internal" / "library.so").write_bytes(b"\x7fELF")
    (folder / "andiron-tray").symlink_to("andiron")
    manifest = Manifest(
        name="andiron",
        version="1.2",
        platform="linux-x86_64",
        is_tried=True,
        python="3.11",
        libc="glibc 2.36",
        built_with="a test",
        models=(),
        parts=(Part(name="aiohttp", version="3", licence="Apache-2.0", kind="python"),),
        files=list_files(folder),
    )
    write_manifest(folder, manifest)
    return folder
