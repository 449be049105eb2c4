"""Every grammar loads and parses; parsing is bounded."""

import itertools

import pytest

from andiron_daemon.syntax.grammars import grammar_of
from andiron_daemon.syntax.languages import LANGUAGES, Language, language_named
from andiron_daemon.syntax.parse import INLINE_CHARACTERS, parse, parse_aside

PYTHON = language_named("python")

SAMPLES = {
    "python": "def f(x):\n    return x\n",
    "javascript": "function f(x) { return x; }\n",
    "typescript": "function f(x: number): number { return x; }\n",
    "tsx": "const a = <b>{1}</b>;\n",
    "go": "package main\n\nfunc f(x int) int { return x }\n",
    "rust": "fn f(x: i32) -> i32 { x }\n",
    "java": "class A { int f(int x) { return x; } }\n",
    "c": "int f(int x) { return x; }\n",
    "cpp": "template <class T> T f(T x) { return x; }\n",
    "csharp": "class A { int F(int x) { return x; } }\n",
    "ruby": "def f(x)\n  x\nend\n",
    "php": "<?php\nfunction f($x) { return $x; }\n",
    "bash": "f() {\n  echo $1\n}\n",
    "kotlin": "fun f(x: Int): Int { return x }\n",
    "swift": "func f(_ x: Int) -> Int { return x }\n",
    "sql": "SELECT a FROM b WHERE c = 1;\n",
    "html": "<p>x</p>\n",
    "css": "p { color: red; }\n",
    "json": '{"a": [1, 2]}\n',
    "yaml": "a:\n  - 1\n",
    "markdown": "# Title\n\ntext\n",
}


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_every_language_has_a_grammar_that_parses_it(language: Language) -> None:
    syntax = parse(SAMPLES[language.name], language)
    assert syntax is not None
    assert not syntax.root.has_error


@pytest.mark.parametrize(
    "grammar", [None, "tree_sitter_nowhere:language", "tree_sitter_python:nothing", "json:dumps_nothing"]
)
def test_a_language_without_a_working_grammar_has_no_tree(grammar: str | None) -> None:
    language = Language(name="odd", extensions=(), grammar=grammar)
    assert grammar_of(language) is None
    assert parse("x", language) is None
    assert parse("x", None) is None


def test_parsing_that_takes_too_long_is_given_up() -> None:
    assert parse("x = (" * 20_000, PYTHON, limit_seconds=0.0) is None


def test_characters_and_bytes_are_told_apart() -> None:
    syntax = parse("x = '🙂é'; y = 1\n", PYTHON)
    assert syntax is not None
    assert syntax.byte_of(6) == 9
    assert syntax.character_of(9) == 6
    assert syntax.text_of(syntax.node_at(10)) == "y"
    assert syntax.line_of(0) == 0
    assert syntax.line_of(len(syntax.text)) == 1


def test_lone_surrogates_do_not_keep_a_text_from_being_parsed() -> None:
    assert parse("x = '\ud800'\n", PYTHON) is not None


async def test_a_long_text_is_parsed_beside_the_event_loop() -> None:
    text = "x = 1\n" * (INLINE_CHARACTERS // 3)
    syntax = await parse_aside(text, PYTHON)
    assert syntax is not None
    assert syntax.root.named_child_count == INLINE_CHARACTERS // 3


@pytest.mark.parametrize("depth", [0, 1, 9000])
def test_what_a_node_stands_in_is_found_from_the_innermost_outwards(depth: int) -> None:
    text = "x = " + "[" * depth + "1" + "]" * depth
    syntax = parse(text, language_named("python"), limit_seconds=10)
    assert syntax is not None
    nodes = syntax.around(syntax.node_at(text.index("1") + 1 if not depth else text.index("1")))
    assert nodes[-1] == syntax.root
    assert sum(node.type == "list" for node in nodes) == depth
    assert all(inner.start_byte >= outer.start_byte for inner, outer in itertools.pairwise(nodes))
