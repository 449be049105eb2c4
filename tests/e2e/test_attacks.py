"""What no client in its right mind sends, at the real daemon: each refused as documented, and nothing grows by it.

The daemon's memory is looked at, and its health asked for, while and after all of it goes on.
"""

import gzip
import json
import sys
from collections.abc import Iterator

import psutil
import pytest

from andiron_daemon.api.dialects.failures import dialect_of
from andiron_daemon.api.route import Route
from andiron_daemon.api.routes import ROUTES
from andiron_daemon.paths import find_paths
from andiron_testing.daemon_process import DaemonProcess
from andiron_testing.raw_http import Answer, connect, exchange, read_answer, request

_LIMIT_BYTES = 1024 * 1024
_ROOM_BYTES = 64 * 1024 * 1024
_HOST = "Host: 127.0.0.1"
_JSON = "Content-Type: application/json"
_LINKS = "/api/v1/system/links"
_PAGE = b'{"page":"/docs"}'


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    """One daemon for all of it; at the end it must be well and no larger than it was."""
    paths = find_paths(str(tmp_path_factory.mktemp("attacked")))
    limits = {"ANDIRON_MAX_BODY_BYTES": str(_LIMIT_BYTES), "ANDIRON_RATE_REQUESTS": "0"}
    daemon = DaemonProcess(paths, (), limits)
    before = psutil.Process(daemon.process.pid).memory_info().rss
    yield daemon
    try:
        assert daemon.client.health()["status"] == "ok"
        assert psutil.Process(daemon.process.pid).memory_info().rss < before + _ROOM_BYTES
        assert "Traceback" not in daemon.log()
    finally:
        daemon.kill()
        sys.stdout.write(daemon.said() + daemon.log()[-4000:])


@pytest.fixture
def port(attacked: DaemonProcess) -> int:
    return attacked.record.port


@pytest.fixture
def token(attacked: DaemonProcess) -> str:
    return f"Authorization: Bearer {attacked.token}"


# Requests whose head or framing two readers could read in two ways, or none at all.
_FRAMING: dict[str, bytes] = {
    "length and chunks": request("POST", _LINKS, _HOST, _JSON, "Content-Length: 2", "Transfer-Encoding: chunked"),
    "two lengths": request("POST", _LINKS, _HOST, _JSON, "Content-Length: 2", "Content-Length: 3", body=b"{}"),
    "the same length twice": request("POST", _LINKS, _HOST, "Content-Length: 2", "Content-Length: 2", body=b"{}"),
    **{
        f"a length of {text!r}": request("POST", _LINKS, _HOST, _JSON, f"Content-Length: {text}", body=b"{}")
        for text in ("-1", "+2", "0x2", "2 2", "2,2", "", "9" * 30)
    },
    **{
        f"a transfer encoding of {text!r}": request(
            "POST", _LINKS, _HOST, f"Transfer-Encoding: {text}", body=b"0\r\n\r\n"
        )
        for text in ("xchunked", "identity", "chunked, identity", "chunked, chunked", "chunked\x0b", "gzip, chunked")
    },
    "lines that end in a bare LF": b"GET /health HTTP/1.1\nHost: 127.0.0.1\n\n",
    "one line that ends in a bare LF": b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\nX: y\r\n\r\n",
    "a bare CR": b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\rY: b\r\n\r\n",
    "a folded header": b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: y\r\n folded\r\n\r\n",
    "a folded host": b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n .evil.example\r\n\r\n",
    "a blank before the colon": request("GET", "/health", _HOST, "X : y"),
    "a blank before the first header": b"GET /health HTTP/1.1\r\n Host: 127.0.0.1\r\n\r\n",
    "a header without a colon": request("GET", "/health", _HOST, "nonsense"),
    "a header name with brackets": request("GET", "/health", _HOST, "X(y): a"),
    "a zero byte": request("GET", "/health", _HOST, "X: a\0b"),
    "five thousand headers": request("GET", "/health", _HOST, *(f"X-{number}: y" for number in range(5000))),
    "a long header": request("GET", "/health", _HOST, "X: " + "y" * 70_000),
    "a header without an end": b"GET /health HTTP/1.1\r\nX: " + b"y" * 2_000_000,
    "a long path": request("GET", "/" + "a" * 20_000, _HOST),
    "a path without a slash": request("GET", "health", _HOST),
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "two hosts": request("GET", "/health", _HOST, "Host: evil.example"),
    "an HTTP of the future": b"GET /health HTTP/3.0\r\nHost: 127.0.0.1\r\n\r\n",
    "HTTP/2 all at once": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": bytes.fromhex("16030100a5010000a10303") + b"\0" * 200,
    "noise": b"\xff" * 300 + b"\r\n\r\n",
}


