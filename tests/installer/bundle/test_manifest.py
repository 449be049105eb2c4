"""The manifest: written, read, and held against the files."""

from pathlib import Path

import pytest

from andiron_installer.bundle.errors import BundleError
from andiron_installer.bundle.main import main
from andiron_installer.bundle.manifest import check_bundle


def test_a_bundle_as_it_was_made_is_whole(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = check_bundle(bundle)
    assert [file.path for file in manifest.files] == ["andiron", "andiron-tray", "_internal/library.so"]
    assert main(["--check", str(bundle)]) == 0
    assert "3 files are as they were made" in capsys.readouterr().out


def test_a_file_that_was_changed_missing_or_added_is_named(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bundle / "andiron").write_bytes(b"#!/bin/evil\n")
    (bundle / "_internal" / "library.so").unlink()
    (bundle / "_internal" / "more.so").write_bytes(b"")
    assert main(["--check", str(bundle)]) == 1
    said = capsys.readouterr().err
    for words in ("andiron was changed", "library.so is missing", "more.so does not belong there"):
        assert words in said


def test_a_link_that_leads_elsewhere_was_changed(bundle: Path) -> None:
    (bundle / "andiron-tray").unlink()
    (bundle / "andiron-tray").symlink_to("/bin/sh")
    with pytest.raises(BundleError, match="andiron-tray was changed"):
        check_bundle(bundle)


@pytest.mark.parametrize("content", [None, b"{}", b"no json"])
def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(BundleError, match=r"manifest\.json"):
        check_bundle(tmp_path)


def test_a_model_must_be_named_or_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main(["--no-model", "--model", "x"]) == 2
    assert "--no-model" in capsys.readouterr().err


def test_a_model_that_is_not_here_is_refused_before_anything_is_built(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", "no-such-model"]) == 1
    assert "error: " in capsys.readouterr().err


def test_a_file_that_is_no_model_is_refused_before_anything_is_built(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.gguf").write_bytes(b"no model")
    assert main(["--model", str(tmp_path / "x.gguf"), "--output", str(tmp_path / "out")]) == 1
    assert "hint: " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
