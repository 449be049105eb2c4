"""Building the services from the settings."""

import pytest

from andiron_daemon.errors import ConfigurationError
from andiron_daemon.paths import Paths
from andiron_daemon.services import backend_configuration, build_services
from andiron_daemon.settings import Settings
from andiron_testing.daemons import TOKEN, StartDaemon, error_of
from andiron_testing.scripted import ScriptedBackend

OPEN_DATABASE = "GET /health"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (Settings(token=""), "no token"),
        (Settings(auth=False, host="0.0.0.0"), "ANDIRON_AUTH"),
        (Settings(token=TOKEN, database_url="postgresql://host/db"), "DATABASE_URL"),
        (Settings(token=TOKEN, backend="nope"), "ANDIRON_BACKEND"),
    ],
)
async def test_settings_that_cannot_be_meant_together_stop_the_start(
    settings: Settings, told: str, paths: Paths, backend: ScriptedBackend
) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        async with build_services(settings, paths, {"local": backend}):
            pass
    assert caught.value.hint
    assert not paths.database_file.exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
async def test_without_a_token_a_loopback_is_enough(host: str, paths: Paths, backend: ScriptedBackend) -> None:
    async with build_services(Settings(auth=False, host=host), paths, {"local": backend}):
        pass


def test_the_backends_are_told_what_the_settings_say(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDIRON_MYPLUGIN_URL", "http://there")
    monkeypatch.setenv("ANDIRON_TOKEN", "not for plug-ins")
    settings = Settings(chat_model="m", gpu_layers=-1, openai_api_key="k", openai_model="o", threads=3)
    told = backend_configuration(settings, paths)
    assert (told.local.chat_model, told.local.completion_model, told.local.threads) == ("m", None, 3)
    assert told.local.gpu_layers is None
    assert (told.openai.api_key, told.openai.model, told.openai.base_url) == ("k", "o", None)
    assert told.extra["ANDIRON_MYPLUGIN_URL"] == "http://there"
    assert "ANDIRON_TOKEN" not in told.extra


async def test_the_registered_backends_are_there_without_being_loaded(paths: Paths) -> None:
    async with build_services(Settings(token=TOKEN), paths) as services:
        assert {"local", "openai"} <= set(services.backends)


@pytest.mark.parametrize(
    ("content", "reason"), [(b"garbage" * 100, "damaged"), (b"SQLite format 3\0" + b"\0" * 43 + b"\x63" * 41, "newer")]
)
async def test_a_database_that_cannot_be_opened_leaves_the_rest_working(
    start_daemon: StartDaemon, paths: Paths, content: bytes, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    paths.data.mkdir(parents=True)
    paths.database_file.write_bytes(content)
    daemon = await start_daemon()
    assert (await daemon.get("/health")).status == 200
    completed = await daemon.post("/api/v1/code/complete", json={"prefix": "x"})
    assert completed.status == 200

    status, error = await error_of(await daemon.post("/api/v1/chat/message", json={"message": "hello"}))
    assert (status, error["code"]) == (500, "internal")
    assert reason in error["message"]
    assert error["hint"]
    storage = (await (await daemon.get("/api/v1/status")).json())["storage"]
    assert reason in storage["error"]["message"]
    assert "the chat cannot keep anything" in caplog.text
    await daemon.close()
    assert paths.database_file.read_bytes() == content
