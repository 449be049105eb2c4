"""What can be told of Python tests without running them: calls that cannot work, and the values they claim.

Parsed by Python's own parser, never compiled to be run.
"""

import ast
from collections.abc import Iterator, Sequence

import msgspec


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A test says that a call gives a value; the value as it stands, and the lines that say it."""

    value: str
    first: int
    last: int


class PythonTest(msgspec.Struct, frozen=True, kw_only=True):
    """One test function: its lines, from zero and half-open, and what is known of it."""

    name: str
    first: int
    last: int
    is_possible: bool
    assertions: int
    claims: tuple[Claim, ...]


def python_tests(body: str, source: str, names: set[str]) -> tuple[PythonTest, ...]:
    """List the test functions of a body; empty where Python cannot parse one or the other."""
    try:
        tests, module = ast.parse(body), ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    signatures = {
        node.name: node.args for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    return tuple(
        PythonTest(
            name=node.name,
            first=min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1,
            last=node.end_lineno or node.lineno,
            assertions=sum(isinstance(inner, ast.Assert) for inner in ast.walk(node)),
            is_possible=all(_fits(call, signatures) for call in _calls(node)) or _expects_failure(node),
            claims=tuple(_claims(node, body, names)),
        )
        for node in tests.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    )


def without(body: str, dropped: Sequence[PythonTest | Claim]) -> str:
    """Take tests, or what they claim, out of a body."""
    lines = body.split("\n")
    for test in sorted(dropped, key=lambda one: one.first, reverse=True):
        del lines[test.first : test.last]
    return "\n".join(lines).strip("\n")


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name):
            yield inner


def _fits(call: ast.Call, signatures: dict[str, ast.arguments]) -> bool:
    """Tell whether a call has as many arguments as the function takes, by the names it has."""
    assert isinstance(call.func, ast.Name)
    arguments = signatures.get(call.func.id)
    if arguments is None or any(isinstance(one, ast.Starred) for one in call.args):
        return True
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    named = [one.arg for one in arguments.kwonlyargs]
    given = [keyword.arg for keyword in call.keywords]
    if None in given:
        return True
    if len(call.args) > len(positional) and arguments.vararg is None:
        return False
    if arguments.kwarg is None and any(name not in (*positional, *named) for name in given):
        return False
    needed = positional[len(call.args) : len(positional) - len(arguments.defaults)]
    return all(name in given for name in needed)


def _expects_failure(node: ast.AST) -> bool:
    return any(
        isinstance(inner, ast.Attribute) and inner.attr in ("raises", "assertRaises") for inner in ast.walk(node)
    )


def _claims(node: ast.AST, body: str, names: set[str]) -> Iterator[Claim]:
    for inner in ast.walk(node):
        if not isinstance(inner, ast.Assert):
            continue
        test = inner.test
        call: ast.expr = test
        value: str | None = "True"
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            call, value = test.operand, "False"
        elif isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq | ast.Is):
            call, value = test.left, ast.get_source_segment(body, test.comparators[0])
        if _is_call_of(call, names) and value and _is_literal(value):
            yield Claim(value=value, first=inner.lineno - 1, last=inner.end_lineno or inner.lineno)


def _is_call_of(node: ast.expr, names: set[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return False
    return True
