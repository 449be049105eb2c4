"""`andiron explain`, `refactor`, `find-bugs` and `generate-tests` against a daemon in name only."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths
from andiron_testing.stub_daemon import StubDaemon, stub_daemon

_HOW = {
    "backend": "local",
    "model": "tiny",
    "finish_reason": "stop",
    "usage": {"completion_tokens": 4},
    "timings": {"generate_ms": 200.0},
}
_CLOSING = "local · tiny · 4 tokens · 20.0 tokens/s"


@pytest.fixture
def stub(paths: Paths) -> Iterator[StubDaemon]:
    with stub_daemon(paths) as running:
        yield running


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "sums.py"
    file.write_bytes(b"def add(a, b):\r\n    return a - b\r\n")
    return file


def _answer(stub: StubDaemon, assist: str, **body: Any) -> None:
    stub.routes[f"POST /api/v1/code/{assist}"] = (200, {**body, **_HOW})


def _event(name: str, data: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def test_refactor_prints_the_diff_and_beside_it_what_was_changed(
    stub: StubDaemon, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change = {"title": "Sign", "why": "It adds."}
    _answer(stub, "refactor", code="new", diff="--- a\n+++ b\n", changes=[change], edits=[{}])
    assert main(["refactor", f"{source}:2-2", "--instruction", "mend it"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "--- a\n+++ b\n"
    assert "- Sign: It adds." in shown.err
    assert _CLOSING in shown.err
    (body,) = stub.bodies("POST /api/v1/code/refactor")
    assert body == {
        "code": "def add(a, b):\r\n    return a - b\r\n",
        "path": str(source),
        "selection": {"start": {"line": 1, "character": 0}, "end": {"line": 2, "character": 0}},
        "instruction": "mend it",
    }


def test_refactor_changes_the_file_only_when_it_is_told_to(stub: StubDaemon, source: Path) -> None:
    _answer(stub, "refactor", code="def add(a, b):\r\n    return a + b\r\n", diff="-\n", changes=[], edits=[{}])
    before = source.read_bytes()
    assert main(["refactor", str(source)]) == 0
    assert source.read_bytes() == before
    assert main(["refactor", str(source), "--write"]) == 0
    assert source.read_bytes() == b"def add(a, b):\r\n    return a + b\r\n"


def test_a_diff_names_the_file_from_where_it_is_run(
    stub: StubDaemon, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(source.parent)
    _answer(stub, "refactor", code="", diff="", changes=[], edits=[])
    assert main(["refactor", "sums.py"]) == 0
    assert stub.bodies("POST /api/v1/code/refactor")[0]["path"] == "sums.py"


def test_an_answer_that_is_not_valid_fails_with_its_reason(
    stub: StubDaemon, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = {"code": "invalid_answer", "message": "it does not parse", "hint": "Select less.", "request_id": "1"}
    stub.routes["POST /api/v1/code/refactor"] = (502, {"error": error})
    before = source.read_bytes()
    assert main(["refactor", str(source), "--write"]) == 1
    assert "it does not parse" in capsys.readouterr().err
    assert source.read_bytes() == before


def test_find_bugs_prints_places_as_compilers_do(
    stub: StubDaemon, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bug = {
        "range": {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 16}},
        "severity": "error",
        "category": "logic",
        "title": "Wrong sign",
        "explanation": "It\x1b[31m subtracts.",
        "source": "model",
        "confidence": "medium",
        "suggestion": "return a + b",
    }
    linters = [{"name": "ruff", "ran": False, "reason": "it is not installed"}]
    missing = {"code": "backend_unavailable", "message": "no model is installed"}
    _answer(stub, "find-bugs", bugs=[bug], linters=linters, dropped={}, unavailable=missing)
    assert main(["find-bugs", str(source)]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith(f"{source}:2:5: error: Wrong sign [model, medium]\n    It[31m subtracts.\n")
    assert "return a + b" in shown.out
    assert "ruff did not run: it is not installed" in shown.err
    assert "The model's part is missing: no model is installed" in shown.err


def test_generate_tests_writes_where_they_belong_but_never_over_a_file(
    stub: StubDaemon, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "tests" / "test_sums.py"
    fields = {"tests": "def test_add(): ...\n", "framework": "pytest", "path": str(place), "covers": ["add"]}
    _answer(stub, "generate-tests", **fields, unconfirmed=["test_add"])
    assert main(["generate-tests", str(source)]) == 0
    shown = capsys.readouterr()
    assert shown.out == "def test_add(): ...\n"
    assert "it covers add" in shown.err
    assert "Look twice at test_add" in shown.err
    assert main(["generate-tests", str(source), "--write", "--framework", "pytest"]) == 0
    assert place.read_text() == "def test_add(): ...\n"
    assert main(["generate-tests", str(source), "--write"]) == 1
    assert "is there already" in capsys.readouterr().err


def test_explain_prints_the_explanation_as_it_comes(
    stub: StubDaemon, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = {"summary": "Adds.", "explanation": "It adds.", **_HOW}
    pieces = [_event("static", {"summary": "2 lines."}), _event("start", {}), _event("delta", {"text": "It "})]
    stub.routes["POST /api/v1/code/explain"] = (
        200,
        "".join([*pieces, _event("delta", {"text": "adds."}), _event("done", done)]),
    )
    assert main(["explain", str(source), "--question", "Why?"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "It adds.\n"
    assert "2 lines." in shown.err
    assert stub.bodies("POST /api/v1/code/explain")[0]["question"] == "Why?"


def test_explain_without_a_model_prints_what_the_parse_tells(
    stub: StubDaemon, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = {"explanation": "- function `add`", "unavailable": {"message": "no model is installed"}, **_HOW}
    stub.routes["POST /api/v1/code/explain"] = (200, _event("static", {"summary": "2"}) + _event("done", done))
    assert main(["explain", str(source)]) == 0
    shown = capsys.readouterr()
    assert shown.out == "- function `add`\n"
    assert "no model is installed" in shown.err


@pytest.mark.parametrize("assist", ["explain", "refactor", "find-bugs", "generate-tests"])
def test_a_file_or_lines_that_are_not_there_are_refused(
    stub: StubDaemon, source: Path, capsys: pytest.CaptureFixture[str], assist: str
) -> None:
    assert main([assist, str(source.parent / "none.py")]) == 1
    assert main([assist, f"{source}:7-9"]) == 1
    assert "has no lines 7-9" in capsys.readouterr().err
    assert stub.bodies(f"POST /api/v1/code/{assist}") == []


@pytest.mark.parametrize("assist", ["explain", "refactor", "find-bugs", "generate-tests"])
def test_the_whole_answer_can_be_had_as_json(
    stub: StubDaemon, source: Path, capsys: pytest.CaptureFixture[str], assist: str
) -> None:
    _answer(stub, assist, word="é")
    assert main([assist, str(source), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["word"] == "é"
