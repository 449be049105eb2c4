import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from andiron_daemon.cli.complete import Place, split_at
from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths
from andiron_testing.stub_daemon import StubDaemon, stub_daemon

_ROUTE = "POST /api/v1/code/complete"
_ANSWER = {
    "id": "c1",
    "completions": [{"text": "n - 1)", "range": {}}],
    "cached": "no",
    "backend": "local",
    "model": "tiny",
    "finish_reason": "stop",
    "usage": {"completion_tokens": 4},
    "timings": {"generate_ms": 200.0},
}


@pytest.fixture
def stub(paths: Paths) -> Iterator[StubDaemon]:
    with stub_daemon(paths) as running:
        running.routes[_ROUTE] = (200, _ANSWER)
        yield running


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "fact:orial.py"
    file.write_bytes("def é(n):\r\n    return\f n\n".encode())
    return file


@pytest.mark.parametrize(
    ("line", "column", "prefix"),
    [
        (1, 1, ""),
        (1, 6, "def é"),
        (1, 10, "def é(n):"),
        (2, 1, "def é(n):\r\n"),
        (2, 14, "def é(n):\r\n    return\f n"),
        (3, 1, "def é(n):\r\n    return\f n\n"),
    ],
)
def test_a_place_is_counted_from_one_as_editors_do(source: Path, line: int, column: int, prefix: str) -> None:
    before, after = split_at(Place(source, line, column))
    assert before == prefix
    assert before + after == source.read_bytes().decode()


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [(4, 1, "has 3 lines; there is no line 4"), (1, 11, "ends at column 10"), (3, 2, "ends at column 1")],
)
def test_a_place_outside_the_file_is_refused_with_where_it_ends(
    source: Path, line: int, column: int, expected: str
) -> None:
    with pytest.raises(click.BadParameter, match=expected):
        split_at(Place(source, line, column))


def test_an_empty_file_has_one_place(tmp_path: Path) -> None:
    (tmp_path / "new.py").touch()
    assert split_at(Place(tmp_path / "new.py", 1, 1)) == ("", "")


def test_the_suggestion_is_printed_and_the_rest_beside_it(
    stub: StubDaemon, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["complete", f"{source}:2:14", "--max-tokens", "9"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "n - 1)\n"
    assert "local · tiny · 4 tokens · 20.0 tokens/s" in shown.err
    assert stub.bodies(_ROUTE) == [
        {"prefix": "def é(n):\r\n    return\f n", "suffix": "\n", "path": str(source), "max_tokens": 9}
    ]


def test_json_is_the_whole_answer(stub: StubDaemon, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["complete", f"{source}:1:1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == _ANSWER


def test_nothing_to_suggest_says_why(stub: StubDaemon, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stub.routes[_ROUTE] = (200, {**_ANSWER, "completions": [], "reason": "no_confidence"})
    assert main(["complete", f"{source}:1:1"]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "No suggestion there: no_confidence.\n")


def test_a_suggestion_cannot_steer_the_terminal(
    stub: StubDaemon, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stub.routes[_ROUTE] = (200, {**_ANSWER, "completions": [{"text": "a\x1b]0;title\x07\tb\x9bc\n"}]})
    assert main(["complete", f"{source}:1:1"]) == 0
    assert capsys.readouterr().out == "a]0;title\tbc\n\n"


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("main.py", "is not FILE:LINE:COL"),
        ("main.py:3", "is not FILE:LINE:COL"),
        (":3:4", "is not FILE:LINE:COL"),
        ("main.py:a:4", "is not FILE:LINE:COL"),
        ("main.py:0:4", "counted from 1"),
        ("gone.py:1:1", "gone.py: No such file"),
    ],
)
def test_a_place_that_is_none_is_wrong_usage(place: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["complete", place]) == 2
    assert expected in capsys.readouterr().err


def test_a_file_that_is_not_text_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "image.png").write_bytes(b"\x89PNG\xff")
    assert main(["complete", f"{tmp_path / 'image.png'}:1:1"]) == 2
    assert "is not UTF-8 text" in capsys.readouterr().err


def test_a_refusal_is_shown_with_its_hint(stub: StubDaemon, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = {"code": "backend_unavailable", "message": "no model", "hint": "andiron models pull"}
    stub.routes[_ROUTE] = (503, {"error": error})
    assert main(["complete", f"{source}:1:1"]) == 1
    assert capsys.readouterr().err == "error: no model\nhint: andiron models pull\n"


def test_without_a_daemon_it_says_how_to_start_one(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["complete", f"{source}:1:1"]) == 3
    error, hint = capsys.readouterr().err.splitlines()
    assert error == "error: Andiron is not running"
    assert "andiron serve --detach" in hint
