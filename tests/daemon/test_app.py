"""The application: what it imports, and what it does with a handler that blocks."""

import subprocess
import sys
import time
from typing import Any

import pytest
from aiohttp import web

from andiron_daemon import keys
from andiron_daemon.api.dialects.failures import dialect_of
from andiron_daemon.api.route import JSON, Route
from andiron_daemon.api.routes import ROUTES
from andiron_testing.daemons import DaemonClient, StartDaemon, error_of

_WITHOUT_BODY = ("/stop", "/pull", "/load", "/unload", "/rotate", "/signout", "/tune")


def test_what_is_used_late_is_not_imported_at_start() -> None:
    script = """
import sys
import andiron_daemon.app
late = {"openai", "keyring", "sqlite_utils", "jinja2", "llama_cpp", "psutil", "huggingface_hub", "numpy"}
print(sorted(late & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_a_handler_that_blocks_the_loop_fails(
    start_daemon: StartDaemon, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def block(request: web.Request) -> web.Response:
        _from_our_code(request)
        return web.Response()

    monkeypatch.setattr("andiron_daemon.app.ROUTES", (Route(method="GET", path="/block", handler=block, summary=""),))
    daemon = await start_daemon()
    status, error = await error_of(await daemon.get("/block"))
    assert (status, error["code"]) == (500, "internal")
    assert "Blocking call to time.sleep" in caplog.text


def _from_our_code(request: web.Request) -> None:
    """Block inside a frame of the daemon's own, where the detector looks."""
    code = compile("block(0)", keys.__file__, "exec")
    exec(code, {"block": time.sleep})


def test_every_route_is_described() -> None:
    assert [route.path for route in ROUTES if not route.summary.endswith(".")] == []
    for route in ROUTES:
        if dialect_of(route.path) is not None:
            continue
        assert (route.method in ("POST", "PATCH")) == (route.request is not None) or route.path.endswith(_WITHOUT_BODY)
        assert route.response is not None or route.status in (101, 204) or JSON not in route.media_types


async def test_the_stop_endpoint_asks_for_a_graceful_stop(start_daemon: StartDaemon) -> None:
    asked: list[Any] = []
    daemon = await start_daemon(stop=lambda: asked.append(True))
    response = await daemon.post("/api/v1/system/stop")
    assert (response.status, await response.json()) == (202, {"stopping": True})
    assert asked == [True]


async def test_services_are_closed_with_the_application(daemon: DaemonClient) -> None:
    app = daemon.app
    assert app is not None
    services = app[keys.SERVICES]
    await daemon.close()
    assert getattr(services.backends["local"], "closed")  # noqa: B009 -- the fake's own mark
    with pytest.raises(Exception, match="closed"):
        await services.chat.counts()
