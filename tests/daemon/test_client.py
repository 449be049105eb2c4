import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from andiron_daemon.client import (
    Client,
    ClientError,
    Event,
    answering_daemon,
    find_client,
    running_daemon,
    wait_until_healthy,
    wait_until_stopped,
)
from andiron_daemon.paths import Paths, make_private
from andiron_daemon.runfile import RunRecord, write_run_file
from andiron_testing.stub_daemon import StubDaemon, events, stub_daemon


@pytest.fixture
def stub(paths: Paths) -> Iterator[StubDaemon]:
    with stub_daemon(paths) as running:
        yield running


@pytest.fixture
def client(stub: StubDaemon) -> Client:
    return Client(stub.url, "the-token", timeout_seconds=5)


def test_requests_carry_the_token_and_bodies_come_back(stub: StubDaemon, client: Client) -> None:
    stub.routes["POST /echo"] = (200, {"said": "é"})
    assert client.post("/echo", {"say": "é"}) == {"said": "é"}
    route, body, headers = stub.asked[-1]
    assert (route, body, headers["Authorization"]) == ("POST /echo", {"say": "é"}, "Bearer the-token")


def test_a_token_that_is_refused_is_looked_up_again(stub: StubDaemon) -> None:
    refusal = {"error": {"code": "unauthorized", "message": "the token is wrong"}}
    stub.routes["GET /x"] = (401, refusal)
    client = Client(stub.url, "old", timeout_seconds=5, look_up_token=lambda: "new")
    with pytest.raises(ClientError) as caught:
        client.get("/x")
    assert caught.value.code == "unauthorized"
    assert "andiron stop" in (caught.value.hint or "")
    shown = [headers["Authorization"] for _, _, headers in stub.asked]
    assert shown == ["Bearer old", "Bearer new"]
    with pytest.raises(ClientError):
        client.get("/x")
    assert len(stub.asked) == 3


def test_an_empty_answer_is_none(stub: StubDaemon, client: Client) -> None:
    stub.routes["DELETE /thing"] = (204, None)
    assert client.delete("/thing") is None


def test_a_refusal_keeps_all_that_the_daemon_said(stub: StubDaemon, client: Client) -> None:
    error = {"code": "backend_unavailable", "message": "no model", "hint": "pull one", "request_id": "r1"}
    stub.routes["GET /x"] = (503, {"error": error})
    with pytest.raises(ClientError) as caught:
        client.get("/x")
    assert (caught.value.code, caught.value.message) == ("backend_unavailable", "no model")
    assert (caught.value.hint, caught.value.request_id) == ("pull one", "r1")


def test_a_refusal_of_another_shape_is_told_by_its_status(stub: StubDaemon, client: Client) -> None:
    stub.routes["GET /x"] = (502, ["what"])
    with pytest.raises(ClientError, match="status 502") as caught:
        client.get("/x")
    assert (caught.value.code, caught.value.request_id) == ("internal", "from-the-header")


def test_nobody_there_is_unreachable_with_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ClientError, match=f"127.0.0.1:{port}") as caught:
        Client(f"http://127.0.0.1:{port}").health()
    assert caught.value.code == "unreachable"


def test_a_server_that_speaks_no_http_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ClientError) as caught:
            Client(f"http://127.0.0.1:{server.getsockname()[1]}", timeout_seconds=5).health()
        thread.join()
    assert caught.value.code == "unreachable"


def test_a_proxy_in_the_environment_is_not_used(
    stub: StubDaemon, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert client.health() == {"status": "ok"}


def test_a_stream_yields_its_events_up_to_done(stub: StubDaemon, client: Client) -> None:
    stub.routes["POST /s"] = (
        200,
        ": warm\n\n" + events(("start", {"id": "1"}), ("delta", {"text": "a\n"}), ("done", {"n": 1}), ("late", {})),
    )
    assert list(client.stream("/s", {})) == [
        Event("start", {"id": "1"}),
        Event("delta", {"text": "a\n"}),
        Event("done", {"n": 1}),
    ]


def test_an_event_may_come_in_several_lines(stub: StubDaemon, client: Client) -> None:
    stub.routes["POST /s"] = (200, 'event:done\r\ndata: {"n":\r\ndata:1}\r\n\r\n')
    assert list(client.stream("/s", {})) == [Event("done", {"n": 1})]


def test_an_error_in_a_stream_is_raised_after_what_came_before(stub: StubDaemon, client: Client) -> None:
    stub.routes["POST /s"] = (
        200,
        events(("delta", {"text": "a"}), ("error", {"error": {"code": "backend_unavailable", "message": "it died"}})),
    )
    stream = client.stream("/s", {})
    assert next(stream).data == {"text": "a"}
    with pytest.raises(ClientError, match="it died") as caught:
        next(stream)
    assert caught.value.code == "backend_unavailable"


def test_a_stream_that_breaks_off_is_an_error(stub: StubDaemon, client: Client) -> None:
    stub.routes["POST /s"] = (200, events(("delta", {"text": "a"})))
    with pytest.raises(ClientError, match="broke off"):
        list(client.stream("/s", {}))


def test_a_stream_that_is_refused_raises_at_once(stub: StubDaemon, client: Client) -> None:
    stub.routes["POST /s"] = (400, {"error": {"code": "invalid_request", "message": "empty"}})
    with pytest.raises(ClientError, match="empty"):
        next(client.stream("/s", {}))


def test_closing_a_stream_closes_the_connection(stub: StubDaemon, client: Client) -> None:
    stub.routes["POST /s"] = (200, events(("start", {})) + "…")
    with closing(client.stream("/s", {})) as stream:
        assert next(stream).name == "start"
        assert not stub.client_left.is_set()
    assert stub.client_left.wait(10)


def test_the_running_daemon_is_found_with_its_token(paths: Paths, stub: StubDaemon) -> None:
    paths.token_file.write_text("kept-token\n", encoding="ascii")
    found = find_client(paths)
    assert found is not None
    found.get("/health")
    assert stub.asked[-1][2]["Authorization"] == "Bearer kept-token"
    record = answering_daemon(paths)
    assert record is not None
    assert record.url == stub.url
    assert wait_until_healthy(paths, timeout_seconds=5) == record


def test_a_daemon_is_found_even_when_the_settings_are_wrong_by_now(paths: Paths, stub: StubDaemon) -> None:
    paths.config.mkdir(parents=True)
    paths.settings_file.write_text("port = 'x'", encoding="utf-8")
    paths.token_file.write_text("kept-token\n", encoding="ascii")
    found = find_client(paths)
    assert found is not None
    assert found.health() == {"status": "ok"}


def test_a_run_file_without_a_lock_is_nobody(paths: Paths) -> None:
    make_private(paths.state)
    with StubDaemon() as stranger:
        record = RunRecord(
            pid=1, host="127.0.0.1", port=1, url=stranger.url, token_path=None, version="0", started_at=""
        )
        write_run_file(paths, record)
        assert running_daemon(paths) is None
        assert find_client(paths) is None
        assert wait_until_healthy(paths, timeout_seconds=0.05) is None
        assert wait_until_stopped(paths, timeout_seconds=0)
        assert stranger.asked == []


def test_waiting_for_the_end_of_one_that_stays_gives_up(paths: Paths, stub: StubDaemon) -> None:
    assert not wait_until_stopped(paths, timeout_seconds=0.05)


def test_stop_asks_by_its_own_path(stub: StubDaemon, client: Client) -> None:
    stub.routes["POST /api/v1/system/stop"] = (202, None)
    client.stop()
    assert stub.asked[-1][0] == "POST /api/v1/system/stop"
