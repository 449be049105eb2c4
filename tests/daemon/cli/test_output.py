import io

import click
import pytest

from andiron_daemon.cli.output import human_bytes, human_seconds, plain, print_table, waiting


@pytest.mark.parametrize(
    ("size", "shown"), [(0, "0 B"), (999, "999 B"), (1000, "1 KB"), (98_362_432, "98 MB"), (1_117_320_768, "1.1 GB")]
)
def test_sizes_are_told_in_the_unit_that_suits(size: int, shown: str) -> None:
    assert human_bytes(size) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.4, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3600, "1 h"), (3661, "1 h 1 min"), (90061, "1 d 1 h")],
)
def test_spans_are_told_by_their_two_largest_units(seconds: float, shown: str) -> None:
    assert human_seconds(seconds) == shown


def test_only_what_a_terminal_would_obey_is_taken_out() -> None:
    assert plain("tab\t, line\n, é, 火, 🔥") == "tab\t, line\n, é, 火, 🔥"
    assert plain("\x1b[31mred\x1b[0m\r\x00\x7f\x9b") == "[31mred[0m"


def test_waiting_shows_only_at_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with waiting("for nothing"):
        pass
    assert capsys.readouterr().err == ""
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]  # a terminal in nothing else
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with waiting("for the first word"):
        pass
    assert "for the first word" in terminal.getvalue()


def test_a_table_at_a_terminal_is_aligned_and_takes_text_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]  # a terminal in nothing else
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", "60")
    print_table(("model", "state"), [("[bold]tiny", "loaded"), ("x", "y")])
    lines = [line.rstrip() for line in click.unstyle(terminal.getvalue()).splitlines()]
    assert lines[0].split() == ["model", "state"]
    assert lines[1] == "[bold]tiny  loaded"
    assert lines[2].index("y") == lines[1].index("loaded")
