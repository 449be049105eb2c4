"""`andiron models pull | add | remove | verify`: the commands that touch model files.

A running daemon does the pulling and removing; without one it is done right here.
"""

import contextlib
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import click

from andiron_daemon.cli.output import human_bytes, note, plain, print_table
from andiron_daemon.client import Client, find_client
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.paths import Paths, find_paths
from andiron_models.library.catalogue import Catalogue, CatalogueEntry, load_catalogue
from andiron_models.library.finding import FoundModel, find_models
from andiron_models.library.hardware import fit, this_machine
from andiron_models.library.memory import DEFAULT_CONTEXT, need_of_entry
from andiron_models.library.shelf import find_model, installed_models, missing_model

Show = Callable[[int, int | None], None]
Say = Callable[[str], None]


@click.command("pull")
@click.argument("model")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--cancel", is_flag=True, help="Stop a pull that runs in the daemon.")
def pull(model: str, yes: bool, cancel: bool) -> None:
    """Get a model; one that was broken off goes on where it stopped."""
    paths = find_paths()
    client = find_client(paths)
    if cancel:
        if client is None:
            raise InvalidRequestError("Andiron is not running, so it pulls nothing")
        client.delete(f"/api/v1/models/{model}/pull")
        return
    catalogue = load_catalogue(paths.config)
    if model not in catalogue:
        raise missing_model(model, catalogue)
    entry = catalogue[model]
    if not yes and not _agreed(entry, paths, catalogue):
        raise click.Abort
    path = _pulled_by_daemon(client, model) if client is not None else _pulled_here(entry, paths)
    click.echo(path)


@click.command("add")
@click.argument("file", required=False, metavar="FILE|NAME")
@click.option("--id", "model_id", help="What to call it.")
@click.option("--copy", is_flag=True, help="Copy it into the models folder instead of referring to it.")
def add(file: str | None, model_id: str | None, copy: bool) -> None:
    """Use a model file you have, or one that Ollama, LM Studio or others keep; without FILE, show those."""
    from andiron_models.library.adding import add_copy, add_reference

    paths = find_paths()
    catalogue = load_catalogue(paths.config)
    if file is None:
        _show_found(paths, catalogue)
        return
    path = Path(file).expanduser()
    if not path.exists():
        found = _found_by_name(file, catalogue)
        path, model_id = found.path, model_id or found.id
    if copy:
        with _bar(f"copying {path.name}") as (show, _):
            model = add_copy(paths.models, path, model_id=model_id, catalogue=catalogue, progress=show)
    else:
        model = add_reference(paths.models, path, model_id=model_id, catalogue=catalogue)
    note(f"{model.id} is ready. Choose it: andiron models use {model.id}")
    click.echo(model.id)


@click.command("remove")
@click.argument("model")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def remove(model: str, yes: bool) -> None:
    """Delete a model from this machine; a file that was only referred to stays where it is."""
    from andiron_models.library.adding import remove_model

    paths = find_paths()
    catalogue = load_catalogue(paths.config)
    found = find_model(paths.models, model, catalogue)
    what = "Forget" if found.is_reference else f"Delete {human_bytes(found.size_bytes)}:"
    if not yes and sys.stdin.isatty() and not click.confirm(f"{what} {found.path}?", err=True):
        raise click.Abort
    client = find_client(paths)
    if client is not None:
        client.delete(f"/api/v1/models/{found.id}")
    else:
        remove_model(paths.models, found.id, catalogue)
    note(f"{found.id} is gone from Andiron" + ("; its file was left alone." if found.is_reference else "."))


