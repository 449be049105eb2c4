"""The OpenAPI 3.1 document, made of the table of routes and the types in it; nothing is described by hand twice.

What a row says becomes an operation here; `openapi_errors` says how each can fail, `examples` what to try.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp import web

from andiron_daemon import __version__, keys
from andiron_daemon.answers import Started, TextDelta
from andiron_daemon.api.examples import EXAMPLES
from andiron_daemon.api.openapi_errors import error_body, error_responses
from andiron_daemon.api.openapi_prose import ABOUT, ABOUT_TOKENS, TAGS, WEBSOCKET, tag_of
from andiron_daemon.api.route import EVENT_STREAM, JSON, Route
from andiron_daemon.api.ws.messages import Frame
from andiron_daemon.failure import ErrorBody

_REF = "#/components/schemas/{name}"
_WITH_TOKEN: list[dict[str, list[str]]] = [{"token": []}, {"key": []}]
_WITH_SESSION: list[dict[str, list[str]]] = [*_WITH_TOKEN, {"session": []}]
_SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": ABOUT_TOKENS},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same token."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "andiron_session_8000",
        "description": "What a browser gets for a one-time link (`andiron open`); named by the daemon's port.",
    },
}


async def show(request: web.Request) -> web.Response:
    """Answer with the document."""
    return web.Response(body=request.app[keys.DESCRIPTION](), content_type=JSON)


def encode_document(routes: Iterable[Route]) -> bytes:
    """Make the document as JSON."""
    return msgspec.json.encode(make_document(routes))


def make_document(routes: Iterable[Route]) -> dict[str, Any]:
    """Make the document of every route but the pages."""
    described = [route for route in routes if not route.is_page]
    schemas = _Schemas(described)
    paths: dict[str, dict[str, Any]] = {}
    for route in described:
        paths.setdefault(route.plain_path, {})[route.method.lower()] = _operation(route, schemas)
    used = {tag_of(route) for route in described}
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Andiron",
            "version": __version__,
            "summary": "A coding assistant on your own machine.",
            "description": ABOUT,
            "license": {"name": "MIT"},
        },
        "servers": [{"url": "/", "description": "This daemon."}],
        "security": _WITH_SESSION,
        "tags": [{"name": name, "description": text} for name, text in TAGS.items() if name in used],
        "paths": paths,
        "components": {"schemas": schemas.components, "securitySchemes": _SECURITY_SCHEMES},
    }
    # Defaults may be tuples, which JSON has no word for.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
    return plain


class _Schemas:
    """The schemas of every type in the table, by type; what they share stands in `components`."""

    def __init__(self, routes: Iterable[Route]) -> None:
        kinds: dict[Any, None] = dict.fromkeys((ErrorBody, Frame))
        for route in routes:
            kinds.update(dict.fromkeys(_kinds_of(route)))
        found, self.components = msgspec.json.schema_components(kinds, ref_template=_REF)
        self._by_kind = dict(zip(kinds, found, strict=True))

    def of(self, kind: Any) -> dict[str, Any]:
        """Return the schema of a type in the table, a reference as a rule."""
        schema: dict[str, Any] = self._by_kind[kind]
        return schema

    def fields_of(self, kind: Any) -> dict[str, Any]:
        """Return the schema of a structure, spelled out."""
        schema = self.of(kind)
        name = schema.get("$ref", "").rpartition("/")[2]
        found: dict[str, Any] = self.components[name] if name else schema
        return found


def _kinds_of(route: Route) -> Iterable[Any]:
    yield error_body(route)
    yield from (kind for kind in (route.request, route.response, route.query) if kind is not None)
    if route.can_stream:
        yield from _events_of(route).values()


def _events_of(route: Route) -> dict[str, Any]:
    if route.events is not None:
        return {**route.events, "error": ErrorBody}
    last = {} if route.response is None else {"done": route.response}
    return {"start": Started, "delta": TextDelta, **last, "error": ErrorBody}


def _operation(route: Route, schemas: _Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _identifier(route),
        "tags": [tag_of(route)],
        "summary": route.summary.rstrip("."),
        "description": _described(route),
        "parameters": [*_path_parameters(route), *_query_parameters(route, schemas)],
        "responses": {str(route.status): _success(route, schemas), **error_responses(route, schemas.of)},
    }
    if route.request is not None:
        operation["requestBody"] = _request_body(route, schemas)
    if route.is_open:
        operation["security"] = []
    elif route.needs_token:
        operation["security"] = _WITH_TOKEN
    if route.is_socket:
        operation["x-websocket"] = {"description": WEBSOCKET, "client": schemas.of(Frame)}
    return {name: value for name, value in operation.items() if value not in ("", []) or name == "security"}


def _described(route: Route) -> str:
    texts = [route.description]
    if route.is_socket:
        texts.append(WEBSOCKET)
    if route.can_stream:
        names = ", ".join(f"`{name}`" for name in _events_of(route))
        texts.append(
            f"With `stream: true` in the body, or `Accept: {EVENT_STREAM}`, the answer comes as events: {names}. "
            "Closing the connection cancels the work."
            if JSON in route.media_types
            else f"The answer comes as events: {names}."
        )
    return "\n\n".join(text for text in texts if text)


def _identifier(route: Route) -> str:
    words = "".join(letter if letter.isalnum() else " " for letter in route.plain_path).split()
    return "_".join((route.method.lower(), *words)) if words else f"{route.method.lower()}_root"


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    pieces = (piece for piece in route.plain_path.split("{")[1:])
    names = [piece.partition("}")[0] for piece in pieces]
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(route: Route, schemas: _Schemas) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    structure = schemas.fields_of(route.query)
    required = structure.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _without_null(schema)}
        for name, schema in structure["properties"].items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a query cannot say: that something is null; it is left out instead."""
    kept = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if not kept:
        return schema
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return {**rest, **kept[0]} if len(kept) == 1 else {**rest, "anyOf": kept}


def _request_body(route: Route, schemas: _Schemas) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schemas.of(route.request)}
    examples = EXAMPLES.get(f"{route.method} {route.plain_path}")
    if examples:
        content["examples"] = {name: {"value": value} for name, value in examples.items()}
    return {"required": not route.request_optional, "content": {JSON: content}}


def _success(route: Route, schemas: _Schemas) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for kind in route.media_types if route.status not in (101, 204) else ():
        if kind == JSON:
            content[kind] = {"schema": {} if route.response is None else schemas.of(route.response)}
        elif kind == EVENT_STREAM:
            content[kind] = {"schema": {"type": "object", "description": "One event of the stream, by its fields."}}
        else:
            content[kind] = {"schema": {"type": "string"}}
    if route.can_stream:
        content[EVENT_STREAM] = {"schema": _event_schema(route, schemas)}
    told: dict[str, Any] = {"description": _SUCCESS.get(route.status, "It is done.")}
    if content:
        told["content"] = content
    return told


def _event_schema(route: Route, schemas: _Schemas) -> dict[str, Any]:
    """Describe one event of a stream, as OpenAPI 3.2 will have it: its fields, and what its data holds."""
    return {
        "description": "One event of the stream, by its fields.",
        "oneOf": [
            {
                "type": "object",
                "required": ["event", "data"],
                "properties": {
                    "event": {"const": name},
                    "data": {"type": "string", "contentMediaType": JSON, "contentSchema": schemas.of(kind)},
                },
            }
            for name, kind in _events_of(route).items()
        ],
    }


_SUCCESS = {
    101: "The connection is a WebSocket from here on.",
    200: "The answer.",
    202: "It was taken and is being done.",
    204: "It is done; there is nothing to say.",
}
