"""The first completion and the first answer: asked of the daemon as an editor would ask, shown as they come."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.padding import Padding
from rich.text import Text

from andiron_daemon.client import Client, ClientError
from andiron_installer.bootstrap.failures import DaemonError

PREFIX = '''def count_words(text: str) -> dict[str, int]:
    """Count how often each word occurs."""
    counts: dict[str, int] = {}
    for word in text.split():
        counts[word] = '''
SUFFIX = "\n    return counts\n"
QUESTION = "In one sentence: what is a context manager in Python good for?"
_ANSWER_TOKENS = 96


def show_completion(client: Client, model: str, console: Console) -> None:
    """Ask for the body of a function and show it between what is before and after it.

    Raises:
        DaemonError: the daemon did not give one.
    """
    body = {"prefix": PREFIX, "suffix": SUFFIX, "path": "words.py", "max_tokens": 64, "multiline": False}
    with _mapped("a completion"), console.status("Asking for a completion; the model is loaded first"):
        answer = client.post("/api/v1/code/complete", {**body, "model": model, "backend": "local"})
    console.print(f"\nA completion, {speed(answer)}:\n", highlight=False)
    if not answer["completions"]:
        console.print(f"    (none worth showing: {answer.get('reason', 'no reason given')})", highlight=False)
        return
    console.print(framed(PREFIX, _plain(answer["completions"][0]["text"]), SUFFIX))


def show_answer(client: Client, model: str, console: Console) -> None:
    """Ask a question, show the answer while it comes, and leave no conversation behind.

    Raises:
        DaemonError: the daemon did not answer.
    """
    body = {"message": QUESTION, "max_tokens": _ANSWER_TOKENS, "model": model, "backend": "local"}
    console.print(f"\nA question: {QUESTION}\n", highlight=False)
    last: dict[str, Any] = {}
    whole = Text(style="green")
    with (
        _mapped("an answer"),
        closing(client.stream("/api/v1/chat/stream", body)) as events,
        Live(Padding(whole, (0, 4)), console=console, vertical_overflow="visible"),
    ):
        for event in events:
            last = event.data
            if event.name == "delta":
                whole.append(_plain(last["text"]))
    if not console.is_terminal:
        console.line()  # a live display ends its line on terminals only
    console.print(f"\nThat was {speed(last)}.", highlight=False)
    with _mapped("an answer"):
        client.delete(f"/api/v1/chat/conversations/{last['conversation_id']}")


def framed(prefix: str, completion: str, suffix: str) -> Text:
    """Lay a completion between its neighbours; a `+` marks the lines the model wrote in."""
    frame = Text()
    first = prefix.count("\n")
    last = first + completion.count("\n")
    whole = Text(prefix, style="dim") + Text(completion, style="bold green") + Text(suffix.rstrip("\n"), style="dim")
    for number, line in enumerate(whole.split("\n", allow_blank=True)):
        mark = "  + " if first <= number <= last else "    "
        frame.append(mark, style="green").append_text(line).append("\n")
    frame.rstrip()
    return frame


def speed(answer: dict[str, Any]) -> str:
    """Say who answered and how fast."""
    tokens = answer["usage"]["completion_tokens"]
    seconds = answer["timings"]["generate_ms"] / 1000
    rate = f"{tokens / seconds:.1f} tokens/s" if tokens and seconds > 0 else f"{tokens} tokens"
    return f"{rate}, by {answer['model']} ({answer['backend']})"


def _plain(text: str) -> str:
    """Take out what a terminal might obey."""
    return "".join(character for character in text if character.isprintable() or character in "\n\t")


@contextmanager
def _mapped(what: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        hint = error.hint or "See `andiron status`, and the log named there."
        raise DaemonError(f"the daemon did not give {what}: {error.message}", hint) from error
