"""The pages and their files: what they are allowed, and that there is no way out of their folder."""

import re
from pathlib import Path

import pytest
from yarl import URL

from andiron_daemon.api import pages
from andiron_testing.daemons import DaemonClient, StartDaemon, error_of

_STATIC = Path(pages.__file__).parent.parent / "web" / "static"
_PAGES = ["/docs", "/signin"]
_OUTSIDE = [
    "../../api/pages.py",
    "%2e%2e/%2e%2e/api/pages.py",
    "..%2f..%2fapi/pages.py",
    "..\\..\\api\\pages.py",
    "swagger-ui/../../../api/pages.py",
    "/etc/passwd",
    "//etc/passwd",
    "%00",
    "page.css%00.html",
    ".",
    "swagger-ui",
    "swagger-ui/",
    "docs.html",
    "PAGE.CSS",
    "C:/Windows/win.ini",
]


@pytest.mark.parametrize("path", _PAGES)
async def test_a_page_is_open_and_runs_only_what_is_ours(start_daemon: StartDaemon, path: str) -> None:
    response = await (await start_daemon(token=None)).get(path)
    assert (response.status, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= set(policy)
    assert "unsafe" not in " ".join(policy)
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("name", sorted(path.name for path in _STATIC.glob("*.html")))
def test_a_page_loads_files_of_this_daemon_only_and_has_no_script_of_its_own(name: str) -> None:
    text = (_STATIC / name).read_text(encoding="utf-8")
    loaded = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert [target for target in loaded if not target.startswith(("/", "#")) or target.startswith("//")] == []
    files = [target.removeprefix("/static/") for target in loaded if target.startswith("/static/")]
    assert [file for file in files if not (_STATIC / file).is_file()] == []
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|javascript:", text) == []


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("docs.js", "text/javascript; charset=utf-8"),
        ("page.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml; charset=utf-8"),
        ("swagger-ui/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("swagger-ui/LICENSE", "text/plain; charset=utf-8"),
    ],
)
async def test_files_come_as_what_they_are(start_daemon: StartDaemon, file: str, kind: str) -> None:
    response = await (await start_daemon(token=None)).get(f"/static/{file}")
    assert (response.status, response.headers["Content-Type"]) == (200, kind)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert await response.read() == (_STATIC / file).read_bytes()


@pytest.mark.parametrize("name", _OUTSIDE)
async def test_there_is_no_way_out_of_the_folder(daemon: DaemonClient, name: str) -> None:
    address = URL(f"http://127.0.0.1:{daemon.port}/static/{name}", encoded=True)
    response = await daemon.session.get(address)
    status, error = await error_of(response)
    assert (status, error["code"]) == (404, "not_found")


async def test_a_file_that_did_not_change_is_not_sent_again(daemon: DaemonClient) -> None:
    tag = (await daemon.get("/static/docs.js")).headers["ETag"]
    assert (await daemon.get("/static/docs.js", headers={"If-None-Match": tag})).status == 304


async def test_answers_are_kept_by_no_browser_and_given_to_no_other_site(daemon: DaemonClient) -> None:
    response = await daemon.get("/api/v1/status")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["Server"] == "Andiron"
