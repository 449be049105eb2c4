"""Python code in which complexipy and Andiron see the same: what they differ in is taken out.

complexipy passes over expressions in some places (`PASSED_OVER`, decorators, defaults, keyword arguments, guards),
over a method that calls itself and a function inside another that does; it counts a comprehension in a condition
otherwise than anywhere else, and does not count a function defined inside an `if` or a loop as nested.
"""

import ast
from typing import Any

_NOTHING = ast.Name("nothing", ast.Load())
# Expressions whose inside is not looked at.
PASSED_OVER = (
    ast.Attribute,
    ast.Await,
    ast.BinOp,
    ast.JoinedStr,
    ast.NamedExpr,
    ast.Starred,
    ast.Subscript,
    ast.Yield,
    ast.YieldFrom,
)
_COMPREHENSIONS = (ast.DictComp, ast.GeneratorExp, ast.ListComp, ast.SetComp)
_CONDITIONS = (ast.BoolOp, ast.Compare, ast.UnaryOp)
_BLOCKS = (ast.AsyncFor, ast.AsyncWith, ast.For, ast.If, ast.Match, ast.Try, ast.While, ast.With)


def seen_alike(source: str) -> str:
    """Rewrite a module; comments and layout are lost."""
    return ast.unparse(ast.fix_missing_locations(_Removing().visit(ast.parse(source))))


def _without_logic(operand: ast.expr) -> ast.expr:
    return _NOTHING if isinstance(operand, ast.BoolOp) else operand


class _Removing(ast.NodeTransformer):
    """Takes out what is seen differently."""

    def __init__(self) -> None:
        self._functions: list[str] = []
        self._blocks = 0
        self._conditions = 0

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, PASSED_OVER) or (self._conditions and isinstance(node, _COMPREHENSIONS)):
            return self._recursion_in(node) or _NOTHING
        if isinstance(node, ast.Delete):
            return ast.Pass()
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            return self._definition(node)
        if isinstance(node, ast.match_case):
            node.guard = None
        if isinstance(node, ast.Dict):
            node.keys = [_NOTHING for _ in node.keys]
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            node.test = self._condition(node.test)
        if isinstance(node, ast.Compare):
            node.left = _without_logic(node.left)
            node.comparators = [_without_logic(each) for each in node.comparators]
        if isinstance(node, _CONDITIONS):
            return self._inside_condition(node)
        self._blocks += isinstance(node, _BLOCKS)
        super().generic_visit(node)
        self._blocks -= isinstance(node, _BLOCKS)
        return node

    def visit_Call(self, node: ast.Call) -> Any:
        node.keywords = []
        inner = len(self._functions) > 1 and isinstance(node.func, ast.Name) and node.func.id in self._functions
        if inner or not isinstance(node.func, ast.Name):
            node.func = ast.Name("called", ast.Load())
        return super().generic_visit(node)

    def _definition(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        if self._functions and (self._blocks or isinstance(node, ast.ClassDef)):
            return ast.Pass()
        node.decorator_list = []
        if isinstance(node, ast.ClassDef):
            return super().generic_visit(node)
        node.args.defaults = [_NOTHING for _ in node.args.defaults]
        node.args.kw_defaults = [default and _NOTHING for default in node.args.kw_defaults]
        blocks, self._blocks = self._blocks, 0
        self._functions.append(node.name)
        super().generic_visit(node)
        self._functions.pop()
        self._blocks = blocks
        return node

    def _condition(self, test: ast.expr) -> ast.expr:
        self._conditions += 1
        changed: ast.expr = self.visit(test)
        self._conditions -= 1
        return changed

    def _inside_condition(self, node: ast.AST) -> ast.AST:
        self._conditions += 1
        super().generic_visit(node)
        self._conditions -= 1
        return node

    def _recursion_in(self, node: ast.AST) -> ast.expr | None:
        """Keep a call of a function to itself, which complexipy finds anywhere."""
        for inner in ast.walk(node):
            if (
                len(self._functions) == 1
                and isinstance(inner, ast.Call)
                and isinstance(inner.func, ast.Name)
                and inner.func.id == self._functions[0]
            ):
                return ast.Call(inner.func, [], [])
        return None
