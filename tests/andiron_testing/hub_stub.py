"""A model hub on this machine: metadata, redirects to a storage host, ranges, tokens, and faults on demand."""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_STORAGE = "/storage"
_PIECE_BYTES = 1000


class Asked:
    """One request that came in."""

    def __init__(self, method: str, path: str, range_start: int, token: str | None) -> None:
        self.method, self.path, self.range_start, self.token = method, path, range_start, token


class HubStub(ThreadingHTTPServer):
    """Serves `files` by their path; the storage is the same server under its other name.

    `cut_at` closes the next connection after so many bytes of the file, `hold_at` makes one wait there until
    `release`d, `ignores_ranges` answers every range with the whole file, `weakens_tags` calls no version exact.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.states_checksum = True
        self.token: str | None = None
        self.cut_at: int | None = None
        self.hold_at: int | None = None
        self.ignores_ranges = False
        self.weakens_tags = False
        self.holding = threading.Event()
        self.release = threading.Event()
        self.asked: list[Asked] = []

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that leave; that is what they are there for."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def storage_url(self) -> str:
        return f"http://localhost:{self.server_address[1]}{_STORAGE}"

    def add(self, repository: str, file: str, content: bytes, revision: str = "main") -> None:
        """Put a file into a repository."""
        self.files[f"/{repository}/resolve/{revision}/{file}"] = content

    def ranges(self) -> list[int]:
        """Where the downloads began, in order."""
        return [asked.range_start for asked in self.asked if asked.method == "GET"]


class _Handler(BaseHTTPRequestHandler):
    server: HubStub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(match[1]) if match and not server.ignores_ranges else 0
        token = self.headers.get("Authorization")
        server.asked.append(Asked(self.command, self.path, start, token))
        path = self.path.removeprefix(_STORAGE)
        content = server.files.get(path)
        if content is None:
            self._answer(404, {"X-Error-Code": "EntryNotFound"})
        elif path != self.path:
            self._send_file(content, start, is_part=bool(match) and not server.ignores_ranges)
        elif server.token and token != f"Bearer {server.token}":
            self._answer(401, {"X-Error-Code": "GatedRepo", "X-Error-Message": "a token is needed"})
        else:
            checksum = hashlib.sha256(content).hexdigest() if server.states_checksum else "abc"
            headers = {
                "Location": f"http://localhost:{server.server_address[1]}{_STORAGE}{path}",
                "X-Repo-Commit": COMMIT,
                "X-Linked-Etag": f'"{checksum}"',
                "X-Linked-Size": str(len(content)),
            }
            self._answer(302, headers)

    do_HEAD = do_GET  # noqa: N815 -- the name http.server calls

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_file(self, content: bytes, start: int, *, is_part: bool) -> None:
        server = self.server
        self.send_response(206 if is_part else 200)
        if is_part:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        weak = "W/" if server.weakens_tags else ""
        self.send_header("ETag", f'{weak}"{hashlib.md5(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.command == "HEAD":
            return
        cut_at, server.cut_at = server.cut_at, None
        hold_at, server.hold_at = server.hold_at, None
        for place in range(start, len(content), _PIECE_BYTES):
            if cut_at is not None and place >= cut_at:
                self.close_connection = True
                return
            if hold_at is not None and place >= hold_at:
                server.holding.set()
                server.release.wait()
                hold_at = None
            try:
                self.wfile.write(content[place : place + _PIECE_BYTES])
            except OSError:
                self.close_connection = True
                return

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def hub_stub() -> Iterator[HubStub]:
    """Run a hub while the block lasts."""
    with HubStub() as stub:
        thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield stub
        finally:
            stub.release.set()
            stub.shutdown()
            thread.join()
