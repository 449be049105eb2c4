"""Spans are measured on a clock that nobody sets; the time of day is for people and for the wire only."""

import ast
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
# What other people's protocols call `created` is a time of day, and identifiers sort by theirs.
_WIRE = ("api/dialects/", "andiron_daemon/identifiers.py")


def _reads_the_time_of_day(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in (("time", "time"), ("time", "time_ns"))
    )


def test_no_span_is_measured_by_the_time_of_day() -> None:
    files = [file for root in ("daemon", "installer", "models", "tray") for file in (_ROOT / root).rglob("*.py")]
    assert len(files) > 100
    found = [
        file.relative_to(_ROOT).as_posix()
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if _reads_the_time_of_day(node)
    ]
    assert [name for name in found if not any(part in name for part in _WIRE)] == []
