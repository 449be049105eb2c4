"""A daemon in name only, for tests of its clients: scripted answers over real HTTP, with lock and run file."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from andiron_daemon.paths import Paths, make_private
from andiron_daemon.runfile import RunRecord, remove_run_file, single_instance, write_run_file


class StubDaemon(ThreadingHTTPServer):
    """Answers by `routes`: status and JSON body, or the raw text of an event stream; keeps what was `asked`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.routes: dict[str, tuple[int, Any]] = {"GET /health": (200, {"status": "ok"})}
        self.asked: list[tuple[str, Any, dict[str, str]]] = []
        self.client_left = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def bodies(self, route: str) -> list[Any]:
        """The bodies of the requests to one route."""
        return [body for asked, body, _ in self.asked if asked == route]


class _Handler(BaseHTTPRequestHandler):
    server: StubDaemon
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        route = f"{self.command} {self.path}"
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((route, json.loads(content) if content else None, dict(self.headers)))
        status, body = self.server.routes.get(route, (404, {"error": {"code": "not_found", "message": "nothing"}}))
        if isinstance(body, str):
            self._stream(body)
            return
        answer = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("X-Request-Id", "from-the-header")
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET  # noqa: N815 -- the name http.server calls
    do_PATCH = do_GET  # noqa: N815 -- the name http.server calls
    do_DELETE = do_GET  # noqa: N815 -- the name http.server calls

    def _stream(self, text: str) -> None:
        """Send the text; if it ends with `…`, go on with comments until the client leaves."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text.removesuffix("…").encode())
        while text.endswith("…"):
            try:
                self.wfile.write(b": still here\n\n")
                self.server.client_left.wait(0.02)
            except OSError:
                self.server.client_left.set()
                return
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def stub_daemon(paths: Paths) -> Iterator[StubDaemon]:
    """Run a stub that looks to `find_client` like the daemon of these folders."""
    make_private(paths.state)
    with StubDaemon() as stub, single_instance(paths):
        thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        write_run_file(
            paths,
            RunRecord(
                pid=os.getpid(),
                host="127.0.0.1",
                port=stub.server_address[1],
                url=stub.url,
                token_path=None,
                version="0",
                started_at="2026-01-01T00:00:00+00:00",
            ),
        )
        try:
            yield stub
        finally:
            stub.shutdown()
            thread.join()
            remove_run_file(paths)


def events(*pairs: tuple[str, dict[str, Any]]) -> str:
    """Render server-sent events."""
    return "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in pairs)
