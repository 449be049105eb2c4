"""Limits over HTTP and the socket."""

import pytest

from andiron_daemon.api.routes import OPEN_PATHS, ROUTES
from andiron_daemon.middleware.limits import class_of
from andiron_daemon.settings import Settings
from andiron_testing.daemons import TOKEN, DaemonClient, StartDaemon, error_of

STATUS = "/api/v1/status"
COMPLETE = "/api/v1/code/complete"


async def test_too_many_requests_are_429_with_the_time_to_wait(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(Settings(token=TOKEN, rate_requests=1))
    answers = [await daemon.get("/api/v1/models") for _ in range(11)]
    assert {answer.status for answer in answers[:10]} == {200}
    status, error = await error_of(answers[-1])
    assert (status, error["code"]) == (429, "rate_limited")
    assert answers[-1].headers["Retry-After"] == "1"
    assert error["details"]["class"] == "requests"
    assert (await daemon.get("/health")).status == 200
    assert (await daemon.post(COMPLETE, json={"prefix": "x = "})).status == 200


async def test_a_socket_has_the_same_limits(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(Settings(token=TOKEN, rate_completions=1))
    async with daemon.ws_connect("/ws") as socket:
        for number in range(11):
            await socket.send_json({"type": "completion", "id": number, "message": f"x{number} = "})
        answers = [await socket.receive_json(timeout=10) for _ in range(11)]
        refused = [answer for answer in answers if answer["status"] == "error"]
        assert [answer["error"]["code"] for answer in refused] == ["rate_limited"]
        await socket.send_json({"type": "ping", "id": "p"})
        assert (await socket.receive_json(timeout=10))["type"] == "pong"


async def test_fast_typing_never_meets_a_default_limit(daemon: DaemonClient) -> None:
    for number in range(300):
        answer = await daemon.post(COMPLETE, json={"prefix": f"value_{number} = ", "session": "s", "path": "a.py"})
        assert answer.status == 200


async def test_every_limit_stands_in_the_status(daemon: DaemonClient) -> None:
    limits = (await (await daemon.get(STATUS)).json())["limits"]
    assert limits["clients"]["requests_per_second"] == {"completions": 100, "generations": 20, "requests": 200}
    assert limits["clients"]["at_once"] == 128
    assert limits["body_bytes"] == 8 * 1024 * 1024
    assert limits["frame_bytes"] == 1024 * 1024
    assert limits["queue_requests"] == 64
    assert {limits["queue_seconds"], limits["first_token_seconds"], limits["answer_seconds"]} == {300.0, 1800.0}


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", COMPLETE, "completions"),
        ("POST", "/infill", "completions"),
        ("POST", "/api/v1/chat/message", "generations"),
        ("POST", "/v1/chat/completions", "generations"),
        ("GET", STATUS, "requests"),
        ("GET", "/health", None),
    ],
)
def test_each_route_has_its_class(method: str, path: str, kind: str | None) -> None:
    assert class_of(method, path, OPEN_PATHS) == kind


def test_what_streams_is_never_counted_as_a_plain_request() -> None:
    streaming = [
        route for route in ROUTES if route.can_stream and route.method == "POST" and "models" not in route.path
    ]
    assert streaming
    assert [route.path for route in streaming if class_of("POST", route.plain_path, OPEN_PATHS) == "requests"] == []
