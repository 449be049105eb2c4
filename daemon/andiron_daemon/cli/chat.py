"""`andiron chat`: one question and its answer, or a conversation at a prompt."""

import sys
from contextlib import closing
from typing import Any

import click
import msgspec

from andiron_daemon.cli.answer import show_answer
from andiron_daemon.cli.connection import connect, start_option
from andiron_daemon.cli.files import read_context_file
from andiron_daemon.cli.output import note, print_error
from andiron_daemon.client import Client
from andiron_daemon.errors import DaemonError

_HELP = "Ctrl-C cancels an answer, /new begins a new conversation, Ctrl-D leaves."


class Talk(msgspec.Struct):
    """What stays the same from one message to the next; `conversation_id` is known after the first answer."""

    client: Client
    choices: dict[str, Any]
    conversation_id: str | None = None
    files: tuple[str, ...] = ()
    is_rendered: bool | None = None

    def say(self, message: str) -> None:
        """Send one message and show the answer as it comes."""
        body = {"message": message, **self.choices}
        if self.conversation_id is not None:
            body["conversation_id"] = self.conversation_id
        if self.files:
            # Read each time: they may have been changed since, and what is unchanged is not evaluated again.
            body["context"] = {"files": [read_context_file(file) for file in self.files]}
        # Closed at once on Ctrl-C as well: closing is what cancels the work.
        with closing(self.client.stream("/api/v1/chat/stream", body)) as events:
            show_answer(events, self._started, is_rendered=self.is_rendered)

    def _started(self, start: dict[str, Any]) -> None:
        self.conversation_id = start.get("conversation_id", self.conversation_id)


@click.command("chat", short_help="Ask the assistant.")
@click.argument("message", required=False)
@click.option("--conversation", "conversation_id", metavar="ID", help="Continue this conversation.")
@click.option("--continue", "newest", is_flag=True, help="Continue the newest conversation.")
@click.option("--file", "files", metavar="FILE[:LINE[-LINE]]", multiple=True, help="Show a file, lines marked.")
@click.option("--raw", is_flag=True, help="Print the answer as it comes, also at a terminal.")
@click.option("--backend", help="Who is to answer: local, openai, auto, or a plug-in.")
@click.option("--model", help="The model that is to answer.")
@click.option("--system", help="Instructions that stand above the conversation.")
@start_option
def command(
    message: str | None,
    conversation_id: str | None,
    newest: bool,
    files: tuple[str, ...],
    raw: bool,
    start: bool | None,
    **choices: str | None,
) -> None:
    """Send MESSAGE and stream the answer; without one, talk at a prompt.

    Text that is piped in is the message, or is added to it.
    """
    if conversation_id and newest:
        raise click.UsageError("--conversation and --continue cannot both be given")
    message = _with_piped_text(message)
    for file in files:
        read_context_file(file)
    client = connect(start)
    if newest:
        conversation_id = _newest_conversation(client)
    chosen = {name: value for name, value in choices.items() if value}
    talk = Talk(client, chosen, conversation_id, files, False if raw else None)
    if message is None:
        _talk_at_prompt(talk)
    else:
        talk.say(message)


def _with_piped_text(message: str | None) -> str | None:
    if sys.stdin.isatty():
        return message
    piped = sys.stdin.buffer.read().decode("utf-8", "replace").strip()
    whole = "\n\n".join(part for part in (message, piped) if part)
    if not whole:
        raise click.UsageError("there is no message: give one as MESSAGE, or pipe it in")
    return whole


def _newest_conversation(client: Client) -> str | None:
    found = client.get("/api/v1/chat/conversations?limit=1")["conversations"]
    if not found:
        note("There is no conversation yet; this begins one.")
        return None
    note(f"Continuing: {found[0]['title']}")
    return str(found[0]["id"])


def _talk_at_prompt(talk: Talk) -> None:
    _edit_lines()
    note(_HELP)
    while True:
        try:
            message = input("> ").strip()
        except KeyboardInterrupt:
            click.echo()
            continue
        except EOFError:
            click.echo()
            return
        if message in ("/quit", "/exit"):
            return
        if message == "/new":
            talk.conversation_id = None
            note("A new conversation.")
        elif message:
            _say_and_stay(talk, message)


def _say_and_stay(talk: Talk, message: str) -> None:
    """Say it; neither Ctrl-C nor an error ends the conversation."""
    try:
        talk.say(message)
    except KeyboardInterrupt:
        note("Cancelled.")
    except DaemonError as error:
        print_error(error.message, error.hint, 1)


def _edit_lines() -> None:
    """Let input() edit its line and remember the ones before, where Python has readline."""
    try:
        import readline  # noqa: F401 -- importing it is what turns it on
    except ImportError:
        return
