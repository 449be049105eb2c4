"""Where the server is, which key it gets, and the SDK's client made from both.

A key from the settings goes to the server the settings name. Without one the system keyring is asked,
under the service `andiron`: the entry `openai` belongs to OpenAI alone, a compatible server's entry is its
host name, so that no key reaches a server it was not stored for. A compatible server may need no key at all.
"""

import asyncio
import ipaddress
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from andiron_models.configuration import OpenAIConfiguration
from andiron_models.errors import NotConfiguredError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OPENAI_HOST = "api.openai.com"
OPENAI_URL = f"https://{OPENAI_HOST}/v1"
KEYRING_SERVICE = "andiron"
KEYRING_TIMEOUT_SECONDS = 5.0
# The SDK insists on a key and would read the environment for one; servers that need none ignore this.
NO_KEY = "none"

ReadKeyring = Callable[[str], Awaitable[str | None]]
_log = logging.getLogger(__name__)


class Server:
    """The server's address, taken apart.

    Raises:
        NotConfiguredError: when the address is none.
    """

    def __init__(self, base_url: str | None) -> None:
        self.base_url = base_url or OPENAI_URL
        try:
            parts = urlsplit(self.base_url)
            host, port = parts.hostname, parts.port
        except ValueError:
            parts, host, port = urlsplit(""), None, None
        if parts.scheme not in {"http", "https"} or not host:
            raise NotConfiguredError(
                f"the base URL {base_url!r} is not an http or https address",
                hint="Set OPENAI_BASE_URL to something like http://127.0.0.1:8080/v1.",
            )
        self.host = host
        self.port = port or (443 if parts.scheme == "https" else 80)
        # Without user and password, which an address may carry and a message must not.
        self.shown = f"{parts.scheme}://{host}" + (f":{port}" if port else "")

    @property
    def is_openai(self) -> bool:
        """Whether this is OpenAI itself, not a server that speaks like it."""
        return self.host == OPENAI_HOST

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine, where no proxy may come between."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def keyring_user(self) -> str:
        """The keyring entry that holds this server's key."""
        return "openai" if self.is_openai else self.host

    @property
    def key_hint(self) -> str:
        """How to give this server a key."""
        return f"Set OPENAI_API_KEY, or store a key with: keyring set {KEYRING_SERVICE} {self.keyring_user}"


def check_key(key: str, server: Server) -> str:
    """Refuse a key no HTTP header can carry, without showing it.

    Raises:
        NotConfiguredError: saying what is wrong with it.
    """
    if not key.isascii() or not key.isprintable() or " " in key:
        raise NotConfiguredError(
            f"the key for {server.shown} holds a blank or a character that is not ASCII", hint=server.key_hint
        )
    return key


def open_client(configuration: OpenAIConfiguration, server: Server) -> "AsyncOpenAI":
    """Import the SDK and make its client, blocking for about a second the first time; to be run in a thread.

    The client itself holds no key: each request brings its own.
    """
    import openai

    timeout = openai.Timeout(configuration.read_timeout_seconds, connect=configuration.connect_timeout_seconds)
    client = openai.AsyncOpenAI(
        api_key=NO_KEY,
        base_url=server.base_url,
        timeout=timeout,
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(
            timeout=timeout,
            trust_env=not server.is_loopback,
            # Text was meant for the server that was chosen, and for no other it may point to.
            follow_redirects=False,
        ),
    )
    # These properties import more of the SDK; here that does not block the event loop.
    _ = (client.chat.completions, client.completions, client.models)
    return client


async def read_keyring(user: str, timeout_seconds: float = KEYRING_TIMEOUT_SECONDS) -> str | None:
    """Ask the system keyring; none, a locked or a broken one holds no key.

    The thread is a daemon thread: a keyring that waits for its owner to unlock it must not keep the daemon
    from stopping.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str | None] = loop.create_future()

    def tell(password: str | None) -> None:
        if not answer.done():
            answer.set_result(password)

    def ask() -> None:
        password = _ask_keyring(user)
        try:
            loop.call_soon_threadsafe(tell, password)
        except RuntimeError:
            _log.debug("the keyring answered after the event loop was closed")

    threading.Thread(target=ask, name="keyring", daemon=True).start()
    try:
        return await asyncio.wait_for(answer, timeout_seconds)
    except TimeoutError:
        _log.warning("the system keyring did not answer within %g s; taken as no key", timeout_seconds)
        return None


def _ask_keyring(user: str) -> str | None:
    try:
        import keyring

        return keyring.get_password(KEYRING_SERVICE, user)
    except Exception as error:  # noqa: BLE001 -- an edge: keyring's backends let through whatever the system raises
        _log.info("the system keyring has no key for %s: %s", user, type(error).__name__)
        return None
