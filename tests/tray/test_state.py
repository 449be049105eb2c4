from andiron_daemon.paths import Paths
from andiron_testing.stub_daemon import stub_daemon
from andiron_tray.state import TrayState, read_state


def test_no_daemon_is_stopped(paths: Paths) -> None:
    assert read_state(paths) == TrayState()


def test_a_daemon_that_answers_is_running_and_tells_of_its_model(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        stub.routes["GET /health"] = (200, {"status": "ok", "model": "loading"})
        assert read_state(paths) == TrayState(condition="running", url=stub.url, version="0", model="loading")


def test_a_daemon_that_refuses_is_silent(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        stub.routes["GET /health"] = (500, {"error": {"code": "internal", "message": "broken"}})
        assert read_state(paths).condition == "silent"


def test_the_token_is_not_needed_to_look(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        read_state(paths)
        assert [headers.get("Authorization") for _, _, headers in stub.asked] == [None]
