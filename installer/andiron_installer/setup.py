"""The second half of the set-up, inside the environment: model, daemon, first answers, what to do next."""

import argparse
import os
import sys
from pathlib import Path

from rich.console import Console

from andiron_daemon.errors import ConfigurationError
from andiron_daemon.paths import Paths, find_paths
from andiron_daemon.settings import Settings, load_settings
from andiron_installer.bootstrap.console import Console as Lines
from andiron_installer.bootstrap.failures import SetupError
from andiron_installer.daemon import Daemon, ensure_daemon
from andiron_installer.first_run import show_answer, show_completion
from andiron_installer.model import Choice, choose_model, fetch_model
from andiron_models.library.shelf import installed_models


class SettingsError(SetupError):
    """A setting cannot be meant."""

    exit_code = 78


def run_setup(options: argparse.Namespace) -> None:
    """Do what the options ask for, saying each step.

    Raises:
        SetupError: a step failed; the ones before it stay done.
    """
    lines, console = Lines(), Console()
    paths = find_paths()
    settings = _settings(paths)
    choice = None if options.no_model else choose_model(paths, options.model or settings.completion_model or None)
    if options.dry_run:
        _show_plan(lines, paths, choice, start=not options.no_start)
        return
    if choice is not None:
        step = lines.step("model")
        step.done(fetch_model(choice, paths.models, console))
    if options.no_start:
        lines.say(f"\nReady. To start it: {_command()} serve")
        return
    step = lines.step("daemon")
    step.doing("starting")
    try:
        daemon = ensure_daemon(paths, changed=options.changed, agree=lambda question: _agree(question, yes=options.yes))
    finally:
        lines.end_line()
    step.done(f"{daemon.url}, {daemon.history}")
    if choice is not None:
        _show_first_answers(daemon, choice, console)
    _show_what_next(lines, daemon, settings)
    if options.model and len(installed_models(paths.models)) > 1:
        lines.say(f"\nSeveral models are here. To make {options.model} the one that answers when none is named, write")
        lines.say(f'completion_model = "{options.model}" and chat_model = "{options.model}" in {paths.settings_file}')


def _settings(paths: Paths) -> Settings:
    try:
        return load_settings(paths)
    except ConfigurationError as error:
        raise SettingsError(error.message, error.hint or "Mend the setting.") from error


def _show_first_answers(daemon: Daemon, choice: Choice, console: Console) -> None:
    if choice.can_infill:
        show_completion(daemon.client, choice.id, console)
    else:
        console.print(f"\n{choice.id} cannot fill gaps, so there is no code completion to show.", highlight=False)
    show_answer(daemon.client, choice.id, console)


def _show_plan(lines: Lines, paths: Paths, choice: Choice | None, *, start: bool) -> None:
    if choice is not None:
        lines.step("model").done(f"{choice.id}, {choice.reason}, to {paths.models}")
    if start:
        lines.step("daemon").done("started unless it runs, then asked for a completion and an answer")
    lines.say("Nothing was done: this is what would be.")


def _show_what_next(lines: Lines, daemon: Daemon, settings: Settings) -> None:
    command = _command()
    token = daemon.token_path or ("the one of your settings" if settings.token else "none is asked for")
    lines.say("\nAndiron is ready.")
    for name, text in (("address", daemon.url), ("token", token), ("command", command)):
        lines.step(name).done(text)
    lines.say("\nWhat next:")
    for arguments, meaning in (
        ('chat "What does this do?" < FILE', "ask in the terminal"),
        ("complete FILE:LINE:COL", "complete code at a place"),
        ("status", "see how it is"),
        ("stop", "stop it"),
        ("up", "have everything running and ready again"),
        ("service install", "have it there after login"),
    ):
        lines.say(f"  {command} {arguments:<34} {meaning}")


def _command() -> str:
    """Say how the `andiron` of this environment is called from where the person is."""
    file = Path(sys.executable).with_name("andiron.exe" if os.name == "nt" else "andiron")
    try:
        return str(file.relative_to(Path.cwd()))
    except ValueError:
        return str(file)


def _agree(question: str, *, yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        return False
    return input(f"\n{question} [Y/n] ").strip().lower() in ("", "y", "yes")
