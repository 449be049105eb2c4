"""Values put into YAML, comments and order left as they are."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from andiron_daemon.connect.errors import ConnectError

# A list whose dashes stand right below its name.
_FLUSH_LIST = re.compile(r"^( *)[\w\"'-]+:[ \t]*(?:#[^\n]*)?\n\1- ", re.MULTILINE)


def merged(text: str, wanted: Mapping[str, Any], keeps: Sequence[str] = ()) -> str:
    """Put values into a document: tables into tables, rows of lists by their `name`, all else in place of what was.

    Args:
        text: the document.
        wanted: the values.
        keeps: names at the top whose values are left as they are where there are any.

    Raises:
        ConnectError: the text is no YAML, or holds something else than a table.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    if _FLUSH_LIST.search(text):
        yaml.indent(mapping=2, sequence=2, offset=0)
    else:
        yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        document = yaml.load(text)
    except YAMLError as error:
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise ConnectError(
            f"the file is no YAML: {problem}", hint="Mend it, or put in by hand what is printed."
        ) from error
    if document is None:
        document = yaml.map()
        if text.strip():
            # Nothing but comments: ruamel has no place to hang them on.
            return text.rstrip("\n") + "\n" + _written(yaml, wanted)
    if not isinstance(document, dict):
        raise ConnectError("the file does not hold a table", hint="Put in by hand what is printed.")
    _put(document, {name: value for name, value in wanted.items() if name not in keeps or name not in document})
    return _written(yaml, document)


def _written(yaml: Any, document: Any) -> str:
    stream = io.StringIO()
    yaml.dump(document if not isinstance(document, Mapping) or isinstance(document, dict) else dict(document), stream)
    return stream.getvalue()


def _put(table: Any, wanted: Mapping[str, Any]) -> None:
    for name, value in wanted.items():
        there = table.get(name)
        if isinstance(value, Mapping) and isinstance(there, dict):
            _put(there, value)
        elif isinstance(value, list) and isinstance(there, list) and _has_names(value):
            _put_rows(there, value)
        elif there != value:
            table[name] = value


def _put_rows(rows: Any, wanted: Sequence[Mapping[str, Any]]) -> None:
    by_name = {row.get("name"): row for row in rows if isinstance(row, dict)}
    for value in wanted:
        if value["name"] in by_name:
            _put(by_name[value["name"]], value)
        else:
            rows.append(dict(value))


def _has_names(rows: Sequence[Any]) -> bool:
    return bool(rows) and all(isinstance(row, Mapping) and "name" in row for row in rows)
