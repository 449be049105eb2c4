"""What a command about code works on: FILE, FILE:LINE or FILE:START-END, and who is to answer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from andiron_daemon.cli.connection import connect, start_option
from andiron_daemon.cli.files import read_context_file
from andiron_daemon.cli.output import waiting

TARGET = "FILE[:START-END]"
# A small machine may take this long for a long answer.
_PATIENCE_SECONDS = 600.0


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command its target, and the options every assist takes."""
    for decorate in (
        start_option,
        click.option("--json", "as_json", is_flag=True, help="Print the whole answer as JSON."),
        click.option("--language", help="The language, if the file's name does not tell it."),
        click.option("--max-tokens", type=click.IntRange(min=1), help="The longest answer."),
        click.option("--model", help="The model that is to answer."),
        click.option("--backend", help="Who is to answer: local, openai, auto, or a plug-in."),
        click.argument("target", metavar=TARGET),
    ):
        command = decorate(command)
    return command


def body_of(target: str, **choices: str | int | None) -> dict[str, Any]:
    """Read the target as the API takes it; its path is absolute, so that its project can be found.

    Raises:
        InvalidRequestError: if it cannot be read as text, or has no such lines.
        PayloadTooLargeError: if it is too large to be shown to a model.
    """
    file = read_context_file(target)
    body: dict[str, Any] = {"code": file["content"], "path": str(Path(file["path"]).resolve())}
    if "selection" in file:
        body["selection"] = file["selection"]
    body.update({name: value for name, value in choices.items() if value is not None})
    return body


def ask(assist: str, body: dict[str, Any], start: bool | None) -> dict[str, Any]:
    """Ask the daemon, and wait for the whole answer."""
    client = connect(start, timeout_seconds=_PATIENCE_SECONDS)
    with waiting("Waiting for the answer; Ctrl-C cancels"):
        answer: dict[str, Any] = client.post(f"/api/v1/code/{assist}", body)
    return answer
