"""`andiron find-bugs FILE[:START-END]`: what linters, rules and the model think is wrong."""

from typing import Any

import click
import msgspec

from andiron_daemon.cli.answer import show_closing
from andiron_daemon.cli.output import note, plain
from andiron_daemon.cli.target import ask, body_of, target_options


@click.command("find-bugs", short_help="Look for bugs in code.")
@target_options
def command(target: str, as_json: bool, start: bool | None, **choices: str | int | None) -> None:
    """Look for bugs in a file, or the lines named of it."""
    answer = ask("find-bugs", body_of(target, **choices), start)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(answer)))
        return
    path = target.rsplit(":", 1)[0] if ":" in target else target
    for bug in answer["bugs"]:
        click.echo(plain(_told(path, bug)))
    if not answer["bugs"]:
        note("No bugs were found.")
    for run in answer["linters"]:
        if not run.get("ran", False):
            note(f"{run['name']} did not run: {run.get('reason', 'no reason given')}")
    if missing := answer.get("unavailable"):
        note(f"The model's part is missing: {missing['message']}")
    show_closing(answer)


def _told(path: str, bug: dict[str, Any]) -> str:
    """Write a bug as compilers do, so that editors find the place."""
    start = bug["range"]["start"]
    place = f"{path}:{start['line'] + 1}:{start['character'] + 1}"
    lines = [f"{place}: {bug['severity']}: {bug['title']} [{bug['source']}, {bug['confidence']}]"]
    if bug["explanation"] != bug["title"]:
        lines += [f"    {line}" for line in bug["explanation"].splitlines() if line.strip()]
    if suggestion := bug.get("suggestion"):
        lines += ["    instead:", *(f"      {line}" for line in suggestion.splitlines())]
    return "\n".join(lines)
