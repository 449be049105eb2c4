"""`andiron analyze PATH…`: syntax errors, linters' findings and figures of files and folders; needs no daemon.

Exit status: 0 nothing as bad as `--fail-on` · 1 something was · 2 wrong usage.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from andiron_daemon.cli.analyze_files import find_sources
from andiron_daemon.cli.analyze_findings import FailOn, Totals
from andiron_daemon.cli.analyze_report import write_github, write_json, write_text
from andiron_daemon.cli.analyze_run import FileReport, Options, run, run_text
from andiron_daemon.cli.analyze_sarif import write_sarif
from andiron_daemon.paths import find_paths
from andiron_daemon.settings import load_settings
from andiron_daemon.syntax.languages import language_named

_STDIN = "-"
_OWN_RULES = ("andiron",)


def _language(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None and language_named(value) is None:
        raise click.BadParameter(f"{value!r} is no language known here, for example python or typescript")
    return value


@click.command("analyze", short_help="Find errors and measure code.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif", "github"]), default="text", help="How.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info", "never"]),
    default="error",
    show_default=True,
    help="The least that makes the exit status 1.",
)
@click.option("--language", callback=_language, help="Read every file as this language.")
@click.option("--no-linters", is_flag=True, help="Run no linters; Andiron's own rules stay.")
@click.option("--stdin-path", help="The path that text from standard input is to be taken for.")
@click.option("--jobs", type=click.IntRange(min=1), help="How many processes; else one for each core.")
def command(
    paths: tuple[str, ...],
    form: str,
    fail_on: FailOn,
    language: str | None,
    no_linters: bool,
    stdin_path: str | None,
    jobs: int | None,
) -> int:
    """Analyse files, folders, and `-` for standard input; a folder without what git ignores."""
    settings = load_settings(find_paths())
    options = Options(
        language=language,
        linters=_OWN_RULES if no_linters else settings.linters,
        linter_seconds=settings.linter_seconds,
        trusted_folders=settings.trusted_folders,
        processes=jobs or 0,
    )
    totals = Totals()
    reports = _reports(paths, options, stdin_path)
    if form == "json":
        write_json(reports, totals)
    elif form == "sarif":
        write_sarif(reports, totals)
    elif form == "github":
        write_github(reports, totals)
    else:
        write_text(reports, totals, is_rich=sys.stdout.isatty())
    return 1 if totals.fails(fail_on) else 0


def _reports(paths: tuple[str, ...], options: Options, stdin_path: str | None) -> Iterator[FileReport]:
    missing = [path for path in paths if path != _STDIN and not Path(path).exists()]
    if missing:
        raise click.BadParameter(f"{missing[0]}: there is no such file or folder", param_hint="PATH")
    if _STDIN in paths:
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
        yield run_text(text, stdin_path or "<stdin>", options)
    yield from run(find_sources([path for path in paths if path != _STDIN]), options)
