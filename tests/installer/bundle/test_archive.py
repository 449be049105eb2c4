"""A bundle as one file, and as a Debian package."""

import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from andiron_installer.bundle.archive import pack
from andiron_installer.bundle.debian import build_package, control
from andiron_installer.bundle.errors import BundleError
from andiron_installer.bundle.manifest import check_bundle, read_manifest


def test_what_is_unpacked_is_what_was_packed(bundle: Path, tmp_path: Path) -> None:
    archive = pack(bundle, tmp_path / "a.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path / "elsewhere", filter="data")
    found = tmp_path / "elsewhere" / bundle.name
    check_bundle(found)
    assert (found / "andiron").stat().st_mode & 0o777 == 0o755
    assert (found / "andiron-tray").is_symlink()


@pytest.mark.parametrize("ending", [".tar.gz", ".zip"])
def test_the_same_folder_gives_the_same_file(bundle: Path, tmp_path: Path, ending: str) -> None:
    first = pack(bundle, tmp_path / f"1{ending}").read_bytes()
    (bundle / "andiron").touch()
    assert pack(bundle, tmp_path / f"2{ending}").read_bytes() == first


def test_nobody_is_named_in_an_archive(bundle: Path, tmp_path: Path) -> None:
    with tarfile.open(pack(bundle, tmp_path / "a.tar.gz")) as packed:
        owners = {(entry.uid, entry.gid, entry.uname, entry.gname) for entry in packed}
    assert owners == {(0, 0, "", "")}


def test_windows_gets_a_zip_with_everything(bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(pack(bundle, tmp_path / "a.zip")) as packed:
        assert f"{bundle.name}/_internal/library.so" in packed.namelist()
        assert packed.testzip() is None


def test_the_package_depends_on_the_c_library_it_was_built_with(bundle: Path) -> None:
    text = control(read_manifest(bundle), "amd64", 7)
    assert "Depends: libc6 (>= 2.36)\n" in text
    assert "Installed-Size: 7\n" in text


def test_the_package_installs_files_and_runs_nothing(bundle: Path, tmp_path: Path) -> None:
    package = build_package(bundle, tmp_path)
    listed = subprocess.run(["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True, timeout=60)
    rows = listed.stdout.splitlines()
    assert all(" root/root " in row for row in rows)
    for name in ("./usr/bin/andiron -> ../lib/andiron/andiron", "./usr/lib/andiron/_internal/library.so"):
        assert any(row.endswith(name) for row in rows), name
    scripts = subprocess.run(
        ["dpkg-deb", "--info", package], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert not any(word in scripts for word in ("postinst", "prerm", "preinst", "postrm"))
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path / "root"], check=True, timeout=60)
    assert "aiohttp 3: Apache-2.0" in (tmp_path / "root/usr/share/doc/andiron/copyright").read_text()


def test_a_system_without_dpkg_says_so(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BundleError, match="no dpkg-deb"):
        build_package(bundle, tmp_path)
