from collections.abc import Iterator

import pytest

from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths
from andiron_testing.stub_daemon import StubDaemon, stub_daemon

_ROUTE = "GET /api/v1/models"


@pytest.fixture
def stub(paths: Paths) -> Iterator[StubDaemon]:
    with stub_daemon(paths) as running:
        yield running


def test_the_models_are_listed_for_programs_by_tabs(stub: StubDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    tiny = {"id": "tiny", "backend": "local", "state": "loaded", "context_length": 8192, "size_bytes": 98_000_000}
    cloud = {"id": "big", "backend": "openai", "state": "available", "context_length": None, "size_bytes": None}
    models = [
        {**tiny, "can_chat": True, "can_infill": True, "fits": "yes"},
        {**cloud, "can_chat": True, "can_infill": False},
    ]
    stub.routes[_ROUTE] = (200, {"models": models})
    assert main(["models", "list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "model\tbackend\tstate\tcontext\tsize\tgood for\tfits",
        "tiny\tlocal\tloaded\t8192\t98 MB\tchat, completion\tyes",
        "big\topenai\tavailable\t\t\tchat\t",
    ]


def test_no_model_is_said(stub: StubDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    stub.routes[_ROUTE] = (200, {"models": []})
    assert main(["models", "list"]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "There is no model yet. See `andiron models available`.\n")
