"""Which model this machine gets, and getting it: the library does the work, this shows it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.text import Text

from andiron_daemon.paths import Paths
from andiron_installer.bootstrap.failures import ModelError, NoSpaceError
from andiron_models.errors import ModelError as LibraryError
from andiron_models.library.catalogue import CatalogueEntry, load_catalogue
from andiron_models.library.errors import DiskSpaceError
from andiron_models.library.fetch import pull
from andiron_models.library.hardware import Machine, choose_default_model, this_machine
from andiron_models.library.shelf import find_model, installed_models


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A model, why it was chosen, and whether it can fill gaps; `entry` where it has to be fetched or checked."""

    id: str
    reason: str
    can_infill: bool
    entry: CatalogueEntry | None = None


def choose_model(paths: Paths, wanted: str | None, machine: Machine | None = None) -> Choice:
    """Choose what was asked for, else what is here already, else what fits the machine.

    Raises:
        ModelError: there is no such model, or the person's catalogue cannot be meant.
    """
    try:
        catalogue = load_catalogue(paths.config)
        if wanted is not None:
            return _wanted(paths, wanted, catalogue)
        machine = machine or this_machine()
        fitting = choose_default_model(machine.total_bytes, machine.physical_cores)
        here = installed_models(paths.models, catalogue)
        if here:
            kept = next((model for model in here if model.id == fitting), here[0])
            return Choice(id=kept.id, reason="in place", can_infill=_can_infill(kept.entry), entry=kept.entry)
    except LibraryError as error:
        raise _mapped(error) from error
    memory = f"{machine.total_bytes / 1e9:.0f} GB of memory"
    cores = f"{machine.physical_cores} core{'s' if machine.physical_cores > 1 else ''}"
    entry = catalogue[fitting]
    return Choice(id=fitting, reason=f"fits {memory} and {cores}", can_infill=_can_infill(entry), entry=entry)


def fetch_model(choice: Choice, models_folder: Path, console: Console) -> str:
    """Bring the model here if it is not, with a bar that moves, and say in a few words what came of it.

    Raises:
        ModelError: no source could give it.
        NoSpaceError: there is too little room for it.
    """
    entry = choice.entry
    if entry is None:
        return f"{choice.id}, {choice.reason}"
    was_here = (models_folder / entry.file).is_file()
    columns = (TextColumn("  {task.description:<12}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    moves = console.is_terminal and not was_here
    if not moves and not was_here:
        console.print(f"  model        fetching {choice.id}", highlight=False)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=not moves) as bar:
        task = bar.add_task("model", total=entry.size_bytes)

        def advance(here_bytes: int, total_bytes: int | None) -> None:
            bar.update(task, completed=here_bytes, total=total_bytes)

        def tell(text: str) -> None:
            bar.console.print(Text(f"               {text}", style="dim"), soft_wrap=True)

        _pull(entry, models_folder, advance, tell)
    size = f"{(models_folder / entry.file).stat().st_size / 1e9:.1f} GB"
    came = "in place" if was_here else f"fetched and checked; {choice.reason}"
    return f"{choice.id}, {size}, {came}"


def _pull(
    entry: CatalogueEntry,
    models_folder: Path,
    progress: Callable[[int, int | None], None],
    notice: Callable[[str], None],
) -> None:
    """Pull in a thread, so that Ctrl-C can ask it to stop at a place from which it can go on."""
    cancel = threading.Event()
    with ThreadPoolExecutor(max_workers=1) as pool:
        pulling = pool.submit(pull, entry, models_folder, progress=progress, notice=notice, cancel=cancel)
        try:
            pulling.result()
        except LibraryError as error:
            raise _mapped(error) from error
        finally:
            cancel.set()


def _wanted(paths: Paths, wanted: str, catalogue: dict[str, CatalogueEntry]) -> Choice:
    entry = catalogue.get(wanted)
    if entry is not None:
        return Choice(id=wanted, reason="as asked for", can_infill=_can_infill(entry), entry=entry)
    try:
        found = find_model(paths.models, wanted, catalogue)
    except LibraryError as error:
        known = ", ".join(catalogue)
        raise ModelError(error.message, f"The models that can be fetched are: {known}.") from error
    return Choice(id=wanted, reason="in place", can_infill=_can_infill(found.entry))


def _can_infill(entry: CatalogueEntry | None) -> bool:
    return entry is not None and entry.infill is not None


def _mapped(error: LibraryError) -> ModelError | NoSpaceError:
    hint = error.hint or "Start the installer again; what was fetched is kept."
    if isinstance(error, DiskSpaceError):
        return NoSpaceError(error.message, hint)
    return ModelError(error.message, hint)
