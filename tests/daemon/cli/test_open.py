"""`andiron open`: a signed-in page."""

import webbrowser
from collections.abc import Iterator

import pytest

from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths
from andiron_testing.stub_daemon import StubDaemon, stub_daemon

_LINK = "http://127.0.0.1:1/signin#code=abc&page=%2Fdocs"


@pytest.fixture
def stub(paths: Paths) -> Iterator[StubDaemon]:
    with stub_daemon(paths) as running:
        running.routes["POST /api/v1/system/links"] = (200, {"url": _LINK, "expires_in_seconds": 120.0})
        yield running


def test_the_browser_is_opened_at_a_link(stub: StubDaemon, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def take(address: str) -> bool:
        opened.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", take)
    assert main(["open"]) == 0
    assert opened == [_LINK]
    assert stub.bodies("POST /api/v1/system/links") == [{"page": "/docs"}]


def test_without_a_browser_the_link_is_printed(
    stub: StubDaemon, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert main(["open"]) == 0
    assert capsys.readouterr().out == f"{_LINK}\n"


def test_a_link_can_be_had_for_another_machines_browser(stub: StubDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["open", "docs", "--print"]) == 0
    assert capsys.readouterr().out == f"{_LINK}\n"


def test_a_page_that_is_not_there_is_told(stub: StubDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    error = {"code": "invalid_request", "message": "there is no page '/x'", "hint": "The pages are: /docs."}
    stub.routes["POST /api/v1/system/links"] = (400, {"error": error})
    assert main(["open", "x"]) == 1
    assert "there is no page '/x'" in capsys.readouterr().err


def test_without_a_daemon_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["open", "--no-start"]) == 3
    assert "not running" in capsys.readouterr().err
