"""The description of the API: that it is valid, says all there is, and that what it gives to try works."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from andiron_daemon.api.examples import EXAMPLES
from andiron_daemon.api.openapi import make_document
from andiron_daemon.api.openapi_errors import MEANINGS, codes_of
from andiron_daemon.api.route import JSON, Route
from andiron_daemon.api.routes import ROUTES
from andiron_daemon.cli.main import main
from andiron_daemon.errors import http_status
from andiron_testing.daemons import DaemonClient, StartDaemon
from andiron_testing.scripted import ScriptedBackend

_CHECKOUT = Path(__file__).resolve().parents[3]
DOCUMENT = make_document(ROUTES)
_EXAMPLES = [(route, name) for route, found in EXAMPLES.items() for name in found]


def operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][route.plain_path][route.method.lower()]
    return found


def test_the_document_is_valid() -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []
    assert DOCUMENT["openapi"].startswith("3.1.")


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if not route.is_page], ids=lambda route: f"{route.method} {route.path}"
)
def test_every_route_is_described_with_its_ways_to_fail(route: Route) -> None:
    described = operation(route)
    assert described["summary"]
    assert described["responses"][str(route.status)]
    assert ("security" in described and described["security"] == []) == route.is_open
    assert ("requestBody" in described) == (route.request is not None)
    for code in codes_of(route):
        assert code in MEANINGS, f"openapi_errors does not say what {code} means"
        assert f"`{code}`" in described["responses"][str(http_status(code))]["description"]


def test_every_name_is_told_once() -> None:
    operations = [one for path in DOCUMENT["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations]
    assert len(set(names)) == len(names)
    assert {tag for one in operations for tag in one["tags"]} == {tag["name"] for tag in DOCUMENT["tags"]}


def test_pages_are_no_part_of_it() -> None:
    assert not {"/docs", "/static/{file}"} & set(DOCUMENT["paths"])


def test_a_stream_tells_its_events() -> None:
    content = DOCUMENT["paths"]["/api/v1/chat/message"]["post"]["responses"]["200"]["content"]
    assert set(content) == {JSON, "text/event-stream"}
    events = [event["properties"]["event"]["const"] for event in content["text/event-stream"]["schema"]["oneOf"]]
    assert set(events) >= {"start", "delta", "done", "error"}


def test_the_socket_is_described_in_words() -> None:
    described = DOCUMENT["paths"]["/ws"]["get"]
    assert "code_analysis" in described["x-websocket"]["description"]
    assert described["x-websocket"]["client"] == {"$ref": "#/components/schemas/Frame"}


async def test_it_is_served_to_anybody(start_daemon: StartDaemon) -> None:
    response = await (await start_daemon(token=None)).get("/openapi.json")
    assert (response.status, await response.json()) == (200, DOCUMENT)


@pytest.fixture
async def places(daemon: DaemonClient, backend: ScriptedBackend) -> dict[str, str]:
    """What stands for `{id}` in paths: a conversation and a completion that are there."""
    backend.enqueue("First.", "a + b")
    chat = await (await daemon.post("/api/v1/chat/message", json={"message": "Hello."})).json()
    completion = await (await daemon.post("/api/v1/code/complete", json={"prefix": "def f():\n    return "})).json()
    return {"conversations": chat["conversation_id"], "complete": completion["id"]}


def _native(route: str) -> bool:
    return route.partition(" ")[2].startswith("/api/v1/") and "stream" not in route


@pytest.mark.parametrize(("route", "name"), [example for example in _EXAMPLES if _native(example[0])])
async def test_an_example_is_answered_as_described(
    daemon: DaemonClient, backend: ScriptedBackend, places: dict[str, str], route: str, name: str
) -> None:
    method, _, path = route.partition(" ")
    described = DOCUMENT["paths"][path][method.lower()]
    for word, identifier in places.items():
        path = path.replace(f"{word}/{{id}}", f"{word}/{identifier}")
    check(EXAMPLES[route][name], described["requestBody"]["content"][JSON]["schema"])
    response = await daemon.request(method, path, json=EXAMPLES[route][name])
    assert str(response.status) in described["responses"], await response.text()
    assert response.status < 300, await response.text()
    if response.status != 204:
        check(await response.json(), described["responses"][str(response.status)]["content"][JSON]["schema"])


def test_every_example_belongs_to_a_route() -> None:
    assert set(EXAMPLES) <= {f"{route.method} {route.plain_path}" for route in ROUTES if route.request is not None}


def check(instance: Any, schema: dict[str, Any]) -> None:
    """Fail if a body is not what the document says."""
    whole = {**schema, "components": DOCUMENT["components"]}
    OAS31Validator(whole).validate(instance)


def test_the_page_for_readers_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["api", "--markdown"]) == 0
    page = (_CHECKOUT / "docs" / "api.md").read_text(encoding="utf-8")
    assert page == capsys.readouterr().out, "run: andiron api --markdown > docs/api.md"


def test_the_command_prints_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["api"]) == 0
    assert json.loads(capsys.readouterr().out) == DOCUMENT


def test_the_description_is_the_same_in_every_process() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "andiron_daemon", "api"], capture_output=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == DOCUMENT
