"""Our figures beside those of the tools people know, on real code; where they differ, exactly how is said here."""

import ast
import asyncio
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import lizard  # type: ignore[import-untyped] # it has no types
import mypyc
import pytest
from complexipy import code_complexity
from radon.raw import analyze as radon_lines  # type: ignore[import-untyped] # it has no types
from radon.visitors import ComplexityVisitor  # type: ignore[import-untyped] # it has no types

from andiron_daemon.analysis.static import analyse
from andiron_daemon.analysis.types import Symbol
from andiron_testing.complexipy_view import seen_alike

STANDARD_LIBRARY = Path(asyncio.__file__).parents[1]
MODULES = sorted([*STANDARD_LIBRARY.glob("[a-t]*.py"), *(STANDARD_LIBRARY / "asyncio").glob("*.py")])[::5]
C_FILES = sorted([*Path(mypyc.__file__).parent.glob("lib-rt/*.c"), *Path(mypyc.__file__).parent.glob("lib-rt/*.h")])


def read(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def functions_by_line(code: str, path: str) -> dict[int, Symbol]:
    symbols = analyse(code, path).analysis.symbols
    return {symbol.range.start.line + 1: symbol for symbol in symbols if symbol.complexity is not None}


def radon_functions(module: ComplexityVisitor) -> Iterator[tuple[int, int]]:
    """Say on which line radon has a function, and its complexity; also those inside others."""
    waiting = [*module.functions, *module.classes]
    while waiting:
        block = waiting.pop()
        if hasattr(block, "closures"):
            yield block.lineno, block.complexity
            waiting.extend(block.closures)
        else:
            waiting.extend([*block.methods, *block.inner_classes])


def decisions_in_assertions(tree: ast.AST) -> dict[int, int]:
    """Count what radon passes over: everything inside an assertion; by the line of the function it stands in."""
    counts: dict[int, int] = {}

    def visit(node: ast.AST, line: int, is_inside: bool) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            line = node.lineno
        if is_inside and isinstance(node, ast.BoolOp):
            counts[line] = counts.get(line, 0) + len(node.values) - 1
        elif is_inside and isinstance(node, ast.IfExp):
            counts[line] = counts.get(line, 0) + 1
        elif is_inside and isinstance(node, ast.comprehension):
            counts[line] = counts.get(line, 0) + 1 + len(node.ifs)
        for child in ast.iter_child_nodes(node):
            visit(child, line, is_inside or isinstance(node, ast.Assert))

    visit(tree, 0, False)
    return counts


def outside_of_bodies(tree: ast.AST) -> set[int]:
    """Name the functions with decisions in decorators or defaults, which radon counts for nobody."""
    lines = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            parts = [*node.decorator_list, *node.args.defaults, *(each for each in node.args.kw_defaults if each)]
            if any(isinstance(inner, ast.BoolOp | ast.IfExp) for part in parts for inner in ast.walk(part)):
                lines.add(node.lineno)
    return lines


def test_cyclomatic_complexity_of_python_is_radons_but_for_what_stands_in_assertions() -> None:
    count = 0
    different = []
    for path in MODULES:
        code = read(path)
        tree = ast.parse(code)
        ours = functions_by_line(code, "m.py")
        passed_over = decisions_in_assertions(tree)
        elsewhere = outside_of_bodies(tree)
        for line, theirs in radon_functions(ComplexityVisitor.from_ast(tree)):
            count += 1
            if line not in elsewhere and ours[line].complexity != theirs + passed_over.get(line, 0):
                different.append((path.name, line, ours[line].complexity, theirs))
    assert different == []
    assert count > 700


def test_cognitive_complexity_of_python_is_complexipys_wherever_it_looks() -> None:
    count = 0
    different = []
    for path in MODULES:
        code = seen_alike(read(path))
        ours = functions_by_line(code, "m.py")
        for function in code_complexity(code).functions:
            count += 1
            if ours[function.line_start].cognitive_complexity != function.complexity:
                different.append((path.name, function.name, function.complexity))
    assert different == []
    assert count > 700


@pytest.mark.parametrize(
    ("body", "ours", "theirs"),
    [
        ("return await (a and b)", 1, 0),
        ("return x[a and b]", 1, 0),
        ("g(k=a and b)", 1, 0),
        ("g(f'{a and b}')", 1, 0),
        ("yield a and b", 1, 0),
        ("return (a or b).c", 1, 0),
        ("return (a and b) + (c or d)", 2, 0),
        ("match b:\n  case 1 if a and b: pass", 2, 1),
        ("if any(a for a in b): pass", 2, 2),
        ("return c and any(a for a in b)", 2, 1),
        ("if c:\n  def g():\n   if a: pass", 4, 3),
    ],
)
def test_where_complexipy_counts_otherwise_it_does_so_like_this(body: str, ours: int, theirs: int) -> None:
    code = "async def f(x):\n " + body.replace("\n", "\n ") + "\n"
    assert functions_by_line(code, "m.py")[1].cognitive_complexity == ours
    assert code_complexity(code).functions[0].complexity == theirs


def comments_inside_of_statements(code: str) -> int:
    """Count lines of nothing but comment that radon has as code, since the statement around them goes on."""
    depth = 0
    count = 0
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        depth += (token.string in tuple("([{")) - (token.string in tuple(")]}")) if token.type == tokenize.OP else 0
        count += depth > 0 and token.type == tokenize.COMMENT and token.line.lstrip().startswith("#")
    return count


def test_lines_of_python_are_radons_but_for_comments_inside_of_statements() -> None:
    same = 0
    for path in MODULES:
        code = read(path)
        theirs, ours = radon_lines(code), analyse(code, "m.py").analysis.metrics
        assert (ours.lines, ours.blank_lines) == (theirs.loc, theirs.blank), path
        if re.search(r'"""[ \t]*#', code):
            continue  # with a comment behind it, radon has a docstring as code
        if ours.code_lines == theirs.sloc:
            assert ours.comment_lines == theirs.single_comments + theirs.multi, path
            same += 1
        else:
            assert 0 < theirs.sloc - ours.code_lines <= comments_inside_of_statements(code), path
    assert same > len(MODULES) * 0.8


@pytest.mark.parametrize("language", ["c", "cpp", "go", "java", "javascript", "kotlin", "php", "rust", "swift"])
def test_cyclomatic_complexity_is_lizards(language: str) -> None:
    path = next((Path(__file__).parent / "samples").glob(f"sample_{language}.*"))
    code = read(path)
    symbols = [symbol for symbol in analyse(code, path.name).analysis.symbols if symbol.complexity is not None]
    ours = {symbol.name.rpartition("::")[2]: symbol.complexity for symbol in symbols}
    found = lizard.analyze_file.analyze_source_code(path.name, code).function_list
    theirs = {function.name.rpartition("::")[2]: function.cyclomatic_complexity for function in found}
    assert ours == theirs
    assert len(ours) >= 3


def test_cyclomatic_complexity_of_real_c_is_lizards_but_for_conditions_of_the_preprocessor() -> None:
    count = 0
    different = []
    for path in C_FILES:
        code = path.read_text(encoding="utf-8")
        looked = analyse(code, path.name)
        if looked.syntax is None or looked.syntax.root.has_error:
            continue
        ours = {symbol.name: symbol for symbol in looked.analysis.symbols if symbol.complexity is not None}
        for function in lizard.analyze_file.analyze_source_code(path.name, code).function_list:
            if function.name in ours:
                lines = code.splitlines()[function.start_line - 1 : function.end_line]
                if any(re.match(r"\s*#\s*(el)?if.*(&&|\|\|)", line) for line in lines):
                    continue  # lizard does not count what the preprocessor decides by
                count += 1
                if ours[function.name].complexity != function.cyclomatic_complexity:
                    different.append((path.name, function.name, function.cyclomatic_complexity))
    assert different == []
    assert count > 40
