"""The real worker as a process: what it survives, what it does not, and that it never stays behind."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from andiron_models.errors import BackendUnavailableError, ModelError, ModelFileError, WorkerDiedError
from andiron_models.local import wire
from andiron_models.local.process import Launch, OnExit, OnMessage, Worker, launch_worker
from andiron_models.local.supervisor import Supervisor
from andiron_models.types import InfillRequest, Sampling
from andiron_testing.gguf import copy_cut_short

pytestmark = [pytest.mark.model, pytest.mark.skipif(os.name == "nt", reason="the tests kill by signal")]

COMMAND = [sys.executable, "-P", "-m", "andiron_models.worker"]


def _load(path: Path, *, states: Path | None = None) -> wire.Load:
    return wire.Load(
        path=str(path),
        context_length=512,
        threads=1,
        gpu_layers=0,
        state_cache_bytes=20_000_000,
        state_folder=str(states) if states is not None else None,
    )


class Watched:
    """Starts real workers and tells when one has begun and ended."""

    def __init__(self) -> None:
        self.began, self.ended = asyncio.Event(), asyncio.Event()
        self.process_id = 0

    async def __call__(self, on_message: OnMessage, on_exit: OnExit) -> Worker:
        def end(reason: str, hint: str | None = None) -> None:
            on_exit(reason, hint)
            self.ended.set()

        worker = await launch_worker(on_message, end)
        self.process_id = worker.process_id
        self.began.set()
        return worker


@contextlib.asynccontextmanager
async def _supervised(load: Callable[[], wire.Load], launch: Launch = launch_worker) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor("smollm2", load, idle_seconds=0, launch=launch)
    try:
        yield supervisor
    finally:
        await supervisor.aclose()


@pytest.fixture
async def supervisor(smollm2_path: Path) -> AsyncIterator[Supervisor]:
    async with _supervised(lambda: _load(smollm2_path)) as made:
        yield made


def _infill(prefix: str, max_tokens: int = 3, sampling: Sampling | None = None) -> Callable[[int], wire.Infill]:
    request = InfillRequest(prefix=prefix, max_tokens=max_tokens, sampling=sampling or Sampling())
    return lambda request_id: wire.Infill(id=request_id, request=request)


async def _answer(supervisor: Supervisor, prefix: str = "One, two, three, fo") -> str:
    return "".join([m.text async for m in supervisor.run(_infill(prefix)) if isinstance(m, wire.Piece)])


async def _until_text(supervisor: Supervisor) -> AsyncGenerator[wire.FromWorker, None]:
    """Begin an answer without an end, and stop reading at its first text."""
    messages = supervisor.run(_infill("Once upon a time\n", max_tokens=300))
    async for message in messages:
        if isinstance(message, wire.Piece):
            break
    return messages


def _process_id(supervisor: Supervisor) -> int:
    assert supervisor.process_id is not None
    return supervisor.process_id


async def test_it_loads_answers_and_ends(supervisor: Supervisor) -> None:
    assert (await _answer(supervisor)).startswith("ur")
    info = supervisor.info
    assert info is not None
    assert (info.context_length, info.threads, info.can_chat, info.can_infill) == (512, 1, True, False)
    assert info.infill_note
    assert info.slice_tokens >= 8
    assert min(info.prompt_tokens_per_second, info.generate_tokens_per_second) > 0
    process_id = _process_id(supervisor)
    await supervisor.stop()
    assert not psutil.pid_exists(process_id)


async def test_one_that_is_cancelled_leaves_the_others_and_the_worker_ready(supervisor: Supervisor) -> None:
    messages = await _until_text(supervisor)
    other = asyncio.create_task(_answer(supervisor))
    await messages.aclose()
    assert (await other).startswith("ur")
    while supervisor.stats is None or supervisor.stats.running:
        assert (await _answer(supervisor)).startswith("ur")


async def test_one_that_is_cancelled_is_told_to_be_over_though_nothing_comes_after_it(supervisor: Supervisor) -> None:
    messages = await _until_text(supervisor)
    while supervisor.stats is None or not supervisor.stats.running:  # noqa: ASYNC110 - no event tells of figures
        await asyncio.sleep(0)
    await messages.aclose()
    while supervisor.stats.running:  # noqa: ASYNC110 - no event tells of figures
        await asyncio.sleep(0)


async def test_killed_while_it_answers_it_fails_that_answer_and_a_new_one_takes_over(supervisor: Supervisor) -> None:
    messages = await _until_text(supervisor)
    os.kill(_process_id(supervisor), signal.SIGKILL)
    with pytest.raises(WorkerDiedError, match="SIGKILL"):
        async for _ in messages:
            pass
    assert (await _answer(supervisor)).startswith("ur")
    assert supervisor.restarts == 1


async def test_killed_while_it_loads_it_fails_who_waits_and_is_started_again(smollm2_path: Path) -> None:
    watched = Watched()
    async with _supervised(lambda: _load(smollm2_path), watched) as supervisor:
        start = asyncio.create_task(supervisor.start())
        await watched.began.wait()
        os.kill(watched.process_id, signal.SIGKILL)
        with pytest.raises(WorkerDiedError, match="SIGKILL"):
            await start
        assert (await _answer(supervisor)).startswith("ur")


async def test_killed_while_it_idles_it_is_started_again(smollm2_path: Path) -> None:
    watched = Watched()
    async with _supervised(lambda: _load(smollm2_path), watched) as supervisor:
        await supervisor.start()
        os.kill(watched.process_id, signal.SIGKILL)
        await watched.ended.wait()
        assert supervisor.state == "failed"
        assert (await _answer(supervisor)).startswith("ur")


async def test_an_interrupt_from_the_keyboard_is_not_for_the_worker(supervisor: Supervisor) -> None:
    await supervisor.start()
    os.kill(_process_id(supervisor), signal.SIGINT)
    assert (await _answer(supervisor)).startswith("ur")


async def test_bad_requests_fail_alone(supervisor: Supervisor) -> None:
    bad = [
        _infill("a", sampling=Sampling(grammar="root ::= missing")),
        _infill("a", sampling=Sampling(grammar="root ::= " + "(" * 100_000)),
        _infill("a", sampling=Sampling(json_schema={"type": "string", "pattern": "^*$"})),
        _infill("a", sampling=Sampling(top_p=3.0)),
        _infill("a", max_tokens=-1),
        _infill("a", max_tokens=100_000),
    ]
    good = asyncio.create_task(_answer(supervisor))
    for request in bad:
        with pytest.raises(ModelError):
            _ = [message async for message in supervisor.run(request)]
    assert (await good).startswith("ur")
    assert supervisor.restarts == 0


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5])
async def test_a_model_cut_short_is_refused_with_a_hint(smollm2_path: Path, tmp_path: Path, share: float) -> None:
    path = copy_cut_short(smollm2_path, tmp_path / "short.gguf", share)
    await _assert_refused(path)


async def test_what_is_no_model_is_refused_with_a_hint(tmp_path: Path) -> None:
    foreign = tmp_path / "picture.gguf"
    foreign.write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(10_000))
    await _assert_refused(foreign)
    await _assert_refused(tmp_path / "missing.gguf")
    await _assert_refused(tmp_path)


async def _assert_refused(path: Path) -> None:
    async with _supervised(lambda: _load(path)) as supervisor:
        with pytest.raises(ModelFileError, match=path.name) as caught:
            await supervisor.start()
        assert caught.value.hint
        assert supervisor.state == "failed"


async def test_what_was_evaluated_is_there_after_a_restart(smollm2_path: Path, tmp_path: Path) -> None:
    prefix = "One, two, three, four, five, six, seven, eight, nine, ten.\n" * 3
    cached: list[int] = []
    for _ in range(2):
        async with _supervised(lambda: _load(smollm2_path, states=tmp_path / "states")) as supervisor:
            messages = [message async for message in supervisor.run(_infill(prefix))]
            assert isinstance(messages[-1], wire.Done)
            cached.append(messages[-1].finish.usage.prompt_tokens_cached)
    assert cached[0] == 0
    assert cached[1] > 30


# -- the pipe, without a supervisor


def _start(folder: Path | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder)


def _heard(process: subprocess.Popen[bytes], kind: type[wire.FromWorker]) -> wire.FromWorker:
    """Read messages up to the first of a kind."""
    assert process.stdout is not None
    while True:
        header = process.stdout.read(wire.HEADER.size)
        assert len(header) == wire.HEADER.size, process.stderr and process.stderr.read().decode()
        message = wire.from_worker_decoder.decode(process.stdout.read(wire.frame_length(header)))
        if isinstance(message, kind):
            return message


def _say(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(data)
    process.stdin.flush()


ENDINGS: dict[str, tuple[bytes, int]] = {
    "the daemon goes away": (b"", 0),
    "half a header": (b"\0\0", 0),
    "half a message": (wire.encode(wire.Cancel(id=1))[:-2], 0),
    "a frame too large": (wire.HEADER.pack(wire.FRAME_LIMIT_BYTES + 1), 0),
    "garbage": (wire.HEADER.pack(4) + b"\xc1\xc1\xc1\xc1", 0),
    "a second load": (wire.encode(wire.Load(path="x", context_length=1, threads=1, gpu_layers=0)), 1),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_whatever_ends_the_pipe_ends_a_busy_worker(smollm2_path: Path, ending: str) -> None:
    data, status = ENDINGS[ending]
    with _start() as process:
        _say(process, wire.encode(_load(smollm2_path)))
        _heard(process, wire.Ready)
        _say(process, wire.encode(_infill("Once upon a time\n", max_tokens=400)(1)))
        _heard(process, wire.Piece)
        _say(process, data)
        if ending not in {"a frame too large", "garbage", "a second load"}:
            assert process.stdin is not None
            process.stdin.close()
        assert process.wait(20) == status


def test_a_daemon_that_no_longer_listens_ends_a_busy_worker(smollm2_path: Path) -> None:
    with _start() as process:
        _say(process, wire.encode(_load(smollm2_path)))
        _heard(process, wire.Ready)
        _say(process, wire.encode(_infill("Once upon a time\n", max_tokens=400)(1)))
        _heard(process, wire.Piece)
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(20) == 0


@pytest.mark.parametrize("data", [b"", b"\0", wire.HEADER.pack(100) + b"x", b"GET / HTTP/1.1\r\n\r\n"])
def test_a_worker_that_is_told_nothing_sensible_ends(data: bytes) -> None:
    with _start() as process:
        _say(process, data)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == (1 if data else 0)


def test_modules_in_the_working_folder_are_not_the_workers(tmp_path: Path) -> None:
    for name in ("msgspec", "numpy", "llama_cpp", "psutil", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('from the working folder')")
    with _start(tmp_path) as process:
        request = wire.Quantize(id=5, source="missing.gguf", target="x.gguf", quantization="Q8_0", threads=1)
        _say(process, wire.encode(request))
        failed = _heard(process, wire.Failed)
        assert isinstance(failed, wire.Failed)
        assert (failed.id, failed.code) == (5, "backend_unavailable")
        _say(process, wire.encode(wire.Quantize(id=6, source="a", target="b", quantization="Q99", threads=1)))
        failed = _heard(process, wire.Failed)
        assert isinstance(failed, wire.Failed)
        assert (failed.id, failed.code) == (6, "invalid_request")
        _say(process, wire.encode(wire.Stop()))
        assert process.wait(20) == 0


async def test_the_supervisors_own_launch_is_of_the_real_worker() -> None:
    exits: list[str] = []
    worker = await launch_worker(lambda message: None, lambda reason, hint=None: exits.append(reason))
    assert "andiron_models.worker" in psutil.Process(worker.process_id).cmdline()
    await worker.stop()
    assert exits == ["it ended with status 0"]


async def test_a_model_can_be_unloaded_while_it_is_loaded(smollm2_path: Path) -> None:
    watched = Watched()
    async with _supervised(lambda: _load(smollm2_path), watched) as supervisor:
        start = asyncio.create_task(supervisor.start())
        await watched.began.wait()
        await supervisor.stop()
        with pytest.raises(BackendUnavailableError, match="unloaded"):
            await start
        assert supervisor.state == "idle"


async def test_of_many_at_once_those_not_cancelled_get_their_answers(supervisor: Supervisor) -> None:
    expected = await _answer(supervisor)
    kept = [asyncio.create_task(_answer(supervisor)) for _ in range(10)]
    dropped = [asyncio.create_task(_answer(supervisor, f"Once upon a time {number}\n" * 9)) for number in range(10)]
    for task in dropped:
        await asyncio.sleep(0)
        task.cancel()
    assert [await task for task in kept] == [expected] * 10
    assert all(
        isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*dropped, return_exceptions=True)
    )
    assert await _answer(supervisor) == expected
    assert supervisor.restarts == 0
