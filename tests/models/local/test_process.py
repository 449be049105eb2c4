"""A child process and its pipe, with small programs in the worker's place."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from andiron_models.errors import BackendUnavailableError
from andiron_models.local import process, wire
from andiron_models.local.process import Worker, launch_program

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the programs use signals")

SPEAKS = """
import os, signal, sys, time
from andiron_models.local import wire
def say(message):
    sys.stdout.buffer.write(wire.encode(message)); sys.stdout.flush()
def hear():
    return wire.read_message(sys.stdin.buffer)
"""


class Heard:
    """What came from a child: its messages and why it ended."""

    def __init__(self) -> None:
        self.messages: list[wire.FromWorker] = []
        self.exits: list[str] = []
        self.hint: str | None = None
        self._changed = asyncio.Event()

    def on_message(self, message: wire.FromWorker) -> None:
        assert not self.exits
        self.messages.append(message)
        self._changed.set()

    def on_exit(self, reason: str, hint: str | None = None) -> None:
        self.exits.append(reason)
        self.hint = hint
        self._changed.set()

    async def messages_are(self, count: int) -> None:
        while len(self.messages) < count:
            self._changed.clear()
            await self._changed.wait()

    async def end(self) -> str:
        while not self.exits:
            self._changed.clear()
            await self._changed.wait()
        return self.exits[0]


async def _launch(program: str) -> tuple[Worker, Heard]:
    heard = Heard()
    return await launch_program([sys.executable, "-c", SPEAKS + program], heard.on_message, heard.on_exit), heard


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "STOP_SECONDS", 0.3)


async def test_messages_go_there_and_back() -> None:
    worker, heard = await _launch("while (message := hear()): say(wire.Taken(id=message.id))")
    for number in range(3):
        worker.send(wire.Cancel(id=number))
    await heard.messages_are(3)
    assert heard.messages == [wire.Taken(id=number) for number in range(3)]
    await worker.stop()
    assert len(heard.exits) == 1


async def test_a_build_for_another_processor_is_told_from_a_crash() -> None:
    _, heard = await _launch("os.kill(os.getpid(), signal.SIGILL)")
    assert await heard.end() == "it was ended by SIGILL"
    assert "--no-binary llama-cpp-python" in (heard.hint or "")
    _, crashed = await _launch("os.kill(os.getpid(), signal.SIGSEGV)")
    await crashed.end()
    assert crashed.hint is None


async def test_a_message_larger_than_any_buffer_arrives_whole() -> None:
    worker, heard = await _launch("say(wire.Piece(id=1, text=hear().text[::-1]))")
    text = "0123456789" * 500_000
    worker.send(wire.Measure(id=1, text=text))
    await heard.end()
    assert heard.messages == [wire.Piece(id=1, text=text[::-1])]


async def test_a_child_that_is_asked_to_stop_ends_by_itself() -> None:
    worker, heard = await _launch("while not isinstance(hear(), wire.Stop): pass\nsay(wire.Taken(id=9))")
    await worker.stop()
    assert heard.messages == [wire.Taken(id=9)]
    assert heard.exits == ["it ended with status 0"]


async def test_a_child_that_does_not_listen_is_terminated(short_patience: None) -> None:
    worker, heard = await _launch("say(wire.Taken(id=1)); time.sleep(60)")
    await heard.messages_are(1)
    await worker.stop()
    assert heard.exits == ["it was ended by SIGTERM"]


async def test_a_child_that_will_not_be_terminated_is_killed(short_patience: None) -> None:
    worker, heard = await _launch(
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); say(wire.Taken(id=1)); time.sleep(60)"
    )
    await heard.messages_are(1)
    await worker.stop()
    assert heard.exits == ["it was ended by SIGKILL"]


async def test_stopping_twice_at_once_is_stopping() -> None:
    worker, heard = await _launch("hear()")
    await asyncio.gather(worker.stop(), worker.stop())
    await worker.stop()
    assert len(heard.exits) == 1


async def test_a_child_killed_in_the_middle_is_told_of_by_its_signal() -> None:
    worker, heard = await _launch("say(wire.Taken(id=1)); time.sleep(60)")
    await heard.messages_are(1)
    os.kill(worker.process_id, signal.SIGKILL)
    assert await heard.end() == "it was ended by SIGKILL"
    worker.send(wire.Cancel(id=1))  # to nobody, and no matter
    await worker.stop()


async def test_a_childs_last_words_are_told() -> None:
    _, heard = await _launch("print('first', file=sys.stderr); sys.exit('out of memory\\n\\n')")
    assert await heard.end() == "it ended with status 1; its last words: out of memory"


async def test_a_flood_of_words_without_an_end_is_survived() -> None:
    _, heard = await _launch("sys.stderr.write('x' * 5_000_000 + '\\n'); sys.exit('enough')")
    assert (await heard.end()).endswith("its last words: enough")


async def test_a_child_that_closes_its_pipe_but_lives_on_is_ended(short_patience: None) -> None:
    _, heard = await _launch("say(wire.Taken(id=1)); os.close(1); time.sleep(60)")
    assert await heard.end() == "it was ended by SIGKILL"
    assert heard.messages == [wire.Taken(id=1)]


@pytest.mark.parametrize(
    "program",
    [
        "sys.stdout.buffer.write(b'\\0\\0')",
        "sys.stdout.buffer.write(wire.encode(wire.Taken(id=1))[:-1])",
        "sys.stdout.buffer.write(b'Hello, world! I print where I should not'); sys.stdout.flush(); time.sleep(60)",
        "sys.stdout.buffer.write(wire.encode(wire.Stop())); sys.stdout.flush(); time.sleep(60)",
        "sys.stdout.buffer.write(wire.HEADER.pack(2)); sys.stdout.flush(); os.close(1); time.sleep(60)",
    ],
    ids=["half a header", "half a message", "garbage", "the wrong direction", "closed half-way"],
)
async def test_a_pipe_that_breaks_ends_the_child_with_a_reason(program: str) -> None:
    _, heard = await _launch(program)
    assert (await heard.end()).startswith("its pipe broke:")
    assert heard.messages == []


async def test_a_program_that_cannot_be_started_is_an_error_with_a_hint(tmp_path: Path) -> None:
    heard = Heard()
    with pytest.raises(BackendUnavailableError, match="cannot be started") as caught:
        await launch_program([str(tmp_path / "missing")], heard.on_message, heard.on_exit)
    assert caught.value.hint


async def test_secrets_of_the_environment_are_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("OPENAI_API_KEY", "ANDIRON_TOKEN", "AWS_SECRET", "PGPASSWORD", "db_pass", "DATABASE_URL", "HTTPS_PROXY")
    for name in secrets:
        monkeypatch.setenv(name, "secret-value")
    monkeypatch.setenv("HARMLESS", "yes")
    _, heard = await _launch("say(wire.Piece(id=1, text=repr(dict(os.environ))))")
    await heard.end()
    (piece,) = heard.messages
    assert isinstance(piece, wire.Piece)
    assert "'HARMLESS': 'yes'" in piece.text
    assert "secret-value" not in piece.text
