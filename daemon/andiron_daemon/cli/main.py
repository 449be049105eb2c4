"""The `andiron` command: a table of subcommands, each loaded when it is asked for, and one edge for errors.

What changes the machine is the installer's, which may know the daemon while the daemon may not know it: its
commands are found by name here, and imported by nobody.

Exit status: 0 done · 1 it failed · 2 wrong usage · 3 Andiron is not running · 78 wrong settings · 130 interrupted.
"""

import importlib
import sys

import click

from andiron_daemon import __version__
from andiron_daemon.cli.output import print_error
from andiron_daemon.errors import ConfigurationError, DaemonError
from andiron_models.errors import ModelError

_COMMANDS = {
    "analyze": "andiron_daemon.cli.analyze",
    "api": "andiron_daemon.cli.api",
    "chat": "andiron_daemon.cli.chat",
    "complete": "andiron_daemon.cli.complete",
    "connect": "andiron_daemon.cli.connect",
    "db": "andiron_daemon.cli.db",
    "doctor": "andiron_daemon.cli.doctor",
    "explain": "andiron_daemon.cli.explain",
    "find-bugs": "andiron_daemon.cli.find_bugs",
    "generate-tests": "andiron_daemon.cli.generate_tests",
    "log": "andiron_daemon.cli.log",
    "logs": "andiron_daemon.cli.logs",
    "models": "andiron_daemon.cli.models",
    "open": "andiron_daemon.cli.open",
    "refactor": "andiron_daemon.cli.refactor",
    "serve": "andiron_daemon.cli.serve",
    "service": "andiron_installer.commands.service",
    "settings": "andiron_daemon.cli.settings",
    "status": "andiron_daemon.cli.status",
    "stop": "andiron_daemon.cli.stop",
    "token": "andiron_daemon.cli.token",
    "uninstall": "andiron_installer.commands.uninstall",
    "up": "andiron_installer.commands.up",
    "update": "andiron_installer.commands.update",
}
_EXIT_FAILED = 1
_EXIT_NOT_RUNNING = 3
_EXIT_CONFIGURATION = 78
_EXIT_INTERRUPTED = 130


class _Subcommands(click.Group):
    """Finds a subcommand's module by the table; click asks for a class here."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the subcommands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one subcommand."""
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(module).command
        return command


@click.group(cls=_Subcommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="andiron %(version)s")
def _andiron() -> None:
    """A coding assistant that lives on your own machine."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command line and return its exit status."""
    try:
        status = _andiron.main(arguments, prog_name="andiron", standalone_mode=False)
    except click.exceptions.Abort:
        return _EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except ConfigurationError as error:
        return print_error(error.message, error.hint, _EXIT_CONFIGURATION)
    except (DaemonError, ModelError) as error:
        return print_error(error.message, error.hint, getattr(error, "status", _EXIT_FAILED))
    except BrokenPipeError:
        # Whoever read the output has left; nothing more can be said to them, not even at exit.
        sys.stdout = None
        return _EXIT_FAILED
    return status if isinstance(status, int) else 0
