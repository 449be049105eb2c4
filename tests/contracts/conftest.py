"""A daemon in this process, behind the official clients of other people's protocols."""

import pytest
from pytest_aiohttp import AiohttpServer

from andiron_daemon.app import create_app
from andiron_daemon.paths import Paths
from andiron_daemon.settings import Settings
from andiron_testing.capable import CapableBackend
from andiron_testing.daemons import TOKEN
from andiron_testing.dialects import Place


@pytest.fixture
async def place(aiohttp_server: AiohttpServer, paths: Paths) -> Place:
    """A daemon whose backend can do everything."""
    backend = CapableBackend("local")
    server = await aiohttp_server(create_app(Settings(token=TOKEN), paths, backends={"local": backend}))
    return Place(str(server.make_url("/")).rstrip("/"), backend)
