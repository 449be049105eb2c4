"""What the application carries, by typed key."""

from collections.abc import Callable

from aiohttp import web

from andiron_daemon.access import Access
from andiron_daemon.health import LocalModel
from andiron_daemon.services import Services

SERVICES = web.AppKey("services", Services)
# Who may come in.
ACCESS = web.AppKey("access", Access)
LOCAL_MODEL = web.AppKey("local_model", LocalModel)
# The paths of the pages a browser can be shown.
PAGES = web.AppKey("pages", tuple[str, ...])
# Makes the description of the API, as JSON; the same each time.
DESCRIPTION: web.AppKey[Callable[[], bytes]] = web.AppKey("description")
# Asks the process to stop gracefully; returns at once.
STOP: web.AppKey[Callable[[], None]] = web.AppKey("stop")
# "METHOD /path" of every route, in the table's order.
ENDPOINTS = web.AppKey("endpoints", tuple[str, ...])
# How often a socket is pinged; one that does not answer for half as long again is closed.
HEARTBEAT_SECONDS = web.AppKey("heartbeat_seconds", float)
KEEP_ALIVE_SECONDS = web.AppKey("keep_alive_seconds", float)
