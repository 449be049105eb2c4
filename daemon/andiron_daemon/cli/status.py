"""`andiron status`: what the daemon tells of itself, for people or as JSON."""

from collections.abc import Iterator
from typing import Any

import click
import msgspec

from andiron_daemon.cli.connection import NotRunningError
from andiron_daemon.cli.output import human_bytes, human_seconds, note
from andiron_daemon.client import find_client
from andiron_daemon.paths import find_paths

_ERRORS_SHOWN = 5


@click.command("status", short_help="Show what the daemon is doing.")
@click.option("--json", "as_json", is_flag=True, help="Print everything the daemon tells, as JSON.")
def command(as_json: bool) -> None:
    """Show where the daemon is, who can answer, and what went wrong lately."""
    paths = find_paths()
    was_recorded = paths.run_file.exists()
    client = find_client(paths)
    if client is None:
        raise NotRunningError(may_start=False)
    if not was_recorded:
        note(f"{paths.run_file} was gone; Andiron was found by its lock")
    status = client.status()
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(status)))
        return
    lines = list(_lines(status, client.url))
    lines.append(("log", str(paths.log_file)))
    width = max(len(label) for label, _ in lines)
    for label, text in lines:
        click.echo(f"{label:<{width}}  {text}")


def _lines(status: dict[str, Any], url: str) -> Iterator[tuple[str, str]]:
    process = status["process"]
    yield "andiron", f"{status['version']} at {url}, pid {process['pid']}"
    yield "up", f"{human_seconds(process['uptime_s'])}, {human_bytes(process['rss_bytes'])} of memory"
    yield "answers", str(status["settings"]["backend"])
    for backend in status["backends"]:
        yield from _backend_lines(backend)
    yield from _storage_lines(status["storage"])
    for error in status["last_errors"][-_ERRORS_SHOWN:]:
        yield "error", f"{error['code']}: {error['message']} (request {error['request_id']})"


def _backend_lines(backend: dict[str, Any]) -> Iterator[tuple[str, str]]:
    models = ", ".join(model["id"] for model in backend.get("models", ()))
    parts = [backend["state"], models, backend.get("detail") or ""]
    yield backend["name"], ": ".join(part for part in parts if part)
    if backend.get("hint"):
        yield "", f"hint: {backend['hint']}"


def _storage_lines(storage: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if error := storage.get("error"):
        yield "storage", f"{storage['path']}: {error['message'].removeprefix(storage['path'] + ': ')}"
        if error.get("hint"):
            yield "", f"hint: {error['hint']}"
        return
    counts = f"{storage['conversations']} conversations, {storage['messages']} messages"
    yield "storage", f"{counts}, {human_bytes(storage['bytes'])} in {storage['path']}"
