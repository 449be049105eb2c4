"""A daemon in this process, with a scripted backend; whatever blocks the event loop fails the test."""

from collections.abc import Iterator
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from pytest_aiohttp import AiohttpClient

from andiron_daemon.app import create_app
from andiron_daemon.paths import Paths
from andiron_daemon.settings import Settings
from andiron_testing.daemons import TOKEN, DaemonClient, StartDaemon
from andiron_testing.scripted import ScriptedBackend


@pytest.fixture(autouse=True)
def no_blocking() -> Iterator[None]:
    """Fail what blocks the event loop from our own code."""
    with blockbuster_ctx(["andiron_daemon", "andiron_models"]):
        yield


@pytest.fixture
def backend() -> ScriptedBackend:
    """The backend that answers, as `local`."""
    return ScriptedBackend("local", can_infill=True)


@pytest.fixture
def settings() -> Settings:
    """Settings with a token."""
    return Settings(token=TOKEN)


@pytest.fixture
def start_daemon(
    aiohttp_client: AiohttpClient, settings: Settings, paths: Paths, backend: ScriptedBackend
) -> StartDaemon:
    """Start a daemon; `token` None shows none, the rest goes to `create_app`."""

    async def start(in_force: Settings = settings, token: str | None = TOKEN, **more: Any) -> DaemonClient:
        more.setdefault("backends", {"local": backend})
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await aiohttp_client(create_app(in_force, paths, **more), headers=headers)

    return start


@pytest.fixture
async def daemon(start_daemon: StartDaemon) -> DaemonClient:
    """A client of a running daemon, with the token."""
    return await start_daemon()
