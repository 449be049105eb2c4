"""`andiron serve`: run the daemon; its options come from the table of settings."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from andiron_daemon.paths import find_paths
from andiron_daemon.settings import SETTINGS, Setting, load_settings


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add one option for each setting; secrets have none, since every user sees a command line."""
    for setting in reversed(SETTINGS):
        if setting.kind != "secret":
            command = click.option(_flag(setting), setting.name, metavar=_metavar(setting), help=_help(setting))(
                command
            )
    return command


def _flag(setting: Setting) -> str:
    return f"--{setting.name.replace('_', '-')}"


def _metavar(setting: Setting) -> str:
    return {"flag": "on|off", "choice": "|".join(setting.choices)}.get(setting.kind, setting.kind.upper())


def _help(setting: Setting) -> str:
    return f"{setting.help}  [{setting.variable}]"


@click.command("serve", short_help="Run the daemon.")
@click.option("--detach", is_flag=True, help="Run in the background; return when it answers.")
@click.option("--env-file", type=click.Path(path_type=Path), help="A .env instead of the config folder's.")
@_options
def command(detach: bool, env_file: Path | None, **given: str | None) -> None:
    """Run the daemon until Ctrl-C, `andiron stop` or a signal.

    Each setting can also be given by the variable named in brackets, in a .env or andiron.toml of the config
    folder; see `andiron settings`.
    """
    paths = find_paths()
    settings = load_settings(paths, command_line=given, env_file=env_file)
    if detach:
        _detach(given, env_file)
        return
    from andiron_daemon.serve import serve

    serve(settings, paths)


def _detach(given: dict[str, str | None], env_file: Path | None) -> None:
    from andiron_daemon.background import start_in_background
    from andiron_daemon.client import answering_daemon, running_daemon

    paths = find_paths()
    record = answering_daemon(paths) if running_daemon(paths) else None
    word = "already running" if record else "ready"
    if record is None:
        options = [
            f"{_flag(setting)}={given[setting.name]}" for setting in SETTINGS if given.get(setting.name) is not None
        ]
        if env_file is not None:
            options.append(f"--env-file={env_file.absolute()}")
        record = start_in_background(paths, options)
    sys.stderr.write(f"Andiron is {word} at {record.url} (pid {record.pid})\n")
