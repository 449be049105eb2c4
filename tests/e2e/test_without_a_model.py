"""What a daemon that was just installed, and has no model yet, answers."""

import http.client
from collections.abc import Mapping

import pytest

from andiron_daemon import __version__
from andiron_daemon.client import Client, ClientError
from andiron_testing.daemon_process import DaemonProcess, StartDaemon, andiron


def _status(daemon: DaemonProcess, method: str, path: str, headers: Mapping[str, str], host: str = "127.0.0.1") -> int:
    connection = http.client.HTTPConnection(host, daemon.record.port, timeout=10)
    try:
        connection.request(method, path, headers=dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


def test_root_and_health_are_open_and_say_what_is_there(daemon: DaemonProcess) -> None:
    stranger = Client(daemon.record.url)
    root = stranger.get("/")
    assert (root["name"], root["version"], root["api"]) == ("Andiron", __version__, "v1")
    health = stranger.health()
    assert (health["status"], health["version"], health["model"]) == ("ok", __version__, "none")


def test_both_names_of_the_loopback_answer(daemon: DaemonProcess) -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        assert _status(daemon, "GET", "/health", {}, host) == 200


@pytest.mark.parametrize("token", [None, "wrong", ""])
def test_everything_else_asks_for_the_token(daemon: DaemonProcess, token: str | None) -> None:
    stranger = Client(daemon.record.url, token)
    for method, path in (
        ("GET", "/api/v1/status"),
        ("GET", "/api/v1/models"),
        ("GET", "/api/v1/chat/conversations"),
        ("POST", "/api/v1/chat/message"),
        ("POST", "/api/v1/code/complete"),
        ("POST", "/api/v1/system/stop"),
        ("GET", "/nothing/here"),
    ):
        with pytest.raises(ClientError) as caught:
            stranger.request(method, path, {})
        assert caught.value.code == "unauthorized"
        assert caught.value.hint
        assert caught.value.request_id
    assert daemon.is_running()


def test_the_token_is_taken_from_either_header(daemon: DaemonProcess) -> None:
    for headers in ({"Authorization": f"Bearer {daemon.token}"}, {"X-API-Key": daemon.token}):
        assert _status(daemon, "GET", "/api/v1/status", headers) == 200


def test_foreign_hosts_and_origins_are_refused_even_with_the_token(daemon: DaemonProcess) -> None:
    token = {"Authorization": f"Bearer {daemon.token}"}
    assert _status(daemon, "GET", "/health", {**token, "Host": "rebound.example"}) == 403
    assert _status(daemon, "GET", "/api/v1/status", {**token, "Origin": "https://elsewhere.example"}) == 403
    assert _status(daemon, "GET", "/api/v1/status", {**token, "Origin": "vscode-webview://editor"}) == 200


def test_a_token_from_the_environment_is_the_one_that_counts(start_daemon: StartDaemon) -> None:
    daemon = start_daemon(ANDIRON_TOKEN="given-by-the-environment")
    assert not daemon.paths.token_file.exists()
    assert daemon.record.token_path is None
    assert Client(daemon.record.url, "given-by-the-environment").status()
    assert "given-by-the-environment" not in daemon.log()
    done = andiron("token", "--show", variables={"ANDIRON_TOKEN": "given-by-the-environment"})
    assert done.stdout == "given-by-the-environment\n"


def test_without_auth_no_token_is_made_or_asked_for(start_daemon: StartDaemon) -> None:
    daemon = start_daemon("--auth=off")
    assert Client(daemon.record.url).status()
    assert not daemon.paths.token_file.exists()


def test_a_chat_says_how_to_get_a_model(daemon: DaemonProcess) -> None:
    for ask in (
        lambda: daemon.client.post("/api/v1/chat/message", {"message": "hello"}),
        lambda: list(daemon.client.stream("/api/v1/chat/stream", {"message": "hello"})),
        lambda: daemon.client.post("/api/v1/code/complete", {"prefix": "def f("}),
    ):
        with pytest.raises(ClientError) as caught:
            ask()
        assert caught.value.code == "backend_unavailable"
        assert caught.value.hint is not None
        assert "andiron models pull" in caught.value.hint


def test_a_bad_request_is_told_by_its_code(daemon: DaemonProcess) -> None:
    for path, body, code in (
        ("/api/v1/chat/message", {"message": "  "}, "invalid_request"),
        ("/api/v1/chat/message", {"message": 7}, "invalid_request"),
        ("/api/v1/chat/message", {}, "invalid_request"),
        ("/api/v1/chat/message", None, "invalid_request"),
        ("/api/v1/chat/message", {"message": "x", "backend": "cloud"}, "invalid_request"),
        ("/api/v1/chat/message", {"message": "x", "conversation_id": "gone"}, "not_found"),
        ("/api/v1/chat/stream", {"message": ""}, "invalid_request"),
        ("/api/v1/code/complete", {}, "invalid_request"),
        ("/api/v1/nothing", {}, "not_found"),
    ):
        with pytest.raises(ClientError) as caught:
            daemon.client.post(path, body)
        assert caught.value.code == code
        assert caught.value.request_id
    assert daemon.client.health()["status"] == "ok"


def test_a_body_over_the_limit_is_refused_and_harms_nobody(start_daemon: StartDaemon) -> None:
    daemon = start_daemon("--max-body-bytes=2048")
    with pytest.raises(ClientError) as caught:
        daemon.client.post("/api/v1/chat/message", {"message": "x" * 4096})
    assert caught.value.code == "payload_too_large"
    assert daemon.client.health()["status"] == "ok"


def test_status_shows_the_settings_and_masks_the_secrets(start_daemon: StartDaemon) -> None:
    daemon = start_daemon(OPENAI_API_KEY="sk-never-to-be-seen")
    done = andiron("status", "--json")
    assert done.returncode == 0
    assert '"openai_api_key": "set"' in done.stdout
    for secret in ("sk-never-to-be-seen", daemon.token):
        assert secret not in done.stdout + daemon.log()


def test_status_for_people_names_where_who_and_what_went_wrong(daemon: DaemonProcess) -> None:
    with pytest.raises(ClientError):
        daemon.client.post("/api/v1/chat/message", {"message": "hello"})
    done = andiron("status")
    assert done.returncode == 0, done.stderr
    assert daemon.record.url in done.stdout
    assert f"pid {daemon.record.pid}" in done.stdout
    for word in ("local", "openai", "storage", "andiron.log", "backend_unavailable"):
        assert word in done.stdout


def test_status_of_nothing_is_status_3() -> None:
    done = andiron("status")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error: Andiron is not running\nhint: ")
