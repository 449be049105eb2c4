import io

import pytest

from andiron_installer.bootstrap.console import Console, duration


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min 00 s"), (362, "6 min 02 s")])
def test_a_span_of_time_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_log_gets_one_line_a_step() -> None:
    stream = io.StringIO()
    step = Console(stream, live=False).step("engine")
    step.doing("building llama.cpp, 1 %")
    step.doing("building llama.cpp, 2 %")
    step.done("built")
    assert stream.getvalue() == "  engine       built\n"


def test_a_terminal_shows_what_goes_on_and_keeps_only_what_came_of_it() -> None:
    stream = io.StringIO()
    step = Console(stream, live=True).step("engine")
    step.doing("building llama.cpp, 1 %")
    step.done("built")
    moving, cleared, last = stream.getvalue().lstrip("\r").split("\r")
    assert moving.startswith("  engine       building llama.cpp, 1 %  (0 s)")
    assert cleared.strip() == ""
    assert last == "  engine       built\n"


def test_what_follows_an_open_line_begins_a_line_of_its_own() -> None:
    stream = io.StringIO()
    console = Console(stream, live=True)
    console.step("engine").doing("asking the package index")
    console.end_line()
    assert stream.getvalue().endswith(" \r")
    console.end_line()
    assert stream.getvalue().count("\r") == 3
