"""`andiron explain FILE[:START-END]`: what code does, as it is being written."""

from collections.abc import Iterator
from contextlib import closing

import click
import msgspec

from andiron_daemon.cli.answer import show_answer
from andiron_daemon.cli.connection import connect
from andiron_daemon.cli.output import note, plain
from andiron_daemon.cli.target import ask, body_of, target_options
from andiron_daemon.client import Event


@click.command("explain", short_help="Explain code.")
@target_options
@click.option("--question", help="What you want to know about it.")
@click.option("--audience", help="Who is to understand it, for example `a beginner`.")
def command(target: str, as_json: bool, start: bool | None, **choices: str | int | None) -> None:
    """Explain a file, or the lines named of it; without a model, tell what the parse does."""
    body = body_of(target, **choices)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(ask("explain", body, start))))
        return
    client = connect(start)
    with closing(client.stream("/api/v1/code/explain", {**body, "stream": True})) as events:
        show_answer(_with_all_said(events), lambda _: None)


def _with_all_said(events: Iterator[Event]) -> Iterator[Event]:
    """Pass events on; what was never written piece by piece comes at the end."""
    has_text = False
    for event in events:
        if event.name == "static":
            note(plain(event.data["summary"]))
        if event.name == "delta":
            has_text = True
        if event.name == "done":
            if not has_text:
                yield Event("delta", {"text": event.data["explanation"]})
            if missing := event.data.get("unavailable"):
                note(f"The model's part is missing: {missing['message']}")
        yield event
