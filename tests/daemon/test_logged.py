"""Nothing a person wrote stands in the log, whatever is done and whatever goes wrong."""

import asyncio
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from andiron_daemon.logs import set_up_logging
from andiron_daemon.settings import Settings
from andiron_models.errors import ModelError
from andiron_testing.daemons import TOKEN, StartDaemon
from andiron_testing.scripted import ScriptedBackend

MARKER = "quixotic_marker"


@pytest.fixture(autouse=True)
def no_blocking() -> None:
    """Let the log be written from the event loop, as it is in the daemon."""


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    set_up_logging(tmp_path / "log", debug=True, log_format="json", secrets=(TOKEN,), console=io.StringIO())
    yield tmp_path / "log"
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


async def test_no_text_and_no_token_is_logged(
    start_daemon: StartDaemon, backend: ScriptedBackend, log_file: Path
) -> None:
    cloud = ScriptedBackend("openai", "gpt-x")
    settings = Settings(token=TOKEN, backend="auto", openai_api_key="sk-own-key-123456")
    daemon = await start_daemon(settings, backends={"local": backend, "openai": cloud})
    context = {"files": [{"path": "a.py", "content": f"{MARKER} = 1\n"}]}
    for who in ("local", "openai"):
        chat = {"message": f"{MARKER}?", "context": context, "backend": who}
        assert (await daemon.post("/api/v1/chat/message", json=chat)).status == 200
        assert (await daemon.post("/api/v1/chat/stream", json=chat)).status == 200
        await daemon.post("/api/v1/code/complete", json={"prefix": f"{MARKER} = ", "backend": who})
    cloud.enqueue(ModelError("broken on purpose"), [f"{MARKER} half", ModelError("broken half way")])
    for _ in range(2):
        await daemon.post("/api/v1/chat/stream", json={"message": MARKER, "backend": "openai"})
    for body in (f'{{"message": {MARKER}', f'{{"message": ["{MARKER}"]}}', f'["{MARKER}"]'):
        headers = {"Content-Type": "application/json"}
        assert (await daemon.post("/api/v1/chat/message", data=body, headers=headers)).status == 400
    await daemon.get("/api/v1/chat/conversations", params={"q": MARKER})
    async with daemon.ws_connect("/ws") as socket:
        await socket.send_str(f'{{"type": "chat", "id": 1, "message": {MARKER}')
        await socket.receive_json(timeout=10)
        await socket.send_json({"type": "completion", "id": 2, "message": f"{MARKER} = "})
        await socket.receive_json(timeout=10)
    text = await asyncio.to_thread(log_file.read_text, encoding="utf-8")
    assert "broken on purpose" in text
    for secret in (MARKER, TOKEN, "sk-own-key"):
        assert secret not in text
