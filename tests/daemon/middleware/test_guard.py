"""Host, Origin and token, on every route of the table."""

import msgspec
import pytest

from andiron_daemon.api.dialects.failures import dialect_of
from andiron_daemon.api.route import Route
from andiron_daemon.api.routes import ROUTES
from andiron_daemon.settings import Settings
from andiron_testing.daemons import TOKEN, DaemonClient, StartDaemon, error_of

# Those whose refusals have the one shape; other people's protocols have shapes of their own.
own_routes = pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if dialect_of(route.path) is None],
    ids=lambda route: f"{route.method} {route.path}",
)
DIALECT_ROUTES = [route for route in ROUTES if dialect_of(route.path) is not None]
FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:8000",
    "127.0.0.1.evil.example",
    "localhost@evil",
    "",
    "127.0.0.2",
    "[::2]",
]
FOREIGN_ORIGINS = ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1", "file://", "x", "http://"]


@own_routes
async def test_a_foreign_host_is_refused_everywhere(daemon: DaemonClient, route: Route) -> None:
    response = await daemon.request(route.method, route.path, headers={"Host": "evil.example:8000"})
    status, error = await error_of(response)
    assert (status, error["code"]) == (403, "forbidden_host")
    assert "evil.example:8000" in error["message"]
    assert "ANDIRON_ALLOWED_HOSTS" in error["hint"]


@own_routes
async def test_a_foreign_origin_is_refused_everywhere(daemon: DaemonClient, route: Route) -> None:
    response = await daemon.request(route.method, route.path, headers={"Origin": "http://evil.example"})
    status, error = await error_of(response)
    assert (status, error["code"]) == (403, "forbidden_origin")
    assert "http://evil.example" in error["message"]
    assert "Access-Control-Allow-Origin" not in response.headers


@own_routes
async def test_without_a_token_only_the_open_routes_answer(start_daemon: StartDaemon, route: Route) -> None:
    daemon = await start_daemon(token=None)
    response = await daemon.request(route.method, route.path)
    if route.is_open:
        assert response.status not in (401, 403)
        return
    status, error = await error_of(response)
    assert (status, error["code"]) == (401, "unauthorized")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert error["hint"]


@own_routes
async def test_a_wrong_token_is_refused(start_daemon: StartDaemon, route: Route) -> None:
    daemon = await start_daemon(token="wrong-token-é")
    if not route.is_open:
        status, error = await error_of(await daemon.request(route.method, route.path))
        assert (status, error["message"]) == (401, "the token is wrong")


@pytest.mark.parametrize(
    ("headers", "token", "status"),
    [
        ({"Host": "evil.example"}, TOKEN, 403),
        ({"Origin": "http://evil.example"}, TOKEN, 403),
        ({}, None, 401),
        ({}, "wrong-token-é", 401),
    ],
)
async def test_other_peoples_protocols_are_guarded_like_our_own(
    start_daemon: StartDaemon, headers: dict[str, str], token: str | None, status: int
) -> None:
    daemon = await start_daemon(token=token)
    refused = [await daemon.request(route.method, route.path, headers=headers) for route in DIALECT_ROUTES]
    assert {response.status for response in refused} == {status}


def test_the_open_routes_are_these() -> None:
    assert {route.path for route in ROUTES if route.is_open} == {
        "/",
        "/health",
        "/docs",
        "/openapi.json",
        "/signin",
        "/signout",
        "/static/{file:.+}",
        "/ui",
    }


async def test_a_path_that_leads_nowhere_asks_for_the_token_first(start_daemon: StartDaemon) -> None:
    assert (await (await start_daemon(token=None)).get("/nowhere")).status == 401


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
async def test_foreign_hosts_are_refused(daemon: DaemonClient, host: str) -> None:
    status, error = await error_of(await daemon.get("/health", headers={"Host": host}))
    assert (status, error["code"]) == (403, "forbidden_host")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:1234", "LOCALHOST", "localhost.", "[::1]:8000", "[::1]"])
async def test_the_loopback_has_these_names(daemon: DaemonClient, host: str) -> None:
    assert (await daemon.get("/health", headers={"Host": host})).status == 200


