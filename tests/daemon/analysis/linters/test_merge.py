"""What counts as the same finding, and in which order findings stand."""

import itertools

from andiron_daemon.analysis.linters.merge import merged
from andiron_daemon.analysis.types import Diagnostic, Edit, Severity
from andiron_daemon.positions import Position, Range


def finding(
    source: str, rule: str, line: int = 0, start: int = 0, end: int = 5, severity: Severity = "warning"
) -> Diagnostic:
    place = Range(Position(line, start), Position(line, end))
    return Diagnostic(source=source, rule=rule, severity=severity, message=rule, range=place)


def told(*groups: list[Diagnostic]) -> list[tuple[str, str]]:
    return [(one.source, one.rule) for one in merged(groups)]


def test_the_same_matter_at_touching_places_is_said_once_by_the_linter() -> None:
    assert told([finding("ruff", "S307", start=2)], [finding("andiron", "eval-on-input", start=0)]) == [
        ("ruff", "S307")
    ]


def test_the_same_rule_of_two_linters_is_said_once() -> None:
    assert told([finding("oxlint", "no-debugger")], [finding("eslint", "no-debugger")]) == [("oxlint", "no-debugger")]
    names = told(
        [finding("oxlint", "typescript/no-explicit-any")], [finding("eslint", "@typescript-eslint/no-explicit-any")]
    )
    assert names == [("oxlint", "typescript/no-explicit-any")]


def test_another_matter_or_another_place_stays() -> None:
    assert len(told([finding("ruff", "S307")], [finding("andiron", "empty-catch")])) == 2
    assert len(told([finding("ruff", "S307")], [finding("andiron", "eval-on-input", start=8, end=12)])) == 2
    assert len(told([finding("ruff", "S307")], [finding("andiron", "eval-on-input", line=1)])) == 2


def test_sources_that_know_no_ends_are_compared_by_line() -> None:
    one = finding("clang-tidy", "clang-analyzer-core.DivideZero", start=30, end=31)
    assert told([one], [finding("cppcheck", "zerodiv", start=2, end=3)]) == [("clang-tidy", one.rule)]


def test_two_faults_on_a_line_stay_two() -> None:
    clang = [finding("clang-tidy", "clang-diagnostic-array-bounds", start=at, end=at + 1) for at in (3, 20)]
    cppcheck = [finding("cppcheck", "arrayIndexOutOfBounds", start=at, end=at + 1) for at in (2, 19)]
    assert len(told(clang, cppcheck)) == 2
    assert len(told(clang[:1], cppcheck)) == 2


def test_what_one_source_says_twice_of_different_things_stays() -> None:
    assert len(told([finding("ruff", "F401", end=5), finding("ruff", "F401", end=6)])) == 2
    assert len(told([finding("ruff", "F401"), finding("ruff", "F401")])) == 1


def test_the_graver_severity_the_fix_and_the_address_survive() -> None:
    edit = Edit(range=Range(Position(0, 0), Position(0, 1)), new_text="")
    weak = finding("oxlint", "no-debugger", severity="hint")
    place = weak.range
    strong = Diagnostic(
        source="eslint", rule="no-debugger", severity="error", message="x", range=place, fix=(edit,), url="https://x"
    )
    [one] = merged([[weak], [strong]])
    assert (one.source, one.severity, one.fix, one.url) == ("oxlint", "error", (edit,), "https://x")


def test_the_order_is_that_of_the_text_whatever_came_first() -> None:
    findings = [
        finding("ruff", "B", line=1),
        finding("ruff", "A", line=1),
        finding("ruff", "C", line=1, severity="error"),
        finding("ruff", "D", line=0, start=3),
    ]
    orders = {tuple(told(list(order))) for order in itertools.permutations(findings)}
    assert orders == {(("ruff", "D"), ("ruff", "C"), ("ruff", "A"), ("ruff", "B"))}