@pytest.mark.parametrize("sent", _FRAMING.values(), ids=_FRAMING.keys())
def test_what_can_be_read_in_two_ways_is_not_read(port: int, sent: bytes) -> None:
    answer = exchange(port, sent)
    assert (answer.status, answer.code) == (400, "invalid_request"), answer
    error = json.loads(answer.body)["error"]
    assert error["request_id"]
    assert "yyyy" not in error["message"]
    assert answer.headers["server"] == "Andiron"


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"f" * 18 + b"\r\n{}\r\n0\r\n\r\n",
        b"2\n{}\n0\n\n",
        b"2\r\n{}XX0\r\n\r\n",
        b"-2\r\n{}\r\n",
    ],
)
def test_chunks_that_are_none_are_refused(port: int, token: str, chunks: bytes) -> None:
    sent = request("POST", _LINKS, _HOST, _JSON, token, "Transfer-Encoding: chunked", body=chunks)
    answer = exchange(port, sent)
    assert (answer.status, answer.code) == (400, "invalid_request"), answer


def test_what_follows_a_refused_request_is_not_answered(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(_FRAMING["length and chunks"] + request("GET", "/health", _HOST))
        assert read_answer(connection).status == 400
        assert connection.recv(1) == b""


@pytest.mark.parametrize(
    "target", ["http://evil.example/health", "http://evil.example:80/", "http://127.0.0.1.evil.example/health"]
)
def test_a_foreign_address_in_the_place_of_a_path_is_a_foreign_host(port: int, target: str) -> None:
    answer = exchange(port, request("GET", target, _HOST))
    assert (answer.status, answer.code) == (403, "forbidden_host"), answer


_FOREIGN: dict[str, tuple[str, ...]] = {
    "forbidden_host": ("Host: evil.example",),
    "forbidden_origin": (_HOST, "Origin: http://evil.example"),
    "unauthorized": (_HOST,),
}


@pytest.mark.parametrize("code", _FOREIGN)
def test_foreigners_are_refused_on_every_route(port: int, token: str, code: str) -> None:
    shown = () if code == "unauthorized" else (token,)
    routes = [route for route in ROUTES if not (code == "unauthorized" and route.is_open)]
    refused = [(route, _ask(port, route, *_FOREIGN[code], *shown)) for route in routes]
    status = 401 if code == "unauthorized" else 403
    assert [(route.method, route.path, answer) for route, answer in refused if answer.status != status] == []
    own = [answer.code for route, answer in refused if dialect_of(route.path) is None]
    assert set(own) == {code}


def _ask(port: int, route: Route, *headers: str) -> Answer:
    more = (
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: " + "A" * 22 + "==",
    )
    return exchange(port, request(route.method, route.path, *headers, *(more if route.is_socket else ())))


@pytest.mark.parametrize(
    "shown",
    [
        "Authorization: Bearer wrong",
        "Authorization: Bearer",
        "Authorization: Basic YTpi",
        "Authorization: Bearer " + "x" * 7000,
        "X-API-Key: ",
        "X-API-Key: \xff\xfe",
        "Cookie: andiron_session=x",
        "Cookie: " + "; ".join(f"a{number}=b" for number in range(800)),
    ],
)
def test_what_is_no_token_is_refused(port: int, shown: str) -> None:
    answer = exchange(port, request("GET", "/api/v1/status", _HOST, shown))
    assert (answer.status, answer.code) == (401, "unauthorized"), answer


def test_a_token_of_yesterday_is_refused(attacked: DaemonProcess, port: int, token: str) -> None:
    assert exchange(port, request("GET", "/api/v1/status", _HOST, token)).status == 200
    done = attacked.andiron("token", "rotate")
    assert done.returncode == 0, done.stderr
    assert exchange(port, request("GET", "/api/v1/status", _HOST, token)).code == "unauthorized"
    assert attacked.client.status()["process"]["pid"] == attacked.process.pid


@pytest.mark.parametrize(
    "target",
    [
        "/static/../../../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/static/....//....//etc/passwd",
        "/static/..\\..\\..\\etc\\passwd",
        "/static//etc/passwd",
        "/static/%00",
        "/static/page.css%00.js",
        "/static/swagger-ui/..%c0%af..%c0%afpages.py",
        "/static/~root/.ssh/id_rsa",
    ],
)
def test_no_path_leads_out_of_the_static_files(port: int, token: str, target: str) -> None:
    answer = exchange(port, request("GET", target, _HOST, token))
    assert (answer.status, answer.code) == (404, "not_found"), answer


_BOMB = gzip.compress(gzip.compress(b" " * 50_000_000))
_BODIES: dict[str, tuple[bytes, int, str | None]] = {
    "a hundred thousand keys": (b'{"page":"/docs",%b}' % b",".join(b'"k%d":1' % n for n in range(90_000)), 200, None),
    "a key a hundred thousand times": (
        b'{%b,"page":"/docs"}' % b",".join([b'"page":1'] * 90_000),
        400,
        "invalid_request",
    ),
    "a key twice": (b'{"page":"/nowhere","page":"/docs"}', 200, None),
    "depth": (b'{"page":%b' % (b"[" * 500_000), 400, "invalid_request"),
    "depth that is closed": (b'{"deep":%b%b}' % (b"[" * 400_000, b"]" * 400_000), 400, "invalid_request"),
    "depth of objects": (b'{"a":' * 150_000 + b"1" + b"}" * 150_000, 400, "invalid_request"),
    "a number of a million digits": (b'{"page":%b}' % (b"9" * 1_000_000), 400, "invalid_request"),
    "a number out of range": (b'{"page":1e999999}', 400, "invalid_request"),
    "NaN": (b'{"page":NaN}', 400, "invalid_request"),
    "Infinity": (b'{"page":-Infinity}', 400, "invalid_request"),
    "UTF-8 that is none": (b'{"page":"\xff\xfe"}', 400, "invalid_request"),
    "UTF-8 that is too long": (b'{"page":"\xc0\xaf"}', 400, "invalid_request"),
    "half a character": (b'{"page":"\\ud800"}', 400, "invalid_request"),
    "UTF-16": ('{"page":"/docs"}'.encode("utf-16"), 400, "invalid_request"),
    "a mark before the text": (b"\xef\xbb\xbf" + _PAGE, 400, "invalid_request"),
    "more behind the end": (_PAGE + b"{}", 400, "invalid_request"),
    "a comment": (b'{"page":/**/"/docs"}', 400, "invalid_request"),
    "nothing but blanks": (b" " * 1_000_000, 400, "invalid_request"),
    "too much": (b" " * (_LIMIT_BYTES + 1), 413, "payload_too_large"),
}


@pytest.mark.parametrize("name", _BODIES)
def test_bodies_of_all_kinds_are_read_strictly(port: int, token: str, name: str) -> None:
    body, status, code = _BODIES[name]
    answer = exchange(port, request("POST", _LINKS, _HOST, _JSON, token, body=body))
    assert (answer.status, answer.code) == (status, code), answer


def test_a_body_that_grows_past_the_limit_is_stopped(port: int, token: str) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    head = request("POST", _LINKS, _HOST, _JSON, token, "Transfer-Encoding: chunked")
    answer = exchange(port, head + chunk * 64)
    assert (answer.status, answer.code) == (413, "payload_too_large"), answer


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip", "x"])
def test_a_packed_body_is_not_unpacked(port: int, token: str, encoding: str) -> None:
    sent = request("POST", _LINKS, _HOST, _JSON, token, f"Content-Encoding: {encoding}", body=_BOMB)
    answer = exchange(port, sent)
    assert (answer.status, answer.code) == (400, "invalid_request"), answer
    assert json.loads(answer.body)["error"]["hint"] == "Send the body as it is."


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/plain; application/json",
        "application/json-seq",
        "",
    ],
)
def test_what_a_form_can_post_is_refused(port: int, token: str, kind: str) -> None:
    answer = exchange(port, request("POST", _LINKS, _HOST, token, f"Content-Type: {kind}", body=_PAGE))
    assert (answer.status, answer.code) == (400, "invalid_request"), answer


@pytest.mark.parametrize(
    "route", [one for one in ROUTES if one.method != "GET"], ids=lambda route: f"{route.method} {route.path}"
)
def test_nothing_is_changed_by_reading(port: int, token: str, route: Route) -> None:
    reading = {other.path for other in ROUTES if other.method == "GET"}
    override = "X-HTTP-Method-Override: POST"
    answer = exchange(port, request("GET", f"{route.path}?_method={route.method}", _HOST, token, override))
    if route.path not in reading:
        assert answer.status in (404, 405), answer