async def test_the_address_listened_on_and_hosts_from_the_settings_are_answered_to(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(Settings(token=TOKEN, host="192.168.1.7", allowed_hosts=("Workstation.lan",)))
    for host, status in (("192.168.1.7:8000", 200), ("workstation.lan", 200), ("other.lan", 403)):
        assert (await daemon.get("/health", headers={"Host": host})).status == status


async def test_listening_everywhere_does_not_mean_any_name(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(Settings(token=TOKEN, host="0.0.0.0"))
    for host in ("0.0.0.0", "evil.example"):
        assert (await daemon.get("/health", headers={"Host": host})).status == 403


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
async def test_foreign_origins_are_refused(daemon: DaemonClient, origin: str) -> None:
    status, error = await error_of(await daemon.get("/health", headers={"Origin": origin}))
    assert (status, error["code"]) == (403, "forbidden_origin")


async def test_editors_and_our_own_pages_may_call(daemon: DaemonClient) -> None:
    own = f"http://localhost:{daemon.port}"
    editors = ("vscode-webview://abc123", "vscode-file://vscode-app", "app://obsidian.md")
    for origin in (*editors, own, own.replace("localhost", "127.0.0.1")):
        response = await daemon.get("/health", headers={"Origin": origin})
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == origin
        assert response.headers["Vary"] == "Origin"


async def test_origins_from_the_settings_may_call(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(Settings(token=TOKEN, backend_cors_origins=("http://localhost:3000/",)))
    assert (await daemon.get("/health", headers={"Origin": "http://localhost:3000"})).status == 200
    assert (await daemon.get("/health", headers={"Origin": "http://localhost:3001"})).status == 403


async def test_an_error_reaches_an_allowed_page(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(token=None)
    response = await daemon.get("/api/v1/status", headers={"Origin": "vscode-webview://abc"})
    assert response.status == 401
    assert response.headers["Access-Control-Allow-Origin"] == "vscode-webview://abc"


PREFLIGHT = {"Access-Control-Request-Method": "POST"}


async def test_a_preflight_of_an_allowed_page_is_answered_without_a_token(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(token=None)
    headers = {"Origin": "vscode-webview://abc", **PREFLIGHT}
    response = await daemon.options("/api/v1/chat/message", headers=headers)
    assert response.status == 204
    assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
    assert "POST" in response.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(("asked", "told"), [({}, None), ({"Access-Control-Request-Private-Network": "true"}, "true")])
async def test_an_allowed_page_elsewhere_may_reach_this_machine_where_its_browser_asks(
    start_daemon: StartDaemon, asked: dict[str, str], told: str | None
) -> None:
    daemon = await start_daemon(Settings(token=TOKEN, backend_cors_origins=("https://mine.example",)))
    headers = {"Origin": "https://mine.example", **PREFLIGHT, **asked}
    response = await daemon.options("/api/v1/chat/message", headers=headers)
    assert response.status == 204
    assert response.headers.get("Access-Control-Allow-Private-Network") == told
    assert response.headers["Access-Control-Allow-Origin"] == "https://mine.example"


async def test_no_other_page_is_let_into_the_private_network(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(token=None)
    asked = {"Access-Control-Request-Private-Network": "true"}
    headers = {"Origin": "https://evil.example", **PREFLIGHT, **asked}
    response = await daemon.options("/api/v1/chat/message", headers=headers)
    assert response.status == 403
    assert "Access-Control-Allow-Private-Network" not in response.headers


async def test_a_page_that_may_call_may_send_the_headers_of_its_client(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(token=None)
    asked = "authorization,content-type,x-stainless-lang,x-stainless-retry-count"
    headers = {"Origin": "vscode-webview://abc", **PREFLIGHT, "Access-Control-Request-Headers": asked}
    response = await daemon.options("/v1/chat/completions", headers=headers)
    assert response.status == 204
    assert response.headers["Access-Control-Allow-Headers"] == asked


async def test_a_preflight_of_another_page_is_refused(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(token=None)
    response = await daemon.options("/api/v1/chat/message", headers={"Origin": "http://evil.example", **PREFLIGHT})
    assert response.status == 403
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": f"Bearer {TOKEN}"}, {"Authorization": f"bearer  {TOKEN}"}, {"X-API-Key": TOKEN}],
)
async def test_the_token_is_taken_from_either_header(start_daemon: StartDaemon, headers: dict[str, str]) -> None:
    daemon = await start_daemon(token=None)
    assert (await daemon.get("/api/v1/models", headers=headers)).status == 200


@pytest.mark.parametrize(
    "value", ["Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}"]
)
async def test_what_is_not_the_token_is_refused(start_daemon: StartDaemon, value: str) -> None:
    daemon = await start_daemon(token=None)
    assert (await daemon.get("/api/v1/models", headers={"Authorization": value})).status == 401


async def test_with_auth_off_no_token_is_asked_for(start_daemon: StartDaemon, settings: Settings) -> None:
    daemon = await start_daemon(msgspec.structs.replace(settings, auth=False), token=None)
    assert (await daemon.get("/api/v1/models")).status == 200
    assert (await daemon.get("/api/v1/models", headers={"Origin": "http://evil.example"})).status == 403
