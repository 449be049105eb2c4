"""The rules' own examples, every one of them, and what a rule's file must be like."""

import pytest

from andiron_daemon.analysis.rules.rule import Example, Rule, all_rules, read_rule
from andiron_daemon.analysis.rules.search import rules_of, search
from andiron_daemon.syntax.languages import LANGUAGES, language_named
from andiron_daemon.syntax.parse import parse

EXAMPLES = [(rule, example) for rule in all_rules() for example in rule.examples]
FILE = """; id: odd
; severity: warning
; message: This is odd.
;;; query python
(pass_statement) @report
"""


def name_of(value: Rule | Example) -> str:
    return value.id if isinstance(value, Rule) else f"{value.verdict}-{value.language}"


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=name_of)
def test_an_example_is_judged_as_it_says(rule: Rule, example: Example) -> None:
    syntax = parse(example.code, language_named(example.language), limit_seconds=10)
    assert syntax is not None
    assert not syntax.root.has_error, "the example itself must be well-formed"
    found = [finding for finding in search(syntax, limit_seconds=30).diagnostics if finding.rule == rule.id]
    assert tuple(sorted(finding.range.start.line for finding in found)) == example.lines
    assert (example.verdict == "bad") == bool(example.lines)


@pytest.mark.parametrize("rule", all_rules(), ids=name_of)
def test_a_rule_has_good_and_bad_examples_in_each_of_its_languages(rule: Rule) -> None:
    there = {(example.verdict, example.language) for example in rule.examples}
    assert there == {(verdict, language) for language in rule.queries for verdict in ("good", "bad")}


def test_rules_have_names_of_their_own_and_full_sentences() -> None:
    names = [rule.id for rule in all_rules()]
    assert len(names) == len(set(names)) > 20
    assert [rule.id for rule in all_rules() if not rule.message.endswith(".")] == []


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_every_query_fits_its_grammar(language: object) -> None:
    row = language_named(str(getattr(language, "name", "")))
    assert row is not None
    wanted = [rule.id for rule in all_rules() if row.name in rule.queries]
    assert [compiled.rule.id for compiled in rules_of(row)] == wanted


def test_a_file_is_read_as_its_head_says() -> None:
    rule = read_rule(FILE + ";;; bad python\n; if x:\n;>     pass\n", "odd.scm")
    assert (rule.id, rule.severity, rule.message) == ("odd", "warning", "This is odd.")
    assert rule.examples == (Example(verdict="bad", language="python", code="if x:\n    pass\n", lines=(1,)),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FILE.replace("; id: odd\n", ""), "id is missing"),
        (FILE.replace("; id:", "; identity:"), "no fact of a rule"),
        (FILE.replace("warning", "catastrophe"), "no severity 'catastrophe'"),
        (FILE.replace(";;; query", ";;; question"), "begins no section"),
        (FILE.partition(";;;")[0], "a query is missing"),
    ],
)
def test_a_file_that_is_no_rule_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_rule(text, "odd.scm")
