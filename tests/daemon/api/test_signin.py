"""A browser's way in: links, sessions, and what a session is good for."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from aiohttp import ClientResponse, WSMsgType

from andiron_daemon.paths import Paths, make_private
from andiron_daemon.settings import Settings
from andiron_daemon.tokens import ensure_token
from andiron_testing.daemons import TOKEN, DaemonClient, StartDaemon, error_of, read_events

SESSION = "/api/v1/system/session"
LINKS = "/api/v1/system/links"
ROTATE = "/api/v1/system/token/rotate"
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


def own(daemon: DaemonClient) -> str:
    return f"http://127.0.0.1:{daemon.port}"


async def code_of(daemon: DaemonClient) -> str:
    link = await (await daemon.post(LINKS, headers=WITH_TOKEN)).json()
    parts = urlsplit(link["url"])
    assert (parts.path, parts.query) == ("/signin", "")
    code: str = parse_qs(parts.fragment)["code"][0]
    return code


async def sign_in(daemon: DaemonClient) -> ClientResponse:
    return await daemon.post("/signin", json={"code": await code_of(daemon)}, headers={"Origin": own(daemon)})


@pytest.fixture
async def browser(start_daemon: StartDaemon) -> DaemonClient:
    """A client without the token, signed in."""
    daemon = await start_daemon(token=None)
    assert (await sign_in(daemon)).status == 200
    return daemon


async def test_a_link_signs_one_browser_in(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(token=None)
    answer = await sign_in(daemon)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"andiron_session_{daemon.port}=")
    assert {"HttpOnly", "Path=/", "SameSite=Strict"} <= set(cookie.split("; "))
    assert TOKEN not in cookie
    assert (await (await daemon.get(SESSION, headers=OWN_PAGE)).json()) == {"admitted_by": "session"}


async def test_opening_a_link_ahead_of_the_person_does_not_use_it_up(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(token=None)
    code = await code_of(daemon)
    for _ in range(2):
        page = await daemon.get(f"/signin?code={code}")
        assert (page.status, page.content_type) == (200, "text/html")
        assert "Set-Cookie" not in page.headers
    assert (await daemon.post("/signin", json={"code": code})).status == 200


async def test_a_link_used_up_is_refused(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(token=None)
    code = await code_of(daemon)
    assert (await daemon.post("/signin", json={"code": code})).status == 200
    status, error = await error_of(await daemon.post("/signin", json={"code": code}))
    assert (status, error["code"], error["hint"]) == (401, "unauthorized", "`andiron open` makes another.")


async def test_a_link_leads_to_a_page_that_is_there(daemon: DaemonClient) -> None:
    link = await (await daemon.post(LINKS, json={"page": "/docs"})).json()
    assert parse_qs(urlsplit(link["url"]).fragment)["page"] == ["/docs"]
    for page in ("/signin", "//evil.example", "http://evil.example", "/nowhere"):
        status, error = await error_of(await daemon.post(LINKS, json={"page": page}))
        assert (status, error["details"]) == (400, {"field": "page"})


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "{own}"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "{own}"},
        {"Referer": "{own}/docs"},
    ],
)
async def test_a_session_counts_for_what_our_own_pages_ask(browser: DaemonClient, headers: dict[str, str]) -> None:
    shown = {name: value.format(own=own(browser)) for name, value in headers.items()}
    assert (await browser.get("/api/v1/status", headers=shown)).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 401),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}, 401),
        ({"Origin": "vscode-webview://abc"}, 401),
        ({"Origin": "vscode-webview://abc", "Sec-Fetch-Site": "same-origin"}, 401),
        ({"Origin": "http://localhost:{port}"}, 401),
        ({"Referer": "http://127.0.0.1:1/"}, 401),
        ({"Referer": "http://127.0.0.1:{port}.evil.example/"}, 401),
    ],
)
async def test_a_session_counts_for_nobody_else(browser: DaemonClient, headers: dict[str, str], status: int) -> None:
    shown = {name: value.format(port=browser.port) for name, value in headers.items()}
    assert (await browser.get("/api/v1/status", headers=shown)).status == status


async def test_an_address_typed_by_a_person_may_read_but_not_change(browser: DaemonClient) -> None:
    typed = {"Sec-Fetch-Site": "none"}
    assert (await browser.get("/api/v1/status", headers=typed)).status == 200
    assert (await browser.post("/api/v1/chat/message", json={"message": "x"}, headers=typed)).status == 401


async def test_a_page_of_ours_may_open_a_socket(browser: DaemonClient) -> None:
    async with browser.ws_connect("/ws", headers={"Origin": own(browser)}) as socket:
        await socket.send_json({"type": "ping", "id": 1})
        assert (await socket.receive_json())["type"] == "pong"


async def test_a_session_makes_and_changes_no_keys(browser: DaemonClient) -> None:
    for path in (LINKS, ROTATE):
        status, error = await error_of(await browser.post(path, headers=OWN_PAGE))
        assert (status, error["code"]) == (401, "unauthorized")
        assert "token itself" in error["message"]


async def test_signing_out_ends_the_session(browser: DaemonClient) -> None:
    cookie = browser.session.cookie_jar.filter_cookies(browser.make_url("/"))
    kept = "; ".join(f"{name}={morsel.value}" for name, morsel in cookie.items())
    answer = await browser.post("/signout", headers=OWN_PAGE)
    assert (answer.status, "Max-Age=0" in answer.headers["Set-Cookie"]) == (204, True)
    assert (await browser.get(SESSION, headers={**OWN_PAGE, "Cookie": kept})).status == 401


async def test_another_page_cannot_sign_a_person_out(browser: DaemonClient) -> None:
    await browser.post("/signout", headers={"Origin": "vscode-webview://abc"})
    assert (await browser.post("/signout", headers={"Origin": "http://evil.example"})).status == 403


async def test_where_no_token_is_asked_for_a_page_is_told_so(start_daemon: StartDaemon, settings: Settings) -> None:
    daemon = await start_daemon(msgspec.structs.replace(settings, auth=False), token=None)
    assert await (await daemon.get(SESSION)).json() == {"admitted_by": "nothing"}


@pytest.fixture
def old(paths: Paths) -> str:
    """A token that is kept in its file."""
    make_private(paths.state)
    return ensure_token(Settings(), paths)


async def test_a_rotated_token_is_in_force_at_once(start_daemon: StartDaemon, paths: Paths, old: str) -> None:
    daemon = await start_daemon(Settings(token=old), token=None, token_file=paths.token_file)
    shown = {"Authorization": f"Bearer {old}"}
    async with daemon.ws_connect("/ws", headers=shown) as socket:
        assert (await daemon.post(ROTATE, headers=shown)).status == 204
        closed = await socket.receive()
        assert (closed.type, socket.close_code) == (WSMsgType.CLOSE, 1008)
    status, error = await error_of(await daemon.get("/api/v1/status", headers=shown))
    assert (status, error["message"]) == (401, "the token is wrong")
    new = (await asyncio.to_thread(paths.token_file.read_text, encoding="ascii")).strip()
    assert new != old
    assert (await daemon.get("/api/v1/status", headers={"Authorization": f"Bearer {new}"})).status == 200


async def test_who_follows_events_by_an_old_token_is_told_no_more(
    start_daemon: StartDaemon, paths: Paths, old: str
) -> None:
    daemon = await start_daemon(Settings(token=old), token=None, token_file=paths.token_file)
    shown = {"Authorization": f"Bearer {old}"}
    async with daemon.get("/api/v1/events", headers=shown) as response:
        events = read_events(response)
        assert (await anext(events)).name == "state"
        assert (await daemon.post(ROTATE, headers=shown)).status == 204
        assert {event.name async for event in events} <= {"state"}
    assert (await daemon.get("/api/v1/events", headers=shown)).status == 401


async def test_a_token_of_the_settings_is_changed_there(daemon: DaemonClient) -> None:
    status, error = await error_of(await daemon.post(ROTATE))
    assert (status, error["code"]) == (400, "invalid_request")
    assert "ANDIRON_TOKEN" in error["hint"]
