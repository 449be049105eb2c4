"""Settings that change while the daemon runs."""

import asyncio
import datetime
from typing import Any

import pytest

from andiron_daemon.paths import Paths
from andiron_daemon.settings import Settings, load_settings
from andiron_testing.daemons import TOKEN, DaemonClient, StartDaemon, error_of
from andiron_testing.scripted import ScriptedBackend

PATH = "/api/v1/settings"
GAP = {"prefix": "def add(a, b):\n    return ", "suffix": "\n"}


async def change(daemon: DaemonClient, **fields: object) -> dict[str, Any]:
    response = await daemon.patch(PATH, json=fields)
    assert response.status == 200, await response.text()
    body: dict[str, Any] = await response.json()
    return body


async def complete(daemon: DaemonClient) -> dict[str, Any]:
    response = await daemon.post("/api/v1/code/complete", json=GAP)
    body: dict[str, Any] = await response.json()
    return body


async def written(paths: Paths) -> Settings:
    return await asyncio.to_thread(load_settings, paths)


def in_an_hour() -> str:
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)).isoformat()


async def test_what_may_change_is_shown_with_what_there_is_to_choose(daemon: DaemonClient) -> None:
    assert await (await daemon.get(PATH)).json() == {
        "backend": "local",
        "backends": ["auto", "local"],
        "chat_model": None,
        "completion_model": None,
        "completions_paused_until": None,
        "until_restart": [],
    }


async def test_another_backend_answers_from_the_next_request_on(start_daemon: StartDaemon, paths: Paths) -> None:
    backends = {"local": ScriptedBackend("local"), "openai": ScriptedBackend("openai")}
    daemon = await start_daemon(backends=backends)
    assert (await change(daemon, backend="openai"))["backend"] == "openai"
    answer = await (await daemon.post("/api/v1/chat/message", json={"message": "hello"})).json()
    assert answer["backend"] == "openai"
    assert (await written(paths)).backend == "openai"
    status = await (await daemon.get("/api/v1/status")).json()
    assert (status["runtime"]["backend"], status["settings"]["backend"]) == ("openai", "openai")


async def test_each_role_has_a_local_model_of_its_own(start_daemon: StartDaemon, paths: Paths) -> None:
    local = ScriptedBackend("local", "a", more_models=("b", "c"))
    daemon = await start_daemon(backends={"local": local})
    body = await change(daemon, chat_model="b", completion_model="c")
    assert (body["chat_model"], body["completion_model"]) == ("b", "c")
    chat = await (await daemon.post("/api/v1/chat/message", json={"message": "hello"})).json()
    assert (chat["model"], (await complete(daemon))["model"]) == ("b", "c")
    await change(daemon, chat_model=None)
    assert local.chosen == {"chat": None, "infill": "c"}
    kept = await written(paths)
    assert (kept.chat_model, kept.completion_model) == ("", "c")


async def test_a_model_chosen_for_here_is_not_asked_of_the_cloud(start_daemon: StartDaemon) -> None:
    cloud = ScriptedBackend("openai")
    daemon = await start_daemon(backends={"local": ScriptedBackend("local", "a"), "openai": cloud})
    await change(daemon, chat_model="a", backend="openai")
    await daemon.post("/api/v1/chat/message", json={"message": "hello"})
    assert [request.model for request in cloud.requests] == [None]


async def test_suggestions_of_the_model_before_are_not_served(start_daemon: StartDaemon) -> None:
    local = ScriptedBackend("local", "a", more_models=("b",))
    daemon = await start_daemon(backends={"local": local})
    await complete(daemon)
    assert (await complete(daemon))["cached"] == "exact"
    await change(daemon, completion_model="b")
    assert (await complete(daemon))["cached"] == "no"


async def test_paused_completions_are_empty_and_say_why(daemon: DaemonClient, backend: ScriptedBackend) -> None:
    until = in_an_hour()
    body = await change(daemon, completions_paused_until=until)
    assert datetime.datetime.fromisoformat(body["completions_paused_until"]) == datetime.datetime.fromisoformat(until)
    answer = await complete(daemon)
    assert (answer["completions"], answer["reason"]) == ([], "paused")
    assert backend.requests == []
    assert (await daemon.post("/api/v1/chat/message", json={"message": "hello"})).status == 200
    await change(daemon, completions_paused_until=None)
    assert (await complete(daemon)).get("reason") != "paused"


async def test_a_pause_outlives_the_daemon(start_daemon: StartDaemon) -> None:
    first = await start_daemon()
    await change(first, completions_paused_until=in_an_hour())
    await first.close()
    second = await start_daemon(backends={"local": ScriptedBackend("local")})
    async with second.get("/api/v1/events") as events:
        async for line in events.content:
            if b'"completions_paused_until":"' in line:
                break
    assert (await complete(second))["reason"] == "paused"


async def test_a_pause_that_is_over_already_is_none(daemon: DaemonClient) -> None:
    body = await change(daemon, completions_paused_until="2001-01-01T00:00:00Z")
    assert body["completions_paused_until"] is None


async def test_what_the_environment_says_wins_again_at_the_next_start(start_daemon: StartDaemon, paths: Paths) -> None:
    sources = {"backend": "environment"}
    daemon = await start_daemon(Settings(token=TOKEN, sources=sources), backends={"local": ScriptedBackend("local")})
    assert (await change(daemon, backend="auto"))["until_restart"] == ["backend"]
    assert not paths.settings_file.exists()


async def test_a_file_that_cannot_be_written_costs_only_the_memory_of_it(daemon: DaemonClient, paths: Paths) -> None:
    paths.settings_file.mkdir(parents=True)
    body = await change(daemon, backend="auto")
    assert (body["backend"], body["until_restart"]) == ("auto", ["backend"])


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"backend": "nobody"}, 400, "there is no backend 'nobody'"),
        ({"backend": 5}, 400, "backend: expected `str`, got `int`"),
        ({"chat_model": "absent"}, 404, "chat_model is 'absent'"),
        ({"completion_model": "../x.gguf"}, 404, "not on this machine"),
        ({"completions_paused_until": "tomorrow"}, 400, "completions_paused_until"),
        ({"completions_paused_until": "2101-01-01T00:00:00"}, 400, "completions_paused_until"),
        ({"completions_paused_until": "2101-01-01T00:00:00Z"}, 400, "more than 7 days"),
    ],
)
async def test_what_cannot_be_meant_changes_nothing(
    daemon: DaemonClient, body: dict[str, object], status: int, words: str
) -> None:
    found, error = await error_of(await daemon.patch(PATH, json={"backend": "auto", **body}))
    assert found == status
    assert words in error["message"]
    assert (await (await daemon.get(PATH)).json())["backend"] == "local"
