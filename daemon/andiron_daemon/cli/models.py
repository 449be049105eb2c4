"""`andiron models`: the models that can be asked for."""

from typing import Any

import click

from andiron_daemon.cli.connection import connect, start_option
from andiron_daemon.cli.output import human_bytes, note, print_table


@click.group("models", short_help="List the models that can be asked for.")
def command() -> None:
    """See the models that can answer."""


@command.command("list")
@start_option
def list_models(start: bool | None) -> None:
    """List the models of every backend."""
    models = connect(start).get("/api/v1/models")["models"]
    if not models:
        note("There is no model yet.")
        return
    print_table(("model", "backend", "state", "context", "size", "good for"), [_row(model) for model in models])


def _row(model: dict[str, Any]) -> tuple[str, ...]:
    context, size = model.get("context_length"), model.get("size_bytes")
    uses = [word for word, key in (("chat", "can_chat"), ("completion", "can_infill")) if model.get(key)]
    return (
        model["id"],
        model["backend"],
        model["state"],
        str(context) if context else "",
        human_bytes(size) if size else "",
        ", ".join(uses),
    )
