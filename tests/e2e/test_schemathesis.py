"""The real daemon against its own description: what that allows and what it forbids is sent, and every answer compared.

Deterministic, and bounded in the number of requests. What is left out: what ends the daemon or changes its token, what
never ends (the event stream), what would reach for the network (pulls), and the socket. The answers come from a stub of
a cloud on this machine; a test of its own changes the settings, since that would take the stub away.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from andiron_testing.daemon_process import DaemonProcess, StartDaemon
from andiron_testing.openai_stub import OpenAIStub, openai_stub

pytestmark = [pytest.mark.slow, pytest.mark.timeout(260)]
_KEY = "sk-of-the-stub"
_SETTINGS = "/api/v1/settings"
_LEFT_OUT = (
    r"^/(ws|api/v1/events|api/v1/settings|api/v1/system/(stop|token/rotate)|api/v1/models/\{id\}/pull|api/pull)$"
)
# What a schema cannot say is refused too, with a code and a hint: a language nobody knows, one of two fields missing.
# Three of 5xx are answers like others here: the stub cannot do it (501), what it wrote did not pass the checks (502),
# the local backend has no model (503).
_CONFIGURATION = """\
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "400", "401", "403", "404", "422", "501", "502", "503"]

[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", "501", "502", "503"]
"""


@pytest.fixture
async def stub() -> AsyncIterator[OpenAIStub]:
    async with openai_stub(key=_KEY) as running:
        yield running


@pytest.fixture
async def daemon(stub: OpenAIStub, start_daemon: StartDaemon) -> DaemonProcess:
    return await asyncio.to_thread(
        start_daemon,
        ANDIRON_BACKEND="openai",
        OPENAI_BASE_URL=stub.base_url,
        OPENAI_API_KEY=_KEY,
        OPENAI_MODEL="stub-1",
        ANDIRON_RATE_COMPLETIONS="0",
        ANDIRON_RATE_GENERATIONS="0",
        ANDIRON_RATE_REQUESTS="0",
    )


async def _compare(daemon: DaemonProcess, folder: Path, *options: str) -> None:
    """Run schemathesis and fail with what it says, if it finds anything."""
    await asyncio.to_thread((folder / "schemathesis.toml").write_text, _CONFIGURATION)
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{daemon.record.url}/openapi.json",
        "--header",
        f"Authorization: Bearer {daemon.token}",
        "--generation-deterministic",
        "--no-shrink",
        "--continue-on-failure",
        "--no-color",
        "--request-timeout=20",
        *options,
    ]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=folder, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert daemon.client.health()["status"] == "ok"


async def test_every_answer_is_as_described(daemon: DaemonProcess, tmp_path: Path) -> None:
    await _compare(
        daemon, tmp_path, "--exclude-path-regex", _LEFT_OUT, "--phases=examples,coverage,fuzzing", "--max-examples=3"
    )


async def test_settings_are_changed_as_described(daemon: DaemonProcess, tmp_path: Path) -> None:
    await _compare(daemon, tmp_path, "--include-path", _SETTINGS, "--phases=coverage,fuzzing", "--max-examples=25")
