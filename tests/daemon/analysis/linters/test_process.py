"""Programs that hang, crash, print rubbish or print without end; what they started ends with them."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from andiron_daemon.analysis.linters.linter import LinterError, LinterMissingError
from andiron_daemon.analysis.linters.process import Limits, run_program, running
from andiron_daemon.analysis.linters.program import Program

MakeProgram = Callable[[str, str], Path]
# A second process that would live for ever, in the group and out of it.
WITH_A_CHILD = """
for apart in (False, True):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=apart)
    print(child.pid, flush=True)
"""


async def gone(pid: int) -> None:
    """Wait until a process is no more."""
    with contextlib.suppress(psutil.NoSuchProcess):
        await asyncio.to_thread(psutil.Process(pid).wait, 60)


async def read_numbers(file: Path, folder: Path, limits: Limits, numbers: list[int]) -> None:
    """Run a program and keep the numbers it prints."""
    async with running([file], folder=folder, limits=limits) as child:
        while data := await child.read():
            numbers += map(int, data.split())


async def test_input_goes_in_and_output_comes_out(make_program: MakeProgram, tmp_path: Path) -> None:
    file = make_program(
        "echo", "data = sys.stdin.read(); print(data.upper()); print('oh', file=sys.stderr); sys.exit(3)"
    )
    finished = await run_program([file], folder=tmp_path, limits=Limits(), data="é😀a".encode())
    assert (finished.output.decode(), finished.last_words, finished.status) == ("É😀A\n", "oh", 3)


async def test_one_that_reads_nothing_is_fine(make_program: MakeProgram, tmp_path: Path) -> None:
    file = make_program("deaf", "os.close(0); print('done')")
    finished = await run_program([file], folder=tmp_path, limits=Limits(seconds=60), data=b"x" * 10_000_000)
    assert finished.output == b"done\n"


async def test_one_that_hangs_is_ended_with_its_group(make_program: MakeProgram, tmp_path: Path) -> None:
    file = make_program("hang", WITH_A_CHILD + "time.sleep(600)")
    pids: list[int] = []
    with pytest.raises(LinterError, match="it took longer than 2 s"):
        await read_numbers(file, tmp_path, Limits(seconds=2), pids)
    await gone(pids[0])
    psutil.Process(pids[1]).kill()


async def test_a_grandchild_that_keeps_the_pipe_does_not_keep_us(make_program: MakeProgram, tmp_path: Path) -> None:
    file = make_program("parent", WITH_A_CHILD)
    pids: list[int] = []
    with pytest.raises(LinterError, match="took longer"):
        await read_numbers(file, tmp_path, Limits(seconds=2), pids)
    await gone(pids[0])
    psutil.Process(pids[1]).kill()


async def test_cancelling_ends_the_group_at_once(make_program: MakeProgram, tmp_path: Path) -> None:
    file = make_program("hang", WITH_A_CHILD + "time.sleep(600)")
    pids: asyncio.Queue[int] = asyncio.Queue()

    async def run() -> None:
        async with running([file], folder=tmp_path, limits=Limits(seconds=60)) as child:
            while True:
                for pid in (await child.read()).split():
                    pids.put_nowait(int(pid))

    task = asyncio.create_task(run())
    near, far = await pids.get(), await pids.get()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gone(near)
    psutil.Process(far).kill()


async def test_one_that_prints_without_end_is_ended(make_program: MakeProgram, tmp_path: Path) -> None:
    file = make_program("flood", "while True: os.write(1, b'x' * 65536)")
    with pytest.raises(LinterError, match="it printed more than 1024 KiB"):
        await run_program([file], folder=tmp_path, limits=Limits(seconds=60, output_bytes=1024 * 1024))


async def test_a_hundred_megabytes_of_complaints_are_read_and_forgotten(
    make_program: MakeProgram, tmp_path: Path
) -> None:
    file = make_program(
        "moan", "for _ in range(1600): os.write(2, b'x' * 65535 + b'\\n')\nprint('last', file=sys.stderr)"
    )
    finished = await run_program([file], folder=tmp_path, limits=Limits(seconds=60))
    assert finished.last_words == "last"
    assert len(finished.errors) <= 16 * 1024


async def test_one_that_crashes_is_a_failure(make_program: MakeProgram, tmp_path: Path) -> None:
    file = make_program("crash", "os.abort()")
    with pytest.raises(LinterError, match="it was ended by SIGABRT"):
        await run_program([file], folder=tmp_path, limits=Limits(seconds=60))


async def test_one_that_takes_too_much_memory_fails(make_program: MakeProgram, tmp_path: Path) -> None:
    file = make_program("greedy", "sys.stdin.read(); x = bytearray(1 << 30); print(len(x))")
    finished = await run_program([file], folder=tmp_path, limits=Limits(seconds=60, memory_bytes=1 << 28))
    assert "MemoryError" in finished.errors


async def test_one_that_cannot_be_started_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    with pytest.raises(LinterError, match="it cannot be started: Permission denied"):
        await run_program([tmp_path / "text"], folder=tmp_path, limits=Limits())


async def test_nothing_that_is_nobodys_business_is_handed_on(
    make_program: MakeProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = make_program("tell", "print(sorted(os.environ), os.nice(0), os.environ['PATH'])")
    for name in ("OPENAI_API_KEY", "HTTPS_PROXY", "http_proxy", "GITHUB_TOKEN", "LD_PRELOAD_X", "NODE_OPTIONS"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("PATH", f"node_modules/.bin{os.pathsep}.{os.pathsep}{tmp_path}")
    finished = await run_program([file], folder=tmp_path, limits=Limits(seconds=60))
    told = finished.output.decode()
    for name in ("OPENAI_API_KEY", "PROXY", "proxy", "TOKEN", "LD_PRELOAD", "NODE_OPTIONS", "node_modules"):
        assert name not in told
    assert f"10 {tmp_path}" in told


async def test_a_program_of_the_folder_one_is_in_is_never_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "linter").write_text("#!/bin/sh\n")
    (tmp_path / "linter").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".{os.pathsep}")
    with pytest.raises(LinterMissingError, match="it is not installed"):
        await Program("linter", Limits()).version()


async def test_a_version_is_asked_for_once_until_the_program_changes(make_program: MakeProgram, tmp_path: Path) -> None:
    count = tmp_path / "count"
    code = f"open({str(count)!r}, 'a').write('x'); print('linter version ')"
    file = make_program("linter", code.replace("version ", "version 1.2.3"))
    program = Program("linter", Limits(seconds=60))
    assert [await program.version() for _ in range(3)] == ["1.2.3"] * 3
    assert count.read_text() == "x"
    file.write_text(file.read_text().replace("1.2.3", "10.20.30"))
    assert await program.version() == "10.20.30"
    make_program("linter", "print('no number')")
    with pytest.raises(LinterError, match="does not say its version"):
        await program.version()
