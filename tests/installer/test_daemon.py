import pytest

from andiron_daemon import __version__
from andiron_daemon.paths import Paths
from andiron_daemon.runfile import read_run_file, write_run_file
from andiron_installer.bootstrap.failures import DaemonError
from andiron_installer.daemon import ensure_daemon
from andiron_testing.stub_daemon import StubDaemon, stub_daemon


def pretend_version(paths: Paths, version: str) -> None:
    import msgspec

    record = read_run_file(paths)
    assert record is not None
    write_run_file(paths, msgspec.structs.replace(record, version=version))


def never(question: str) -> bool:
    raise AssertionError(f"nothing was to be asked, but: {question}")


def refuse(stub: StubDaemon) -> None:
    stub.routes["POST /api/v1/system/stop"] = (401, {"error": {"code": "unauthorized", "message": "wrong token"}})


def test_a_daemon_that_runs_is_taken_as_it_is(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        pretend_version(paths, __version__)
        daemon = ensure_daemon(paths, changed=False, agree=never)
        assert (daemon.url, daemon.history) == (stub.url, "was already running")
        assert stub.bodies("POST /api/v1/system/stop") == []


def test_a_daemon_from_before_stays_if_the_person_says_so(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        pretend_version(paths, "0.0.1")
        asked: list[str] = []

        def decline(question: str) -> bool:
            asked.append(question)
            return False

        daemon = ensure_daemon(paths, changed=False, agree=decline)
        assert len(asked) == 1
        assert "still runs what was installed before" in daemon.history
        assert stub.bodies("POST /api/v1/system/stop") == []


def test_a_changed_installation_asks_for_a_restart_and_says_if_it_cannot(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        pretend_version(paths, __version__)
        refuse(stub)
        with pytest.raises(DaemonError, match="wrong token"):
            ensure_daemon(paths, changed=True, agree=lambda _: True)


def test_a_daemon_that_does_not_start_gives_its_own_reason_and_hint(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "a harbour")
    with pytest.raises(DaemonError, match="PORT is 'a harbour'") as caught:
        ensure_daemon(paths, changed=False, agree=never)
    assert caught.value.hint
    assert caught.value.exit_code == 19
