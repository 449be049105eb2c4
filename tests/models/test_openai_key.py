"""Where the key comes from, to whom it goes, and what the status says of it."""

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from types import ModuleType

import pytest

from andiron_models.configuration import OpenAIConfiguration
from andiron_models.errors import BackendUnavailableError, NotConfiguredError
from andiron_models.openai import OpenAIBackend
from andiron_models.openai.client import Server, read_keyring
from andiron_models.openai.connection import KEY_CHECK_SECONDS, Connection
from andiron_models.types import ChatRequest, Message
from andiron_testing.openai_stub import failure, openai_stub

CHAT = ChatRequest(messages=(Message(role="user", content="hello"),))


class Keyring:
    """A keyring a test fills, and the entries that were asked for."""

    def __init__(self, **entries: str) -> None:
        self.entries = entries
        self.asked: list[str] = []

    async def __call__(self, user: str) -> str | None:
        self.asked.append(user)
        return self.entries.get(user)


def a_backend(
    keyring: Callable[[str], Awaitable[str | None]], clock: Callable[[], float] = lambda: 0.0, **values: str | None
) -> OpenAIBackend:
    configuration = OpenAIConfiguration(**values)  # type: ignore[arg-type]  # only the text fields are given
    return OpenAIBackend(configuration, Connection(configuration, read_key=keyring, clock=clock))


async def ask(backend: OpenAIBackend) -> str:
    return "".join([delta.text async for delta in backend.chat(CHAT)])


async def test_without_any_key_it_is_unconfigured_and_says_how_to_mend_that() -> None:
    keyring = Keyring()
    backend = a_backend(keyring)
    before = await backend.status()
    assert (before.state, keyring.asked) == ("idle", [])
    with pytest.raises(NotConfiguredError, match="there is no key for") as caught:
        await ask(backend)
    hint = "Set OPENAI_API_KEY, or store a key with: keyring set andiron openai"
    assert caught.value.hint == hint
    assert caught.value.nothing_sent
    after = await backend.status()
    assert (after.state, after.hint, keyring.asked) == ("unconfigured", hint, ["openai"])
    assert await backend.models() == ()


async def test_a_key_stored_later_is_found_without_a_restart() -> None:
    now = [0.0]
    keyring = Keyring()
    backend = a_backend(keyring, clock=lambda: now[0])
    for _ in range(2):
        with pytest.raises(NotConfiguredError):
            await ask(backend)
    assert keyring.asked == ["openai"]
    now[0] += KEY_CHECK_SECONDS
    assert (await backend.status()).state != "unconfigured"
    with pytest.raises(NotConfiguredError):
        await ask(backend)
    assert keyring.asked == ["openai", "openai"]


async def test_a_compatible_server_gets_its_own_stored_key_never_openais() -> None:
    async with openai_stub(key="for-the-stub") as stub:
        keyring = Keyring(**{"openai": "sk-for-openai", "127.0.0.1": "for-the-stub"})
        backend = a_backend(keyring, base_url=stub.base_url, model="stub-1")
        assert await ask(backend) == "You said: hello"
        assert keyring.asked == ["127.0.0.1"]
        assert (await backend.status()).state == "ready"
        await backend.aclose()


async def test_a_compatible_server_may_need_no_key() -> None:
    async with openai_stub() as stub:
        keyring = Keyring(openai="sk-for-openai")
        backend = a_backend(keyring, base_url=stub.base_url, model="stub-1")
        await ask(backend)
        await ask(backend)
        assert [seen.headers["Authorization"] for seen in stub.requests] == ["Bearer none"] * 2
        assert keyring.asked == ["127.0.0.1"]
        await backend.aclose()


async def test_a_server_that_asks_for_a_key_says_where_to_put_it() -> None:
    async with openai_stub(key="wanted") as stub:
        backend = a_backend(Keyring(), base_url=stub.base_url, model="stub-1")
        with pytest.raises(NotConfiguredError, match="asks for a key") as caught:
            await ask(backend)
        assert caught.value.hint == "Set OPENAI_API_KEY, or store a key with: keyring set andiron 127.0.0.1"
        assert not caught.value.nothing_sent
        status = await backend.status()
        assert (status.state, status.detail) == ("unreachable", caught.value.message)
        await backend.aclose()


