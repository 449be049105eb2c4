"""What a query's predicates are read as, and what is no predicate."""

import pytest
import tree_sitter

from andiron_daemon.analysis.rules.conditions import Condition, conditions_of
from andiron_daemon.analysis.rules.rule import Rule
from andiron_daemon.analysis.rules.search import compile_rule
from andiron_daemon.syntax.grammars import grammar_of
from andiron_daemon.syntax.languages import language_named


def grammar() -> tree_sitter.Language:
    language = language_named("python")
    assert language is not None
    found = grammar_of(language)
    assert found is not None
    return found


def test_each_pattern_has_its_own_conditions() -> None:
    text = (
        '; (a comment)\n(call function: (identifier) @e.x (#word? @e.x "eval" exec)) @report\n'
        "(pass_statement) @report\n"
        '((binary_operator left: (_) @a right: (_) @b) (#same? @a @b) (#not-text? @a "a\\"\\\\b\\n")) @report\n'
    )
    found = conditions_of(tree_sitter.Query(grammar(), text), text)
    assert found == (
        (Condition("word?", ("e.x",), ("eval", "exec")),),
        (),
        (Condition("same?", ("a", "b"), ()), Condition("not-text?", ("a",), ('a"\\b\n',))),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('((identifier) @report (#like? @report "x"))', "a-rule: there is no predicate like?"),
        ("((identifier) @report (#eq? @report @report))", "a-rule: there is no predicate eq?"),
        ('((identifier) @report (#word? "x" "y"))', "is about no capture"),
        ('((identifier) @report (#set! a "b"))', "cannot be read"),
        ("((identifier) @report", "a-rule: "),
        ("((no_such_node) @report)", "a-rule: "),
    ],
)
def test_what_nobody_can_answer_is_told_when_a_rule_is_compiled(text: str, expected: str) -> None:
    rule = Rule(id="a-rule", severity="error", message="x", queries={"python": text})
    with pytest.raises(ValueError, match=r"^a-rule: ") as caught:
        compile_rule(rule, text, grammar())
    assert expected in str(caught.value)
