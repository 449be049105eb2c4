"""The second half of the set-up against the real daemon."""

from collections.abc import Iterator

import pytest

from andiron_daemon.client import find_client, running_daemon, wait_until_stopped
from andiron_daemon.paths import Paths
from andiron_installer.__main__ import main
from andiron_installer.daemon import ensure_daemon

pytestmark = pytest.mark.e2e


@pytest.fixture(autouse=True)
def stopped_at_the_end(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PORT", "0")
    yield
    client = find_client(paths)
    if client is not None:
        client.stop()
    assert wait_until_stopped(paths, timeout_seconds=30)


def test_the_set_up_starts_a_daemon_and_says_where_it_is(paths: Paths, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--no-model"]) == 0
    record = running_daemon(paths)
    assert record is not None
    said = capfd.readouterr().out
    assert f"{record.url}, started" in said
    assert str(paths.token_file) in said
    assert main(["--no-model"]) == 0
    assert f"{record.url}, was already running" in capfd.readouterr().out


def test_a_daemon_from_before_is_restarted_if_the_person_agrees(paths: Paths) -> None:
    ensure_daemon(paths, changed=False, agree=lambda _: False)
    before = running_daemon(paths)
    daemon = ensure_daemon(paths, changed=True, agree=lambda _: True)
    after = running_daemon(paths)
    assert daemon.history == "restarted"
    assert before is not None
    assert after is not None
    assert after.pid != before.pid


def test_a_wrong_setting_ends_the_set_up_with_its_own_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "a harbour")
    assert main(["--no-model"]) == 78
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("error: environment: PORT is 'a harbour'")
    assert hint.startswith("hint: ")


def test_nothing_is_started_where_nothing_is_to_be(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--no-model", "--no-start"]) == 0
    assert "Ready. To start it:" in capsys.readouterr().out
    assert running_daemon(paths) is None


def test_a_dry_run_names_the_model_and_fetches_none(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--dry-run", "--model", "smollm2-135m"]) == 0
    assert "smollm2-135m, as asked for" in capsys.readouterr().out
    assert not paths.models.exists()