@click.command("verify")
@click.argument("models", nargs=-1)
def verify_models(models: tuple[str, ...]) -> int:
    """Check that model files are what they should be; all of them if none is named."""
    from andiron_models.library.verify import verify

    paths = find_paths()
    catalogue = load_catalogue(paths.config)
    chosen = [find_model(paths.models, name, catalogue) for name in models]
    rows: list[tuple[str, ...]] = []
    failed = 0
    for model in chosen or installed_models(paths.models, catalogue):
        with _bar(f"checking {model.id}") as (show, _):
            verdict = verify(model, paths.models, progress=show)
        failed += not verdict.is_good
        word = "good" if verdict.is_good else f"WRONG, expected {verdict.expected_sha256}"
        if verdict.expected_sha256 is None:
            word = "pinned now"
        rows.append((model.id, word, verdict.sha256, verdict.source or ""))
    print_table(("model", "verdict", "sha256", "known from"), rows)
    return 1 if failed else 0


def _agreed(entry: CatalogueEntry, paths: Paths, catalogue: Catalogue) -> bool:
    """Warn of what speaks against the download, and ask where someone can answer."""
    reasons = []
    need = need_of_entry(entry, min(DEFAULT_CONTEXT, entry.context_length or DEFAULT_CONTEXT))
    found = fit(need, this_machine()) if need is not None else None
    if found is not None and found.fits != "yes":
        reasons.append(found.warning(entry.id))
    here = {model.id for model in installed_models(paths.models, catalogue)}
    twin = next((model for model in find_models(catalogue) if model.entry == entry), None)
    if twin is not None and entry.id not in here:
        reasons.append(f"{twin.keeper} has this file already; `andiron models add {entry.id}` uses it as it is.")
    for reason in reasons:
        click.echo(reason, err=True)
    return not reasons or not sys.stdin.isatty() or click.confirm("Get it all the same?", err=True)


def _pulled_by_daemon(client: Client, model: str) -> str:
    """Follow a pull that runs in the daemon; Ctrl-C leaves it running there."""
    try:
        with (
            _bar(model) as (show, say),
            contextlib.closing(client.stream(f"/api/v1/models/{model}/pull", None)) as events,
        ):
            for event in events:
                if event.name == "progress":
                    show(event.data["bytes"], event.data["total"])
                elif event.name == "notice":
                    say(plain(event.data["message"]))
                elif event.name == "done":
                    return str(event.data["path"])
    except KeyboardInterrupt:
        note(f"The pull goes on in the background. Stop it: andiron models pull {model} --cancel")
        raise
    raise InvalidRequestError(f"the pull of {model} ended without a word", hint="See `andiron models list`.")


def _pulled_here(entry: CatalogueEntry, paths: Paths) -> str:
    from andiron_models.library.fetch import pull as fetch

    try:
        with _bar(entry.id) as (show, say):
            return str(fetch(entry, paths.models, progress=show, notice=say))
    except KeyboardInterrupt:
        note(f"What was fetched is kept. Go on: andiron models pull {entry.id}")
        raise


def _show_found(paths: Paths, catalogue: Catalogue) -> None:
    here = {model.path for model in installed_models(paths.models, catalogue)}
    found = [model for model in find_models(catalogue) if model.path not in here]
    if not found:
        note("No models of Ollama, LM Studio, llama.cpp or the Hugging Face cache were found on this machine.")
        return
    rows = [(plain(model.id), model.keeper, human_bytes(model.size_bytes), plain(str(model.path))) for model in found]
    print_table(("model", "kept by", "size", "file"), rows)
    note("Use one as it is, without copying: andiron models add MODEL")


def _found_by_name(name: str, catalogue: Catalogue) -> FoundModel:
    for model in find_models(catalogue):
        if model.id == name:
            return model
    raise InvalidRequestError(
        f"there is no file {name}, and no other program keeps a model of that name",
        hint="See what others keep: andiron models add",
    )


@contextlib.contextmanager
def _bar(title: str) -> Iterator[tuple[Show, Say]]:
    """Show progress on a terminal, and sentences above it; anywhere else show the sentences only."""
    if not sys.stderr.isatty():
        yield lambda _size, _total: None, note
        return
    yield from _rich_bar(title)


def _rich_bar(title: str) -> Generator[tuple[Show, Say], None, None]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=None)
        yield (
            lambda size, total: progress.update(task, completed=size, total=total),
            lambda text: progress.console.print(text, style="dim", markup=False, highlight=False),
        )
