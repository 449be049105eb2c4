"""The whole update between real folders and a real checkout, with the real daemon; only building is played.

An environment is a folder whose interpreter hands over to the one that runs the tests, so that its daemon is real. A
version that does not work is one whose interpreter fails where the test says.
"""

import io
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from andiron_daemon.client import find_client, running_daemon, wait_until_stopped
from andiron_daemon.paths import Paths
from andiron_installer import ending
from andiron_installer.bootstrap.console import Console
from andiron_installer.bootstrap.environment import Environment
from andiron_installer.update import origin
from andiron_installer.update.checkout import Checkout
from andiron_installer.update.errors import UpdateError
from andiron_installer.update.places import Places, places_beside, places_of_root, python_in, relocate
from andiron_installer.update.source import News
from andiron_installer.update.trial import try_out
from andiron_installer.update.update import Update
from andiron_testing import other_environment
from andiron_testing.daemon_process import andiron
from andiron_testing.fake_tool import FakeTools
from andiron_testing.stub_daemon import stub_daemon

_TESTS = str(Path(__file__).parents[1])
_WORKS = f'exec "{sys.executable}" "$@"'
_NEVER_WORKS = 'echo "error: it is broken" >&2; exit 1'
# It works in the home of a trial, and not in its place.
_WORKS_IN_TRIALS = f'case "$ANDIRON_HOME" in *andiron-trial*) {_WORKS};; *) {_NEVER_WORKS};; esac'
# What a daemon that starts and migrates leaves behind, before it fails.
_SET_VERSION = (
    "import os, sqlite3; c = sqlite3.connect(os.environ['ANDIRON_HOME'] + '/data/andiron.db'); "
    "c.execute('PRAGMA user_version = 999'); c.commit()"
)
_MIGRATES = (
    f'case "$ANDIRON_HOME" in *andiron-trial*) {_WORKS};; esac; "{sys.executable}" -c "{_SET_VERSION}"; {_NEVER_WORKS}'
)


def make_environment(folder: Path, script: str, mark: str) -> None:
    (folder / "bin").mkdir(parents=True)
    python_in(folder).write_text(f"#!/bin/sh\n# {mark}\n{script}\n", encoding="utf-8")
    python_in(folder).chmod(0o755)
    (folder / "bin" / "andiron").write_text(f"#!{python_in(folder)}\n", encoding="utf-8")


class PlayedSource:
    """A source whose new version is an environment with `script` for a Python; keeps what was asked of it."""

    def __init__(self, script: str = _WORKS, *, news: bool = True) -> None:
        self._script = script
        self._news = News("9.9.9", ("one change", "another")) if news else None
        self.asked: list[str] = []

    def look(self) -> News | None:
        self.asked.append("look")
        return self._news

    def build(self, places: Places, told: Callable[[str | None], None]) -> None:
        self.asked.append("build")
        told("building")
        make_environment(places.next, self._script, "new")

    def take(self, places: Places) -> None:
        self.asked.append("take")

    def give_back(self) -> None:
        self.asked.append("give back")

    def clear(self) -> None:
        self.asked.append("clear")


