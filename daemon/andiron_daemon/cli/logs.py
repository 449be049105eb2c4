"""`andiron logs`: the daemon's log, its end or as it grows, for people or as it is."""

import os
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import click
import msgspec

from andiron_daemon.cli.output import note, plain
from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import find_paths

_LEVELS = ("debug", "info", "warning", "error", "critical")
_COLOURS = {"warning": "yellow", "error": "red", "critical": "red"}
_CHUNK_BYTES = 64 * 1024
_POLL_SECONDS = 0.2


@click.command("logs", short_help="Show the daemon's log.")
@click.option("-f", "--follow", is_flag=True, help="Go on as it grows, until Ctrl-C.")
@click.option("-n", "count", type=click.IntRange(0), default=50, show_default=True, help="How many lines first.")
@click.option("--request", "request_id", help="Only lines of this request; an error names it.")
@click.option("--level", type=click.Choice(_LEVELS), default="debug", help="Only lines as grave as this.")
@click.option("--json", "as_json", is_flag=True, help="Print the lines as they are.")
def command(follow: bool, count: int, request_id: str | None, level: str, as_json: bool) -> None:
    """Show the last lines of the log in the state folder, and with -f those to come."""
    file = find_paths().log_file
    if not file.exists() and not follow:
        raise DaemonError(f"{file}: there is no log yet", hint="`andiron serve` writes one.")

    def show(line: str) -> None:
        if _is_wanted(line, request_id, level):
            click.echo(line if as_json else _rendered(line))

    wanted = [line for line in _last_lines(file) if _is_wanted(line, request_id, level)]
    for line in wanted[len(wanted) - min(count, len(wanted)) :]:
        click.echo(line if as_json else _rendered(line))
    if follow:
        note(f"following {file}; Ctrl-C ends it")
        try:
            for line in followed(file):
                show(line)
        except KeyboardInterrupt:
            return


def followed(file: Path) -> Generator[str, None, None]:
    """Yield lines as they are written; a file that was rotated away is read to its end, then the new one."""
    at_end = True
    while True:
        try:
            stream = file.open("rb")
        except FileNotFoundError:
            at_end = False
            time.sleep(_POLL_SECONDS)
            continue
        with stream:
            if at_end:
                stream.seek(0, os.SEEK_END)
            yield from _grown(file, stream)
        at_end = False


def _grown(file: Path, stream: BinaryIO) -> Iterator[str]:
    """Yield the lines of one file until another one stands in its place."""
    rest = b""
    while True:
        data = stream.read(_CHUNK_BYTES)
        if data:
            *lines, rest = (rest + data).split(b"\n")
            yield from (line.decode("utf-8", errors="replace") for line in lines)
        elif _is_replaced(file, stream.fileno()):
            return
        else:
            sys.stdout.flush()
            time.sleep(_POLL_SECONDS)


def _is_replaced(file: Path, descriptor: int) -> bool:
    try:
        now = file.stat()
    except FileNotFoundError:
        return True
    open_one = os.fstat(descriptor)
    return (now.st_dev, now.st_ino) != (open_one.st_dev, open_one.st_ino)


def _last_lines(file: Path) -> list[str]:
    """Read the log and the generation before it."""
    earlier = file.with_name(f"{file.name}.1")
    texts = [part.read_text(encoding="utf-8", errors="replace") for part in (earlier, file) if part.exists()]
    return [line for text in texts for line in text.split("\n") if line]


def _is_wanted(line: str, request_id: str | None, level: str) -> bool:
    if request_id is not None and request_id not in line:
        return False
    told = _decoded(line).get("level")
    return told not in _LEVELS or _LEVELS.index(told) >= _LEVELS.index(level)


def _decoded(line: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}


def _rendered(line: str) -> str:
    """Write a line for people; one that is not JSON as it is."""
    record = _decoded(line)
    if "message" not in record:
        return plain(line)
    level = str(record.get("level", ""))
    head = f"{str(record.get('time', ''))[:19].replace('T', ' ')} {click.style(f'{level:<7}', fg=_COLOURS.get(level))}"
    message = plain(str(record["message"]))
    mark = f"[{record['request_id']}]" if record.get("request_id") else ""
    # Errors name their request themselves, for those who read the console.
    tail = "" if message.endswith(mark) else f" {mark}"
    trace = f"\n{plain(str(record['trace']))}" if record.get("trace") else ""
    return f"{head} {str(record.get('logger', '')).removeprefix('andiron_')}: {message}{tail}{trace}"
