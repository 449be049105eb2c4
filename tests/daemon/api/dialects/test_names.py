"""Which model a client means by a name."""

import pytest

from andiron_daemon.settings import Settings
from andiron_testing.daemons import TOKEN, StartDaemon
from andiron_testing.scripted import ScriptedBackend

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize(
    ("name", "backend", "model"),
    [
        (None, "local", "scripted-1"),
        ("", "local", "scripted-1"),
        ("default", "local", "scripted-1"),
        ("scripted-1:latest", "local", "scripted-1"),
        ("local/scripted-1", "local", "scripted-1"),
        ("openai/gpt-1", "openai", "gpt-1"),
        ("openai/", "openai", "gpt-1"),
    ],
)
async def test_a_name_chooses_model_and_backend(
    start_daemon: StartDaemon, name: str | None, backend: str, model: str
) -> None:
    backends = {"local": ScriptedBackend("local"), "openai": ScriptedBackend("openai", "gpt-1")}
    daemon = await start_daemon(Settings(token=TOKEN), backends=backends)
    answer = await (await daemon.post("/v1/chat/completions", json={"model": name, "messages": HELLO})).json()
    assert (answer["backend"], answer["model"]) == (backend, model)


@pytest.mark.parametrize("name", ["gpt-1", "elsewhere/gpt-1", "openai/gpt-9"])
async def test_a_name_nobody_here_has_is_an_error(start_daemon: StartDaemon, name: str) -> None:
    backends = {"local": ScriptedBackend("local"), "openai": ScriptedBackend("openai", "gpt-1")}
    daemon = await start_daemon(Settings(token=TOKEN), backends=backends)
    response = await daemon.post("/v1/chat/completions", json={"model": name, "messages": HELLO})
    assert (response.status, (await response.json())["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize(
    ("policy", "ids"),
    [("local", ["scripted-1"]), ("auto", ["scripted-1", "openai/gpt-1"]), ("openai", ["gpt-1", "local/scripted-1"])],
)
async def test_the_list_has_what_the_policy_lets_answer(start_daemon: StartDaemon, policy: str, ids: list[str]) -> None:
    backends = {"local": ScriptedBackend("local"), "openai": ScriptedBackend("openai", "gpt-1")}
    daemon = await start_daemon(Settings(token=TOKEN, backend=policy), backends=backends)
    listed = (await (await daemon.get("/v1/models")).json())["data"]
    assert [model["id"] for model in listed] == ids


async def test_a_backend_that_cannot_continue_text_says_so(start_daemon: StartDaemon) -> None:
    daemon = await start_daemon(Settings(token=TOKEN), backends={"local": ScriptedBackend("local")})
    response = await daemon.post("/v1/completions", json={"prompt": "Once"})
    error = (await response.json())["error"]
    assert response.status == 400
    assert "cannot continue a text" in error["message"]
