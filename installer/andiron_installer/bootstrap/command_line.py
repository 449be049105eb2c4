"""The command lines of `python3 installer` and `python3 installer test`, and how each ends."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from andiron_installer.bootstrap.child import hand_over
from andiron_installer.bootstrap.console import Console
from andiron_installer.bootstrap.environment import Environment
from andiron_installer.bootstrap.failures import INTERRUPTED, SetupError
from andiron_installer.bootstrap.options import add_setup_options, setup_arguments
from andiron_installer.bootstrap.plan import Wish, outline
from andiron_installer.bootstrap.preparation import disk_error, prepare
from andiron_installer.bootstrap.source import Source, find_source

_TEST_EXTRAS = ("bundle", "test", "tray")


def main(arguments: Sequence[str]) -> int:
    """Run the installer and return the exit code."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    commands = {"test": _test, "beside": _beside}
    chosen = commands.get(arguments[0]) if arguments else None
    return ending(lambda: chosen(arguments[1:]) if chosen else _setup(arguments))


def ending(run: Callable[[], int]) -> int:
    """Run, and turn what can stop it into a line, a hint and an exit code."""
    try:
        return run()
    except SetupError as error:
        return _report(error)
    except OSError as error:
        return _report(disk_error(error))
    except KeyboardInterrupt:
        print("\nStopped. Start it again to go on from here.", file=sys.stderr)
        return INTERRUPTED


def _setup(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 installer",
        description="Set up Andiron in a private environment, fetch a model, start the daemon and ask it something.",
        epilog="`python3 installer test` runs the test suite in the same environment.",
        allow_abbrev=False,
    )
    add_setup_options(parser)
    _add_environment_option(parser)
    options = parser.parse_args(arguments)
    source = find_source()
    environment = _environment(source, options.environment)
    wish = Wish(
        extras=("tray",) if options.tray else (),
        model=options.model,
        with_model=not options.no_model,
        start=not options.no_start,
    )
    console = Console()
    console.say(f"Andiron {source.version}, from {source.folder}")
    if options.dry_run and not _is_ready(environment, source, wish):
        _show_plan(console, environment, source, wish)
        return 0
    changed = prepare(environment, source, wish, console)
    command = [str(environment.python), "-m", "andiron_installer", *setup_arguments(options)]
    return hand_over([*command, "--changed"] if changed else command, folder=Path.cwd(), variables={})


def _test(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 installer test",
        description="Prepare the environment with what the tests need and run the test suite in it.",
        epilog="Everything else is given to pytest: python3 installer test -k tray -x",
        allow_abbrev=False,
    )
    parser.add_argument("--prepare-only", action="store_true", help="make the environment, run no test")
    _add_environment_option(parser)
    options, for_pytest = parser.parse_known_args(arguments)
    source = find_source()
    environment = _environment(source, options.environment)
    prepare(environment, source, Wish(extras=_TEST_EXTRAS, with_model=False, start=False), Console())
    if options.prepare_only:
        return 0
    return hand_over([str(environment.python), "-m", "pytest", *for_pytest], folder=source.folder, variables={})


def _beside(arguments: Sequence[str]) -> int:
    """Make an environment beside the one in use; `andiron update` asks the new version for this."""
    parser = argparse.ArgumentParser(prog="python3 installer beside", allow_abbrev=False)
    parser.add_argument("--name", required=True, help="the name of its folder")
    parser.add_argument("--extra", action="append", default=[], help="what is installed, too")
    _add_environment_option(parser)
    options = parser.parse_args(arguments)
    source = find_source()
    environment = Environment(_environment(source, options.environment).root, options.name)
    prepare(environment, source, Wish(extras=tuple(options.extra), with_model=False, start=False), Console())
    return 0


def _add_environment_option(parser: argparse.ArgumentParser) -> None:
    help_text = "where the environment is kept (default: .andiron in the checkout)"
    parser.add_argument("--environment", type=Path, metavar="FOLDER", help=help_text)


def _environment(source: Source, folder: Path | None) -> Environment:
    return Environment((folder or source.folder / ".andiron").expanduser().absolute())


def _is_ready(environment: Environment, source: Source, wish: Wish) -> bool:
    return environment.state(environment.wanted(source.digest, wish.extras)) == "ready"


def _show_plan(console: Console, environment: Environment, source: Source, wish: Wish) -> None:
    state = environment.state(environment.wanted(source.digest, wish.extras))
    for name, text in outline(state, wish, environment.folder):
        console.step(name).done(text)
    console.say("Nothing was done: this is what would be.")


def _report(error: SetupError) -> int:
    print(f"error: {error.message}\nhint: {error.hint}", file=sys.stderr)
    return error.exit_code


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
