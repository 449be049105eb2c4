import sys
from pathlib import Path

import pytest

from andiron_installer.bootstrap.checks import Need, Volume, check_space, check_venv, check_writable, find_volume
from andiron_installer.bootstrap.compilers import check_compiler
from andiron_installer.bootstrap.failures import NoCompilerError, NoSpaceError, NoVenvError, ReadOnlyError

CHECKOUT, HOME = Path("checkout"), Path("home")
NEEDS = [Need("the environment", CHECKOUT, 600), Need("the model", HOME, 500)]


def test_a_python_without_ensurepip_names_the_package_to_install() -> None:
    with pytest.raises(NoVenvError, match="ensurepip") as caught:
        check_venv(lambda name: name != "ensurepip")
    assert f"python3.{sys.version_info[1]}-venv" in caught.value.hint
    assert caught.value.exit_code == 11


def test_this_python_has_what_is_needed() -> None:
    check_venv()


def test_needs_on_one_disk_are_added_up() -> None:
    with pytest.raises(NoSpaceError, match="the environment in checkout, the model in home") as caught:
        check_space(NEEDS, lambda _: Volume(1, 1099))
    assert caught.value.exit_code == 14
    check_space(NEEDS, lambda _: Volume(1, 1100))


def test_needs_on_two_disks_are_held_against_each() -> None:
    volumes = {CHECKOUT: Volume(1, 600), HOME: Volume(2, 499)}
    with pytest.raises(NoSpaceError, match="the model in home") as caught:
        check_space(NEEDS, volumes.__getitem__)
    assert "checkout" not in caught.value.message


def test_the_disk_of_a_folder_yet_to_be_made_is_that_of_its_parent(tmp_path: Path) -> None:
    assert find_volume(tmp_path / "not" / "there").device == find_volume(tmp_path).device


def test_a_folder_that_cannot_be_made_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ReadOnlyError, match="cannot be written") as caught:
        check_writable(tmp_path / "file" / "environment")
    assert "--environment" in caught.value.hint
    assert caught.value.exit_code == 15


def test_a_compiler_that_is_not_there_is_said_with_the_command_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoCompilerError, match=r"C\+\+ compiler") as caught:
        check_compiler()
    assert caught.value.hint.endswith("then start the installer again.")
    assert caught.value.exit_code == 12


def test_a_compiler_that_cannot_build_is_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = tmp_path / "c++"
    compiler.write_text("#!/bin/sh\necho 'fatal error: vector: No such file or directory'\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    with pytest.raises(NoCompilerError, match="vector: No such file"):
        check_compiler()


def test_a_compiler_that_builds_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = tmp_path / "c++"
    compiler.write_text("#!/bin/sh\nexit 0\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", f"{compiler} -march=native")
    check_compiler()
