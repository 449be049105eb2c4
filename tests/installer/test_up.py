"""Each step of `andiron up` against a stand-in for the daemon; the real one is in e2e."""

import io
from typing import Any

import pytest

from andiron_daemon import __version__
from andiron_daemon.errors import ConfigurationError
from andiron_daemon.paths import Paths, make_private
from andiron_daemon.runfile import read_run_file, write_run_file
from andiron_installer.bootstrap.console import Console
from andiron_installer.up import UpError, Wish, bring_up
from andiron_testing.stub_daemon import StubDaemon, stub_daemon

_MODEL = "smollm2-135m"
_ANSWER = {
    "backend": "local",
    "model": _MODEL,
    "usage": {"completion_tokens": 10},
    "timings": {"generate_ms": 500.0},
    "completions": [],
    "conversation_id": "c1",
}


def up(paths: Paths, wish: Wish | None = None, answer: bool | None = None) -> tuple[str, list[str]]:
    """Bring it up with one answer to every question; return what was told and asked."""
    told, asked = io.StringIO(), []

    def ask(question: str) -> bool | None:
        asked.append(question)
        return answer

    bring_up(paths, wish or Wish(model=_MODEL), Console(told, live=False), ask)
    return told.getvalue(), asked


def ready(stub: StubDaemon, paths: Paths, **more: Any) -> None:
    record = read_run_file(paths)
    assert record is not None
    import msgspec

    write_run_file(paths, msgspec.structs.replace(record, version=__version__))
    stub.routes |= {
        f"POST /api/v1/models/{_MODEL}/load": (200, {}),
        "POST /api/v1/code/complete": (200, _ANSWER),
        "POST /api/v1/chat/message": (200, _ANSWER),
        "DELETE /api/v1/chat/conversations/c1": (204, None),
        **more,
    }


def put_file(paths: Paths) -> None:
    """Put something in the place of the model, as if an earlier run had fetched and checked it."""
    make_private(paths.models)
    (paths.models / "own.gguf").write_bytes(b"GGUF")


def test_without_a_model_settings_and_daemon_are_enough(paths: Paths) -> None:
    with stub_daemon(paths) as stub:
        ready(stub, paths)
        told, asked = up(paths, Wish(with_model=False))
        assert [line.split()[0] for line in told.splitlines()] == ["settings", "model", "daemon"]
        assert "was already running" in told
        assert asked == []
        assert stub.bodies("POST /api/v1/code/complete") == []


def test_a_download_is_asked_for_and_a_no_ends_it(paths: Paths) -> None:
    with pytest.raises(UpError, match="is not to be fetched") as caught:
        up(paths, answer=False)
    assert caught.value.hint is not None
    assert "--no-model" in caught.value.hint


def test_where_nobody_can_be_asked_nothing_is_fetched(paths: Paths) -> None:
    with pytest.raises(UpError, match=f"the model {_MODEL} .* is not here$"):
        up(paths)
    assert not paths.models.exists()


def test_a_cloud_that_answers_needs_no_model_here(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDIRON_BACKEND", "openai")
    with stub_daemon(paths) as stub:
        ready(stub, paths)
        told, _ = up(paths, Wish())
        assert "none needed here, openai answers" in told
        (body,) = stub.bodies("POST /api/v1/code/complete")
        assert body["backend"] == "openai"


def test_a_model_that_is_here_is_loaded_and_asked(paths: Paths) -> None:
    put_file(paths)
    with stub_daemon(paths) as stub:
        ready(stub, paths, **{"POST /api/v1/models/own/load": (200, {})})
        told, asked = up(paths, Wish(model="own"))
        assert asked == []
        assert "own is loaded" in told
        assert "works: 20.0 tokens/s" in told
        up(paths, Wish(model="own"))
        first, second = stub.bodies("POST /api/v1/chat/message")
        assert first["message"] != second["message"]


def test_a_model_that_cannot_be_loaded_is_said_with_the_daemons_reason(paths: Paths) -> None:
    put_file(paths)
    refusal = {"error": {"code": "backend_unavailable", "message": "it is not a model", "hint": "Fetch another."}}
    with stub_daemon(paths) as stub:
        ready(stub, paths, **{"POST /api/v1/models/own/load": (503, refusal)})
        with pytest.raises(UpError, match="own cannot be loaded: it is not a model") as caught:
            up(paths, Wish(model="own"))
        assert caught.value.hint == "Fetch another."


def test_wrong_settings_end_it_before_anything_is_done(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "a harbour")
    with pytest.raises(ConfigurationError, match="a harbour"):
        up(paths)


def test_an_unknown_model_is_said(paths: Paths) -> None:
    with pytest.raises(UpError, match="nonsense") as caught:
        up(paths, Wish(model="nonsense"))
    assert caught.value.status == 18
