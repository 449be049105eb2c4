"""Child processes that leave nothing behind: ended with all they started when the installer is stopped."""

import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from andiron_installer.bootstrap.failures import INTERRUPTED

_END_SECONDS = 10.0


def run_logged(
    command: Sequence[str],
    *,
    log_file: Path,
    on_line: Callable[[str | None], None],
    variables: Mapping[str, str],
    keep_open: tuple[int, ...] = (),
) -> tuple[int, list[str]]:
    """Run a command, its output going to `log_file` and, line by line, to `on_line`.

    `on_line` gets `None` once a second while nothing is said. `keep_open` names descriptors the child holds too.

    Returns:
        The exit code and the last lines of the output.
    """
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("a", encoding="utf-8", errors="replace") as log:
        log.write(f"$ {' '.join(command)}\n")
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **variables},
            encoding="utf-8",
            errors="replace",
            # A group of its own, so that compilers end with pip; Windows sends Ctrl-C to them all anyway.
            process_group=0 if os.name == "posix" else None,
            pass_fds=keep_open if os.name == "posix" else (),
        )
        try:
            tail = _follow(child, log, on_line)
        except BaseException:
            end_group(child)
            raise
        return child.wait(), tail


def _follow(child: subprocess.Popen[str], log: TextIO, on_line: Callable[[str | None], None]) -> list[str]:
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert child.stdout is not None
        with child.stdout as said:
            for line in said:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True, name="read-child").start()
    tail: list[str] = []
    while True:
        try:
            line = lines.get(timeout=1.0)
        except queue.Empty:
            on_line(None)
            continue
        if line is None:
            return tail
        log.write(line)
        tail = [*tail[-199:], line.rstrip()]
        on_line(line.rstrip())


def end_group(child: subprocess.Popen[str]) -> None:
    """End a child and its children: asked as Ctrl-C asks, so that they tidy up, then told, then made to."""
    for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        try:
            if os.name == "posix":
                os.killpg(child.pid, number)
            else:
                child.terminate()
        except ProcessLookupError:
            break
        try:
            child.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        # The head of the group is gone; what it leaves behind gets the next signal.


def ask(command: Sequence[str], *, variables: Mapping[str, str], timeout_seconds: float) -> tuple[int, str]:
    """Run a short command and take what it says, both streams; 124 stands for one that took too long."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **variables},
            encoding="utf-8",
            errors="replace",
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 124, f"no answer in {timeout_seconds:.0f} s"
    except OSError as error:
        return 126, str(error)
    return done.returncode, done.stdout


def hand_over(command: Sequence[str], *, folder: Path, variables: Mapping[str, str]) -> int:
    """Let a command have the terminal until it ends, after Ctrl-C too; its exit code, and the last word, are its."""
    child = subprocess.Popen(command, cwd=folder, env={**os.environ, **variables})
    try:
        return child.wait()
    except KeyboardInterrupt:
        # The terminal's Ctrl-C reached the child as well, and it is closing up; one sent to us alone did not.
        if not _ends_within(child, 3.0):
            child.terminate()
        if not _ends_within(child, _END_SECONDS):
            child.kill()
            child.wait()
        return child.returncode if child.returncode > 0 else INTERRUPTED


def _ends_within(child: subprocess.Popen[bytes], patience_seconds: float) -> bool:
    try:
        child.wait(timeout=patience_seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
