"""docs/api.md, made of the OpenAPI document: what there is to read about the API without a running daemon."""

from collections.abc import Iterable
from typing import Any

import msgspec

from andiron_daemon.api.route import EVENT_STREAM, JSON

_REF = "#/components/schemas/"
_HEAD = """\
# The API

<!-- made by `andiron api --markdown`; a test compares -->

A running daemon shows the same at `/docs`, to try (`andiron open`), and at `/openapi.json`, for programs.

"""


def make_page(document: dict[str, Any]) -> str:
    """Write the document as Markdown."""
    lines = [_HEAD + document["info"]["description"].strip(), ""]
    schemes = document["components"]["securitySchemes"]
    lines += ["## Who may ask", "", schemes["token"]["description"], ""]
    lines += [f"- {_scheme(scheme)}" for scheme in schemes.values()]
    lines.append("")
    for tag in document["tags"]:
        lines += [f"## {tag['name']}", "", tag["description"], ""]
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if tag["name"] in operation["tags"]:
                    lines += _operation(method.upper(), path, operation)
    lines += ["## Types", "", "A field with a default may be left out; the others are always there.", ""]
    for name, schema in sorted(document["components"]["schemas"].items()):
        lines += _structure(name, schema)
    return "\n".join(lines).rstrip("\n") + "\n"


def _scheme(scheme: dict[str, Any]) -> str:
    if scheme["type"] == "http":
        return "`Authorization: Bearer TOKEN`"
    where = "the header" if scheme["in"] == "header" else "the cookie"
    return f"{where} `{scheme['name']}`: {scheme['description']}"


def _operation(method: str, path: str, operation: dict[str, Any]) -> list[str]:
    lines = [f"### {method} {path}", "", f"{operation['summary']}."]
    if operation.get("security") == []:
        lines[-1] += " Open without a token."
    lines += ["", *([operation["description"].strip(), ""] if "description" in operation else [])]
    asked = [
        f"- `{parameter['name']}` in the {parameter['in']}: {_kind(parameter['schema'])}"
        for parameter in operation.get("parameters", ())
    ]
    body = operation.get("requestBody")
    if body is not None:
        asked.append(
            f"- body: {_kind(body['content'][JSON]['schema'])}" + ("" if body["required"] else ", may be left out")
        )
    lines += [*asked, *_answers(operation["responses"])]
    if body is not None:
        lines += _examples(body["content"][JSON].get("examples", {}))
    return [*lines, ""]


def _answers(responses: dict[str, Any]) -> Iterable[str]:
    failures = []
    for status, response in responses.items():
        if int(status) >= 400:
            failures.append(status)
            continue
        told = [_content(kind, content) for kind, content in response.get("content", {}).items()]
        yield f"- {status}: {' or '.join(told) or response['description'].rstrip('.').lower()}"
    if failures:
        yield f"- fails with {', '.join(failures)}"


def _content(kind: str, content: dict[str, Any]) -> str:
    if kind == EVENT_STREAM:
        fields = [event["properties"] for event in content["schema"].get("oneOf", ())]
        events = ", ".join(f"`{one['event']['const']}` {_kind(one['data']['contentSchema'])}" for one in fields)
        return f"events: {events}" if events else "events"
    return _kind(content["schema"]) if kind == JSON else f"`{kind}`"


def _examples(examples: dict[str, Any]) -> Iterable[str]:
    for name, example in examples.items():
        text = msgspec.json.format(msgspec.json.encode(example["value"]), indent=2).decode()
        yield from ("", f"For example, {name}:", "", "```json", text, "```")


def _structure(name: str, schema: dict[str, Any]) -> list[str]:
    lines = [f"### {name}", "", " ".join(schema.get("description", "").split()), ""]
    if "properties" not in schema:
        return [*lines, _kind(schema), ""]
    lines += ["| field | type | default |", "|---|---|---|"]
    required = schema.get("required", ())
    for field, kind in schema["properties"].items():
        default = "" if field in required else _default(kind)
        lines.append(f"| `{field}` | {_kind(kind)} | {default} |")
    return [*lines, ""]


def _default(kind: dict[str, Any]) -> str:
    return f"`{msgspec.json.encode(kind['default']).decode()}`" if "default" in kind else "its own"


def _kind(schema: dict[str, Any]) -> str:
    """Say a type in few words."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REF)
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_kind(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{msgspec.json.encode(value).decode()}`" for value in schema["enum"])
    return _plain_kind(schema)


def _plain_kind(schema: dict[str, Any]) -> str:
    if not schema:
        return "JSON"
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}" if schema.get("items") else "list"
    if schema.get("type") == "object":
        values = schema.get("additionalProperties")
        return f"object of {_kind(values)}" if isinstance(values, dict) and values else "object"
    return f"{schema.get('type', 'anything')}{_range(schema)}"


def _range(schema: dict[str, Any]) -> str:
    """Say the bounds of a number or a text."""
    low = schema.get("minimum", schema.get("minLength"))
    high = schema.get("maximum", schema.get("maxLength"))
    if low is None and high is None:
        return ""
    return f" from {low} to {high}" if None not in (low, high) else f" {'from' if high is None else 'to'} {low or high}"
