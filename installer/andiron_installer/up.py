"""`andiron up`: from whatever is there to a completion that was really made, each step told; run again, it checks.

    settings ─► model here ─► daemon runs ─► model loaded ─► a completion

What a step needs and a person may not want (a download, a restart) is asked for first.
"""

import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec

from andiron_daemon import __version__
from andiron_daemon.client import Client, ClientError, find_client, running_daemon
from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import Paths
from andiron_daemon.settings import Settings, load_settings
from andiron_installer.bootstrap.console import Console
from andiron_installer.bootstrap.failures import SetupError
from andiron_installer.daemon import ensure_daemon
from andiron_installer.first_run import PREFIX, SUFFIX, speed
from andiron_installer.model import Choice, choose_model, fetch_model
from andiron_installer.service.service import Service

# The model is read from the disk, on a slow machine for minutes.
_PATIENCE_SECONDS = 900.0
_COMPLETION_TOKENS = 32


class UpError(DaemonError):
    """A step failed; the ones before it stay done. `status` is the exit status."""

    def __init__(self, message: str, *, hint: str | None = None, status: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asked for."""

    model: str | None = None
    with_model: bool = True


Ask = Callable[[str], bool | None]


def bring_up(paths: Paths, wish: Wish, lines: Console, ask: Ask) -> str:
    """Do whatever is needed; return the daemon's address.

    Args:
        paths: whose daemon.
        wish: which model, or none.
        lines: where the steps are told.
        ask: asks the person; None where nobody can be asked.

    Raises:
        ConfigurationError: a setting is wrong.
        DaemonError: a step failed.
    """
    settings = load_settings(paths)
    origin = str(paths.settings_file) if paths.settings_file.exists() else "defaults"
    lines.step("settings").done(f"ok, {origin}; {settings.backend} answers")
    try:
        choice = _model(paths, settings, wish, lines, ask)
        url, client = _daemon(paths, lines, ask)
    except SetupError as error:
        raise UpError(error.message, hint=error.hint, status=error.exit_code) from error
    finally:
        lines.end_line()
    if choice is not None:
        _load(client, choice, lines)
    if choice is not None or settings.backend != "local":
        _complete(client, settings, choice, lines)
    return url


def _model(paths: Paths, settings: Settings, wish: Wish, lines: Console, ask: Ask) -> Choice | None:
    """Have the model here; None if none is wanted or needed."""
    step = lines.step("model")
    if not wish.with_model:
        step.done("left alone")
        return None
    if settings.backend not in ("local", "auto") and wish.model is None:
        step.done(f"none needed here, {settings.backend} answers")
        return None
    choice = choose_model(paths, wish.model or settings.completion_model or settings.chat_model or None)
    entry = choice.entry
    if entry is not None and not (paths.models / entry.file).is_file():
        size = f" ({entry.size_bytes / 1e9:.1f} GB)" if entry.size_bytes else ""
        answer = ask(f"Fetch the model {choice.id}{size}?")
        if not answer:
            raise UpError(
                f"the model {choice.id}{size} is not here" + ("" if answer is None else ", and is not to be fetched"),
                hint="Say --yes to have it fetched, --model for another one, or --no-model for none.",
            )
    from rich.console import Console as RichConsole

    step.done(fetch_model(choice, paths.models, RichConsole()))
    return choice


def _daemon(paths: Paths, lines: Console, ask: Ask) -> tuple[str, Client]:
    """Have the daemon run, under the service if there is one."""
    step = lines.step("daemon")
    service = Service(paths)
    running = running_daemon(paths)
    if service.record is None:
        step.doing("starting")
        daemon = ensure_daemon(paths, changed=False, agree=lambda question: bool(ask(question)))
        step.done(f"{daemon.url}, {daemon.history}")
        return daemon.url, daemon.client
    history = f"runs already ({service.manager})"
    if running is None:
        step.doing(f"starting the service ({service.manager})")
        running = service.start()
        history = f"the service was started ({service.manager})"
    elif running.version != __version__ and ask(f"The daemon is of version {running.version}. Restart it?"):
        step.doing("restarting")
        running, history = service.restart(), "restarted"
    client = find_client(paths, timeout_seconds=_PATIENCE_SECONDS)
    if running is None or client is None:
        raise UpError("the daemon ended as soon as it was started", hint="See why: andiron service logs")
    step.done(f"{running.url}, {history}")
    return running.url, client


def _load(client: Client, choice: Choice, lines: Console) -> None:
    step = lines.step("engine")
    step.doing(f"loading {choice.id}")
    began = time.monotonic()
    try:
        client.post(f"/api/v1/models/{quote(choice.id, safe='')}/load", timeout_seconds=_PATIENCE_SECONDS)
    except ClientError as error:
        lines.end_line()
        raise UpError(
            f"the model {choice.id} cannot be loaded: {error.message}",
            hint=error.hint or "See `andiron models info`, and the log that `andiron status` names.",
        ) from error
    took = time.monotonic() - began
    step.done(f"{choice.id} is loaded" + (f", in {took:.1f} s" if took > 0.5 else ""))


def _complete(client: Client, settings: Settings, choice: Choice | None, lines: Console) -> None:
    """Ask for something that was never asked before, so that no cache can answer."""
    step = lines.step("answer")
    step.doing("asking for one")
    mark = secrets.token_hex(4)
    whom: dict[str, Any] = {"model": choice.id, "backend": "local"} if choice else {"backend": settings.backend}
    try:
        if choice is None or choice.can_infill:
            body = {"prefix": f"# {mark}\n{PREFIX}", "suffix": SUFFIX, "path": "words.py", "multiline": False}
            answer = client.post("/api/v1/code/complete", {**body, "max_tokens": _COMPLETION_TOKENS, **whom})
            what = "completion"
        else:
            answer = client.post("/api/v1/chat/message", {"message": f"Say {mark}.", "max_tokens": 16, **whom})
            client.delete(f"/api/v1/chat/conversations/{answer['conversation_id']}")
            what = "chat"
    except ClientError as error:
        lines.end_line()
        raise UpError(f"no answer could be had: {error.message}", hint=error.hint or "See `andiron status`.") from error
    step.done(f"{what} works: {speed(answer)}")