@pytest.fixture(autouse=True)
def machine(paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A port of the test's own, and no service manager that answers."""
    tools = FakeTools(tmp_path / "tools", "systemctl")
    tools.follow({"words": [], "code": 1})
    monkeypatch.setenv("PATH", tools.path)
    monkeypatch.setenv("HOME", str(tmp_path))
    paths.config.mkdir(parents=True)
    paths.settings_file.write_text("port = 0\n", encoding="utf-8")
    yield
    andiron("service", "uninstall")
    client = find_client(paths)
    if client is not None:
        client.stop()
    assert wait_until_stopped(paths, timeout_seconds=30)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    found = places_of_root(tmp_path / "andiron")
    make_environment(found.current, _WORKS, "old")
    return found


def mark_of(environment: Path) -> str:
    return python_in(environment).read_text(encoding="utf-8").splitlines()[1].removeprefix("# ")


def update(source: PlayedSource, places: Places, paths: Paths, *, agree: bool = True, dry_run: bool = False) -> str:
    told = io.StringIO()
    Update(source, places, paths, Console(told, live=False), lambda _: agree).run(dry_run=dry_run)
    return told.getvalue()


def run_daemon_once(paths: Paths) -> None:
    assert andiron("serve", "--detach").returncode == 0
    assert andiron("stop").returncode == 0


def user_version(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_a_new_version_is_tried_switched_to_and_told(places: Places, paths: Paths) -> None:
    run_daemon_once(paths)
    source = PlayedSource()
    told = update(source, places, paths)
    assert source.asked == ["look", "build", "take", "clear"]
    assert mark_of(places.current) == "new"
    assert not places.next.exists()
    assert not places.last.exists()
    assert "one change" in told
    assert told.endswith("Andiron 9.9.9 is in use\n")
    (backup,) = paths.data.glob("andiron-before-update-*.backup")
    assert user_version(backup) == user_version(paths.database_file)
    assert (places.current / "bin" / "andiron").read_text(encoding="utf-8") == f"#!{python_in(places.current)}\n"


def test_a_daemon_that_runs_is_restarted_as_the_new_version(places: Places, paths: Paths) -> None:
    assert andiron("serve", "--detach").returncode == 0
    before = running_daemon(paths)
    update(PlayedSource(), places, paths)
    after = running_daemon(paths)
    assert before is not None
    assert after is not None
    assert after.pid != before.pid


def test_a_daemon_that_is_slow_to_end_is_waited_for_and_comes_up_again(
    places: Places, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "_QUIET_SECONDS", 0.1)
    monkeypatch.setenv("PYTHONPATH", _TESTS)

    class Released(io.StringIO):
        def write(self, text: str) -> int:
            if "takes its time" in text:
                (paths.state.parent / "may-end").touch()
            return super().write(text)

    told = Released()
    with subprocess.Popen(
        [sys.executable, "-m", "andiron_testing.slow_daemon"], stdout=subprocess.PIPE, encoding="utf-8"
    ) as slow:
        assert slow.stdout is not None
        assert slow.stdout.readline() == "ready\n"
        Update(PlayedSource(), places, paths, Console(told, live=False), lambda _: True).run()
    assert mark_of(places.current) == "new"
    after = running_daemon(paths)
    assert after is not None
    assert after.pid != slow.pid


def test_a_daemon_that_cannot_be_asked_to_end_runs_on_and_nothing_is_switched(places: Places, paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        stub.routes["POST /api/v1/system/stop"] = (401, {"error": {"code": "unauthorized", "message": "who?"}})
        with pytest.raises(UpdateError, match=r"cannot be stopped: who\?"):
            update(PlayedSource(), places, paths)
        assert running_daemon(paths) is not None
    assert mark_of(places.current) == "old"


def test_a_service_is_stopped_and_started_as_a_service(places: Places, paths: Paths) -> None:
    assert andiron("service", "install", "--start").returncode == 0
    update(PlayedSource(), places, paths)
    assert '"by_hand": false' in andiron("service", "status", "--json").stdout
    assert running_daemon(paths) is not None


def test_one_that_fails_its_trial_changes_nothing_and_the_daemon_runs_on(places: Places, paths: Paths) -> None:
    assert andiron("serve", "--detach").returncode == 0
    before = running_daemon(paths)
    source = PlayedSource(_NEVER_WORKS)
    with pytest.raises(UpdateError, match="it is broken"):
        update(source, places, paths)
    assert running_daemon(paths) == before
    assert source.asked == ["look", "build", "clear"]
    assert mark_of(places.current) == "old"
    assert not places.next.exists()


def test_one_that_fails_in_its_place_is_rolled_back_and_the_old_daemon_runs(places: Places, paths: Paths) -> None:
    assert andiron("serve", "--detach").returncode == 0
    source = PlayedSource(_WORKS_IN_TRIALS)
    with pytest.raises(UpdateError, match="it is broken") as caught:
        update(source, places, paths)
    assert caught.value.hint is not None
    assert "in use again" in caught.value.hint
    assert source.asked[-2:] == ["give back", "clear"]
    assert mark_of(places.current) == "old"
    assert not places.next.exists()
    assert running_daemon(paths) is not None


def test_a_database_the_new_version_migrated_is_put_back(places: Places, paths: Paths) -> None:
    run_daemon_once(paths)
    before = user_version(paths.database_file)
    with pytest.raises(UpdateError):
        update(PlayedSource(_MIGRATES), places, paths)
    assert user_version(paths.database_file) == before
    assert andiron("db", "check").returncode == 0


def test_nothing_new_changes_nothing(places: Places, paths: Paths) -> None:
    source = PlayedSource(news=False)
    assert "nothing is new" in update(source, places, paths)
    assert source.asked == ["look", "clear"]


def test_a_no_and_a_dry_run_change_nothing(places: Places, paths: Paths) -> None:
    for told in (
        update(PlayedSource(), places, paths, agree=False),
        update(PlayedSource(), places, paths, dry_run=True),
    ):
        assert "9.9.9" in told
        assert mark_of(places.current) == "old"
    assert not paths.data.exists()


def test_a_second_update_leaves_the_first_alone(places: Places, paths: Paths) -> None:
    seen: list[str] = []

    class Slow(PlayedSource):
        def build(self, places: Places, told: Callable[[str | None], None]) -> None:
            super().build(places, told)
            second = PlayedSource()
            with pytest.raises(UpdateError, match="another update is at work"):
                update(second, places, paths, dry_run=True)
            seen.extend(second.asked)

    update(Slow(), places, paths)
    assert seen == []
    assert mark_of(places.current) == "new"


def test_a_trial_reads_the_conversations_of_a_copy(places: Places, paths: Paths) -> None:
    run_daemon_once(paths)
    with closing(sqlite3.connect(paths.database_file)) as connection:
        connection.execute("PRAGMA user_version = 999")
        connection.commit()
    with pytest.raises(UpdateError, match="cannot read the conversations"):
        try_out(python_in(places.current), paths.database_file)


def test_an_environment_says_its_new_path_of_itself(tmp_path: Path) -> None:
    places = places_beside(tmp_path / "andiron")
    assert len({len(str(place)) for place in (places.current, places.next, places.last)}) == 1
    make_environment(places.next, _WORKS, "new")
    launcher = b"MZ\x00\xff#!" + str(python_in(places.next)).encode() + b"\r\nPK\x03\x04"
    (places.next / "bin" / "andiron.exe").write_bytes(launcher)
    relocate(places.next, places.next, places.current)
    moved = (places.next / "bin" / "andiron.exe").read_bytes()
    assert len(moved) == len(launcher)
    assert str(python_in(places.current)).encode() in moved


def test_a_checkout_in_a_folder_with_blanks_is_named_right_too(tmp_path: Path) -> None:
    places = places_of_root(tmp_path / "and ïron" / "root")
    make_environment(places.next, _WORKS, "new")
    old, new = tmp_path / "and ïron" / "root" / "source-of-next", tmp_path / "and ïron"
    told = places.next / "lib" / "site-packages" / "andiron-1.dist-info" / "direct_url.json"
    told.parent.mkdir(parents=True)
    told.write_text(json.dumps({"url": old.as_uri(), "dir_info": {"editable": True}}), encoding="utf-8")
    relocate(places.next, old, new)
    assert json.loads(told.read_text(encoding="utf-8"))["url"] == new.as_uri()


def test_where_the_checkout_is_named_wrong_the_one_around_the_environment_is_taken(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = '[project]\nname = "andiron"\nversion = "7"\ndependencies = []\n'
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    monkeypatch.setattr(origin, "own_environment", lambda: Environment(tmp_path / ".andiron"))
    monkeypatch.setattr(origin, "_editable_folder", lambda: tmp_path / "gone")
    source, _ = origin.find_origin(paths)
    news = source.look()
    assert news is not None
    assert news.version == "7"


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=60).stdout.strip()


def commit(folder: Path, version: str) -> None:
    project = f'[project]\nname = "andiron"\nversion = "{version}"\ndependencies = ["llama-cpp-python"]\n'
    (folder / "pyproject.toml").write_text(project, encoding="utf-8")
    (folder / "installer").mkdir(exist_ok=True)
    script = "import sys; print('error: made of', __file__); sys.exit(1)\n"
    (folder / "installer" / "__main__.py").write_text(script, encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", f"andiron: version {version}")


@pytest.fixture
def checkout(tmp_path: Path) -> tuple[Path, Path, Checkout]:
    """An upstream, a checkout of it, and the installation from that."""
    upstream, folder = tmp_path / "upstream", tmp_path / "checkout"
    upstream.mkdir()
    git(upstream, "init", "--quiet", "--initial-branch=main")
    commit(upstream, "1")
    git(tmp_path, "clone", "--quiet", str(upstream), str(folder))
    environment = Environment(folder / ".andiron")
    environment.folder.mkdir(parents=True)
    from andiron_installer.bootstrap.source import read_source

    environment.write_stamp(environment.wanted(read_source(folder).digest, ("tray",)))
    return upstream, folder, Checkout(folder, environment)


def test_a_checkout_without_news_has_none(checkout: tuple[Path, Path, Checkout]) -> None:
    assert checkout[2].look() is None


def test_what_is_new_upstream_is_laid_out_beside_and_taken_over_at_the_end(
    checkout: tuple[Path, Path, Checkout],
) -> None:
    upstream, folder, source = checkout
    before = git(folder, "rev-parse", "HEAD")
    commit(upstream, "2")
    assert source.look() == News("2", ("andiron: version 2",))
    assert git(folder, "rev-parse", "HEAD") == before
    places = places_of_root(folder / ".andiron")
    make_environment(places.next, _WORKS, "new")
    (places.next / "andiron.pth").write_text(str(folder / ".andiron" / "source-of-next" / "daemon"), encoding="utf-8")
    source.take(places)
    assert git(folder, "rev-parse", "HEAD") == git(upstream, "rev-parse", "HEAD")
    assert (places.next / "andiron.pth").read_text(encoding="utf-8") == str(folder / "daemon")
    source.give_back()
    assert git(folder, "rev-parse", "HEAD") == before
    source.clear()
    assert len(git(folder, "worktree", "list").splitlines()) == 1


def test_the_next_environment_is_made_by_the_new_versions_own_installer(
    checkout: tuple[Path, Path, Checkout],
) -> None:
    upstream, folder, source = checkout
    commit(upstream, "2")
    source.look()
    with pytest.raises(UpdateError, match=r"made of .*source-of-next") as caught:
        source.build(places_of_root(folder / ".andiron"), lambda _: None)
    assert caught.value.hint is not None
    log = (folder / ".andiron" / "update.log").read_text(encoding="utf-8")
    assert "beside --environment" in log
    assert "--extra=tray" in log


def test_changes_of_a_persons_are_not_touched(checkout: tuple[Path, Path, Checkout]) -> None:
    upstream, folder, source = checkout
    commit(upstream, "2")
    project = (folder / "pyproject.toml").read_text(encoding="utf-8").replace('"1"', '"1.mine"')
    (folder / "pyproject.toml").write_text(project, encoding="utf-8")
    news = source.look()
    assert news is not None
    assert news.version == "1.mine"
    assert "changes of yours" in news.changes[0]


def test_commits_of_a_persons_are_left_to_them(checkout: tuple[Path, Path, Checkout]) -> None:
    upstream, folder, source = checkout
    commit(upstream, "2")
    commit(folder, "mine")
    with pytest.raises(UpdateError, match="commits that are not upstream"):
        source.look()


def test_an_upstream_that_cannot_be_reached_is_said(checkout: tuple[Path, Path, Checkout], tmp_path: Path) -> None:
    (tmp_path / "upstream").rename(tmp_path / "gone")
    with pytest.raises(UpdateError, match="`git fetch` failed") as caught:
        checkout[2].look()
    assert caught.value.hint


def test_an_environment_of_other_making_is_left_to_its_maker(apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(apart / "bin" / "python"))
    done = other_environment.andiron("update", "--dry-run")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 2
    assert "pip install" in done.stderr
