"""What was suggested before, and how it is found again."""

from typing import Any

import pytest

from andiron_daemon.completion.cache import Found, SuggestionCache, identity_of
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.polish import Suggestion
from andiron_daemon.completion.types import CompletionInput
from andiron_models.types import ExtraFile
from andiron_testing.gaps import gap_at

ANY = identity_of(CompletionInput(prefix=""))


def found(*texts: str, reason: Any = None) -> Found:
    return Found(
        cached="exact", suggestions=tuple(Suggestion(text) for text in texts), reason=reason, backend="b", model="m"
    )


def look(kept_at: str, text: str, *texts: str, reason: Any = None) -> tuple[str, list[str]] | None:
    """Keep suggestions at one place and look at another."""
    cache = SuggestionCache(CompletionPolicy())
    cache.keep(ANY, gap_at(kept_at), found(*texts, reason=reason))
    hit = cache.find(ANY, gap_at(text))
    return None if hit is None else (hit.cached, [suggestion.text for suggestion in hit.suggestions])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = █\n", ("exact", ["foo(bar)"])),
        ("x = f█\n", ("typed_through", ["oo(bar)"])),
        ("x = foo(█\n", ("typed_through", ["bar)"])),
        ("x = foo(█)\n", ("typed_through", ["bar)"])),
        ("x = foo(bar█\n", ("typed_through", [")"])),
        ("x = foo(bar)█\n", None),
        ("x = g█\n", None),
        ("x = F█\n", None),
        ("y = f█\n", None),
        ("x =█\n", None),
        ("x = f█\nmore\n", None),
    ],
)
def test_typing_what_was_suggested_is_answered_with_the_rest(text: str, expected: Any) -> None:
    assert look("x = █\n", text, "foo(bar)") == expected


def test_a_suggestion_of_several_lines_is_typed_through_line_ends() -> None:
    assert look("def f():█\n", "def f():\n    a█\n", "\n    a = 1\n    return a") == (
        "typed_through",
        [" = 1\n    return a"],
    )


def test_of_several_candidates_those_that_agree_are_left() -> None:
    assert look("x = █\n", "x = f█\n", "foo", "far", "bar") == ("typed_through", ["oo", "ar"])


def test_nothing_is_remembered_too_but_only_for_the_same_place() -> None:
    assert look("x = █\n", "x = █\n", reason="no_confidence") == ("exact", [])
    assert look("x = █\n", "x = f█\n", reason="no_confidence") is None


def test_text_far_above_may_change_or_scroll_away() -> None:
    lines = [f"line_{number}()\n" for number in range(100)]
    kept_at = "".join(lines) + "x = █\n"
    assert look(kept_at, "".join(lines[60:]) + "x = fo█\n", "foo") == ("typed_through", ["o"])
    assert look(kept_at, "changed\n" + "".join(lines[1:]) + "x = █\n", "foo") == ("exact", ["foo"])
    assert look(kept_at, "".join(lines[:-1]) + "changed\nx = █\n", "foo") is None


def test_the_longest_of_several_answers_is_taken() -> None:
    cache = SuggestionCache(CompletionPolicy())
    cache.keep(ANY, gap_at("x = █\n"), found("foo(bar, baz)"))
    cache.keep(ANY, gap_at("x = f█\n"), found("oo"))
    hit = cache.find(ANY, gap_at("x = fo█\n"))
    assert hit is not None
    assert [suggestion.text for suggestion in hit.suggestions] == ["o(bar, baz)"]


@pytest.mark.parametrize(
    "change",
    [
        {"path": "b.py"},
        {"language": "go"},
        {"model": "m"},
        {"backend": "b"},
        {"max_tokens": 5},
        {"multiline": True},
        {"n": 2},
        {"context": (ExtraFile(path="c.py", content="x"),)},
    ],
)
def test_everything_that_decides_an_answer_tells_places_apart(change: dict[str, Any]) -> None:
    cache = SuggestionCache(CompletionPolicy())
    cache.keep(identity_of(CompletionInput(prefix="", path="a.py")), gap_at("x = █\n"), found("1"))
    other = identity_of(CompletionInput(**{"prefix": "", "path": "a.py", **change}))
    assert cache.find(other, gap_at("x = █\n")) is None


def test_the_file_being_edited_among_the_context_changes_nothing() -> None:
    own = (ExtraFile(path="a.py", content="x"),)
    assert identity_of(CompletionInput(path="a.py", context=own)) == identity_of(CompletionInput(path="a.py"))


def test_the_cache_is_bounded_and_forgets_what_was_not_used() -> None:
    cache = SuggestionCache(CompletionPolicy(cache_entries=3))
    for number in range(3):
        cache.keep(ANY, gap_at(f"x{number} = █\n"), found("1"))
    assert cache.find(ANY, gap_at("x0 = █\n")) is not None
    cache.keep(ANY, gap_at("x3 = █\n"), found("1"))
    assert cache.count == 3
    assert cache.find(ANY, gap_at("x1 = █\n")) is None
    assert cache.find(ANY, gap_at("x0 = █\n")) is not None
