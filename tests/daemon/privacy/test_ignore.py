"""Which files' text stays on this machine."""

from pathlib import Path

import pytest

from andiron_daemon.completion import secrets
from andiron_daemon.privacy.ignore import FILE_NAME, IgnoredPaths


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "app/.env.production",
        "server.pem",
        "home/.ssh/config",
        "/srv/id_rsa",
        "C:\\work\\.env",
        "file:///srv/deploy/credentials",
        "CERT.KEY",
        "deploy/prod.tfvars",
        ".aws/config",
    ],
)
def test_what_keeps_secrets_is_private_by_default(path: str) -> None:
    assert IgnoredPaths().is_private(path)


@pytest.mark.parametrize("path", ["main.py", ".env.example", "id_rsa.pub", "credentials.py", "keys/keyboard.ts", ""])
def test_other_files_are_not(path: str) -> None:
    assert not IgnoredPaths().is_private(path)


@pytest.mark.parametrize("name", [".env", ".netrc", "secrets.yaml", "id_ed25519", "a.p12", "kubeconfig", "x.kdbx"])
def test_what_no_prompt_may_hold_may_not_be_sent_either(name: str) -> None:
    assert secrets.is_secret(name)
    assert IgnoredPaths().is_private(name)


def test_a_project_names_its_own(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("internal/\n*.sql\n!public.sql\n")
    ignored = IgnoredPaths()
    assert ignored.is_private(str(tmp_path / "internal" / "plan.md"))
    assert ignored.is_private(str(tmp_path / "deep" / "dump.sql"))
    assert not ignored.is_private(str(tmp_path / "public.sql"))
    assert not ignored.is_private(str(tmp_path / "main.py"))
    assert ignored.is_private("internal/plan.md", str(tmp_path))
    assert ignored.is_private(str(tmp_path / "src" / ".." / "internal" / "plan.md"))
    assert not ignored.is_private("internal/plan.md")


def test_the_nearest_file_decides_and_may_take_a_path_back(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("*.txt\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / FILE_NAME).write_text("!*.txt\n!.env\n")
    ignored = IgnoredPaths()
    assert ignored.is_private(str(tmp_path / "notes.txt"))
    assert not ignored.is_private(str(inner / "notes.txt"))
    assert not ignored.is_private(str(inner / ".env"))


def test_a_person_names_their_own_for_every_project(tmp_path: Path) -> None:
    own = tmp_path / "andironignore"
    own.write_text("*.draft\n")
    assert IgnoredPaths(own).is_private("anything.draft")


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    file.write_text("a.py\n")
    ignored = IgnoredPaths()
    assert ignored.is_private(str(tmp_path / "a.py"))
    file.write_text("bb.py\n")
    assert not ignored.is_private(str(tmp_path / "a.py"))


def test_patterns_that_cannot_be_read_keep_everything_private(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe\x00broken")
    assert IgnoredPaths().is_private(str(tmp_path / "main.py"))
    (tmp_path / FILE_NAME).write_text("x" * 300_000)
    assert IgnoredPaths().is_private(str(tmp_path / "main.py"))