async def test_a_stored_key_that_is_refused_is_looked_up_again() -> None:
    async with openai_stub(key="new") as stub:
        keyring = Keyring(**{"127.0.0.1": "old"})
        backend = a_backend(keyring, base_url=stub.base_url, model="stub-1")
        with pytest.raises(NotConfiguredError, match="refused the key"):
            await ask(backend)
        keyring.entries["127.0.0.1"] = "new"
        assert await ask(backend) == "You said: hello"
        await backend.aclose()


async def test_the_keyring_is_left_alone_when_the_settings_hold_a_key() -> None:
    async with openai_stub(key="given") as stub:
        keyring = Keyring()
        backend = a_backend(keyring, base_url=stub.base_url, model="stub-1", api_key="given")
        await ask(backend)
        assert keyring.asked == []
        await backend.aclose()


@pytest.mark.parametrize("key", ["sk-“quoted”", "sk-a key", "sk-line\nbreak", "schlüssel"])
async def test_a_key_no_header_can_carry_is_refused_unseen(key: str) -> None:
    backend = a_backend(Keyring(), api_key=key)
    with pytest.raises(NotConfiguredError, match="blank or a character that is not ASCII") as caught:
        await ask(backend)
    assert key not in caught.value.message
    await backend.aclose()


async def test_status_tells_how_it_went_last() -> None:
    async with openai_stub() as stub:
        backend = a_backend(Keyring(), base_url=stub.base_url, model="stub-1")
        assert (await backend.status()).state == "ready"
        stub.enqueue(failure(501, "no"))
        with pytest.raises(BackendUnavailableError):
            await ask(backend)
        status = await backend.status()
        assert status.state == "unreachable"
        assert status.detail is not None
        assert "status 501" in status.detail
        await ask(backend)
        assert (await backend.status()).state == "ready"
        await backend.aclose()
        assert (await backend.status()).state == "failed"


@pytest.mark.parametrize("url", ["api.openai.com/v1", "ftp://host/v1", "http://", "http://[::1", "http://host:port/v1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(NotConfiguredError, match="not an http or https address") as caught:
        Server(url)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("url", "is_openai", "is_loopback", "shown"),
    [
        (None, True, False, "https://api.openai.com"),
        ("https://api.openai.com/v1", True, False, "https://api.openai.com"),
        ("http://127.0.0.1:8080/v1", False, True, "http://127.0.0.1:8080"),
        ("http://[::1]:8080/v1", False, True, "http://::1:8080"),
        ("http://localhost/v1", False, True, "http://localhost"),
        ("https://user:pass@models.example/v1?key=secret", False, False, "https://models.example"),
        ("https://api.openai.com.evil.example/v1", False, False, "https://api.openai.com.evil.example"),
    ],
)
def test_an_address_tells_what_matters(url: str | None, is_openai: bool, is_loopback: bool, shown: str) -> None:
    server = Server(url)
    assert (server.is_openai, server.is_loopback, server.shown) == (is_openai, is_loopback, shown)


def fake_keyring(monkeypatch: pytest.MonkeyPatch, get: Callable[[str, str], str | None]) -> None:
    module = ModuleType("keyring")
    vars(module)["get_password"] = get
    monkeypatch.setitem(sys.modules, "keyring", module)


async def test_the_keyring_is_read_off_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []

    def get(service: str, user: str) -> str:
        threads.append(threading.current_thread().name)
        return f"{service}/{user}"

    fake_keyring(monkeypatch, get)
    assert await read_keyring("openai") == "andiron/openai"
    assert threads == ["keyring"]


async def test_a_broken_keyring_holds_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(service: str, user: str) -> str:
        raise RuntimeError("no D-Bus")

    fake_keyring(monkeypatch, get)
    assert await read_keyring("openai") is None


async def test_no_keyring_at_all_holds_no_key() -> None:
    assert await read_keyring("openai") is None


async def test_a_keyring_that_waits_for_its_owner_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    unlocked = threading.Event()
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def get(service: str, user: str) -> str:
        loop.call_soon_threadsafe(asked.set)
        unlocked.wait()
        return "too late"

    fake_keyring(monkeypatch, get)
    assert await read_keyring("openai", timeout_seconds=0.01) is None
    await asked.wait()
    unlocked.set()
    assert "did not answer" in caplog.text
