"""The options of the set-up, which `python3 installer` takes and hands on to `python -m andiron_installer`."""

import argparse


def add_setup_options(parser: argparse.ArgumentParser) -> None:
    """Add the options both command lines share."""
    parser.add_argument("--model", metavar="ID", help="the model to fetch (default: the one that fits this machine)")
    parser.add_argument("--no-model", action="store_true", help="fetch no model and ask for no answer")
    parser.add_argument("--no-start", action="store_true", help="do not start the daemon")
    parser.add_argument("--tray", action="store_true", help="install what the tray icon needs, too")
    parser.add_argument("--yes", action="store_true", help="answer every question with yes")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def setup_arguments(options: argparse.Namespace) -> list[str]:
    """Write parsed options as arguments again."""
    flags = ("no_model", "no_start", "tray", "yes", "dry_run")
    given = [f"--{flag.replace('_', '-')}" for flag in flags if getattr(options, flag)]
    return [*given, "--model", options.model] if options.model else given
