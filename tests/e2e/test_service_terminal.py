"""What is asked of a person at a real terminal before anything is installed, fetched or removed."""

from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from andiron_daemon.paths import Paths, make_private
from andiron_testing.daemon_process import ANDIRON, andiron
from andiron_testing.fake_tool import FakeTools

# A fork beside threads may deadlock in the child; this child replaces itself at once.
pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")


@pytest.fixture(autouse=True)
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A person's home; no service manager answers."""
    tools = FakeTools(tmp_path / "tools", "systemctl")
    tools.follow({"words": [], "code": 1})
    monkeypatch.setenv("PATH", tools.path)
    folder = tmp_path / "person"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    yield folder
    andiron("service", "uninstall")


def _terminal(*arguments: str) -> "pexpect.spawn[str]":
    program, *options = ANDIRON
    return pexpect.spawn(program, [*options, *arguments], encoding="utf-8", timeout=60, dimensions=(40, 200))


def _ended(terminal: "pexpect.spawn[str]") -> int:
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus is not None, f"it was ended by signal {terminal.signalstatus}"
    return int(terminal.exitstatus)


@pytest.mark.parametrize(("answer", "expected"), [("y", "on"), ("n", "off"), ("", "off")])
def test_starting_at_login_is_asked_for_and_no_is_what_is_assumed(answer: str, expected: str, person: Path) -> None:
    terminal = _terminal("service", "install")
    terminal.expect("Start Andiron when you log in")
    terminal.sendline(answer)
    terminal.expect(f"autostart +{expected}")
    assert _ended(terminal) == 0
    assert len(list(person.rglob("*.desktop"))) == (1 if expected == "on" else 0)
    # It is asked once; run again, the answer stands.
    assert andiron("service", "autostart").stdout == f"{expected}\n"
    again = _terminal("service", "install")
    again.expect("in place")
    assert _ended(again) == 0


def test_a_removal_is_listed_and_asked_for_and_a_no_leaves_everything(paths: Paths) -> None:
    make_private(paths.data)
    (paths.data / "andiron.db").write_bytes(b"x")
    terminal = _terminal("uninstall")
    terminal.expect("Remove your conversations, settings and models, too")
    terminal.sendline("y")
    terminal.expect("remove +conversations")
    terminal.expect("Remove all this")
    terminal.sendline("")
    assert _ended(terminal) == 130
    assert (paths.data / "andiron.db").exists()


def test_a_download_is_asked_for(paths: Paths) -> None:
    terminal = _terminal("up", "--model", "smollm2-135m")
    terminal.expect("Fetch the model smollm2-135m \\(0.1 GB\\)")
    terminal.sendline("n")
    terminal.expect("is not to be fetched")
    assert _ended(terminal) == 1
    assert not paths.models.exists()
