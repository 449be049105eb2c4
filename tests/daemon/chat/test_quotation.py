"""Files and diagnostics as text for a model."""

from andiron_daemon.chat.quotation import quote_context
from andiron_daemon.chat.types import ChatContext, ContextDiagnostic, ContextFile
from andiron_daemon.positions import Position, Range

PLENTY = 10_000


def lines(count: int) -> str:
    return "".join(f"line {number}\n" for number in range(1, count + 1))


def test_a_file_that_fits_is_quoted_whole_with_its_line_numbers() -> None:
    file = ContextFile(path="src/a.py", content="x = 1\ny = 2\n", language="python")
    quotation = quote_context(ChatContext(files=(file,)), PLENTY)
    assert quotation.text == "File src/a.py:\n```python\n1 | x = 1\n2 | y = 2\n```"
    assert [(use.path, use.cut) for use in quotation.used] == [("src/a.py", False)]
    assert quotation.used[0].tokens > 0
    assert quotation.truncated is None


def test_a_file_that_does_not_fit_keeps_its_beginning_and_says_so() -> None:
    quotation = quote_context(ChatContext(files=(ContextFile(path="a", content=lines(1000)),)), 500)
    assert "   1 | line 1\n" in quotation.text or "1 | line 1\n" in quotation.text
    assert "line 1000" not in quotation.text
    assert "of 1000" in quotation.text
    assert quotation.used[0].cut
    assert quotation.truncated is not None
    assert quotation.truncated.what == "part of a"
    assert quotation.truncated.dropped_tokens > 0


def test_the_lines_around_a_selection_are_kept() -> None:
    selection = Range(Position(499, 0), Position(501, 3))
    file = ContextFile(path="a", content=lines(1000), selection=selection)
    text = quote_context(ChatContext(files=(file,)), 600).text
    assert "500 | line 500\n" in text
    assert "499 | line 499\n" in text
    assert "selected: lines 500-502" in text
    assert "line 1\n" not in text


def test_a_file_for_which_there_is_no_room_is_reported() -> None:
    files = (ContextFile(path="a", content=lines(60)), ContextFile(path="b", content=lines(60)))
    quotation = quote_context(ChatContext(files=files), 1300)
    assert [(use.path, use.tokens > 0, use.cut) for use in quotation.used] == [("a", True, False), ("b", True, True)]
    none = quote_context(ChatContext(files=files), 0)
    assert [(use.tokens, use.cut) for use in none.used] == [(0, True), (0, True)]
    assert none.truncated is not None
    assert none.truncated.what == "all of a; all of b"


def test_the_budget_is_kept() -> None:
    for budget in (200, 500, 1000, 5000):
        files = tuple(ContextFile(path=f"file{number}", content=lines(300)) for number in range(3))
        assert len(quote_context(ChatContext(files=files), budget).text) <= budget


def test_a_fence_in_a_file_does_not_end_its_quote() -> None:
    file = ContextFile(path="README.md", content="```\ncode\n```\n")
    assert quote_context(ChatContext(files=(file,)), PLENTY).text.endswith("\n````")


def test_a_selection_behind_the_end_of_the_file_does_no_harm() -> None:
    file = ContextFile(path="a", content=lines(100), selection=Range(Position(9999, 0), Position(9999, 0)))
    assert "100 | line 100" in quote_context(ChatContext(files=(file,)), 400).text


def test_an_empty_file_is_mentioned_nowhere_but_in_use() -> None:
    quotation = quote_context(ChatContext(files=(ContextFile(path="a", content=""),)), PLENTY)
    assert (quotation.text, quotation.truncated) == ("", None)


def test_diagnostics_are_quoted_with_their_place() -> None:
    diagnostic = ContextDiagnostic(
        message="undefined name 'x'",
        path="a.py",
        severity="error",
        source="ruff",
        range=Range(Position(2, 0), Position(2, 1)),
    )
    text = quote_context(ChatContext(diagnostics=(diagnostic,)), PLENTY).text
    assert text == "Diagnostics:\n- a.py:3 error: undefined name 'x' (ruff)"


def test_diagnostics_that_do_not_fit_are_counted() -> None:
    many = tuple(ContextDiagnostic(message="m" * 90) for _ in range(5))
    quotation = quote_context(ChatContext(diagnostics=many), 250)
    assert quotation.truncated is not None
    assert quotation.truncated.what == "3 diagnostics"


def test_workspace_and_language_are_told() -> None:
    text = quote_context(ChatContext(language="go", workspace="shop"), PLENTY).text
    assert text == "Workspace: shop\nLanguage: go"


def source(functions: int) -> str:
    body = "".join(f"\n\ndef f{number}(x):\n    y = x + {number}\n    return y\n" for number in range(functions))
    return f"import os\nfrom typing import Any\n{body}"


def test_with_little_room_the_selection_its_function_and_the_imports_are_kept() -> None:
    selection = Range(Position(5 * 50 + 5, 4), Position(5 * 50 + 5, 9))
    file = ContextFile(path="a.py", content=source(100), selection=selection)
    for room, expected in ((150, ["y = x + 50"]), (230, ["def f50(x):", "y = x + 50", "return y"])):
        text = quote_context(ChatContext(files=(file,)), room).text
        assert all(line in text for line in expected), text
        assert "f49" not in text
    text = quote_context(ChatContext(files=(file,)), 290).text
    assert "import os" in text
    assert "\n…\n" in text
    assert "selected: lines 256-256" in text


def test_a_selection_comes_before_files_without_one() -> None:
    selection = Range(Position(0, 0), Position(1, 0))
    files = (
        ContextFile(path="open", content=lines(100)),
        ContextFile(path="marked", content="m\n", selection=selection),
    )
    quotation = quote_context(ChatContext(files=files), 400)
    assert [(use.path, use.cut) for use in quotation.used] == [("open", True), ("marked", False)]


def test_the_lines_of_a_diagnostic_come_before_the_rest() -> None:
    diagnostic = ContextDiagnostic(message="wrong", path="a", range=Range(Position(499, 0), Position(499, 1)))
    context = ChatContext(files=(ContextFile(path="a", content=lines(1000)),), diagnostics=(diagnostic,))
    text = quote_context(context, 300).text
    assert " 500 | line 500\n" in text
    assert "- a:500 problem: wrong" in text


def test_a_mark_that_ends_at_a_lines_first_character_does_not_hold_that_line() -> None:
    file = ContextFile(path="a", content=lines(9), selection=Range(Position(2, 0), Position(4, 0)))
    assert "selected: lines 3-4:" in quote_context(ChatContext(files=(file,)), PLENTY).text


def test_a_backward_selection_and_one_before_the_file_do_no_harm() -> None:
    for selection in (Range(Position(5, 0), Position(2, 0)), Range(Position(-3, 0), Position(-1, 0))):
        file = ContextFile(path="a", content=lines(9), selection=selection)
        assert "9 | line 9" in quote_context(ChatContext(files=(file,)), PLENTY).text


def test_facts_the_system_text_states_are_not_repeated() -> None:
    context = ChatContext(language="go", workspace="shop")
    assert quote_context(context, PLENTY, ["You help.\nWorkspace: shop\nLanguage: go"]).text == ""
