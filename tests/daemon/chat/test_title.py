"""What a conversation is called."""

import pytest

from andiron_daemon.chat.title import as_line, title_of, title_of_model


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("How do I sort?", "How do I sort?"),
        ("\n\n  How   do\tI sort?\nmore", "How do I sort?"),
        ("word " * 30, "word word word word word word word word word word word…"),
        ("x" * 100, "x" * 59 + "…"),
        ("", ""),
    ],
)
def test_a_title_is_the_first_line_cut_at_a_word(message: str, title: str) -> None:
    assert title_of(message) == title


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\x1b[31mb", "a [31mb"),
        ("a\0b\x7fc\x9bd", "a b c d"),
        ("tfosorcim\u202e.\u2066com", "tfosorcim . com"),
        ("👨\u200d👩\u200d👧 über straße", "👨\u200d👩\u200d👧 über straße"),
        ("\x1b", ""),
    ],
)
def test_a_title_steers_no_terminal_and_reads_as_it_is_written(text: str, line: str) -> None:
    assert as_line(text) == line
    assert title_of(text) == line
    assert title_of_model(text) == line


def test_a_model_that_writes_around_a_title_is_read() -> None:
    assert title_of_model('\n**Title: "Sorting lists"**\nHere you go') == "Sorting lists"
    assert title_of_model("word " * 40) == ""
