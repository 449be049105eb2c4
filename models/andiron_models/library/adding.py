"""Models a person has already: added by reference or as a copy, and forgotten again.

A file elsewhere is never moved, changed or deleted.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec
from filelock import FileLock

from andiron_models.errors import InvalidRequestError, ModelNotFoundError
from andiron_models.library.catalogue import ID_PATTERN, CatalogueEntry, FileSource, load_catalogue
from andiron_models.library.fetch import pull
from andiron_models.library.gguf_header import read_gguf_header
from andiron_models.library.json_file import write_json
from andiron_models.library.part import Progress
from andiron_models.library.records import forget_record
from andiron_models.library.shelf import (
    REFERENCES,
    InstalledModel,
    Reference,
    files_of,
    find_model,
    id_of,
    installed_models,
    references,
)
from andiron_models.library.tuned import forget_tuned


def add_reference(
    models_folder: Path,
    file: Path,
    *,
    model_id: str | None = None,
    catalogue: Mapping[str, CatalogueEntry] | None = None,
) -> InstalledModel:
    """Make a model file elsewhere known under an id, without copying it.

    Raises:
        ModelFileError: the file is not there, or no GGUF.
        InvalidRequestError: the id cannot be used, or another model has it.
    """
    known = load_catalogue() if catalogue is None else catalogue
    path = file.expanduser().absolute()
    read_gguf_header(path)
    chosen = _free_id(models_folder, path, model_id, known)
    models_folder.mkdir(parents=True, exist_ok=True)
    with _lock(models_folder):
        others = [reference for reference in references(models_folder) if reference.id != chosen]
        write_json(models_folder / REFERENCES, [*others, Reference(id=chosen, path=str(path))])
    return find_model(models_folder, chosen, known)


def add_copy(
    models_folder: Path,
    file: Path,
    *,
    model_id: str | None = None,
    catalogue: Mapping[str, CatalogueEntry] | None = None,
    progress: Progress | None = None,
) -> InstalledModel:
    """Copy a model file into the models folder.

    Raises:
        ModelFileError: the file is not there, or no GGUF.
        InvalidRequestError: the id cannot be used, another model has it, or the model lies in several files.
        PullError: the copy did not succeed; nothing half-written is left under the model's name.
    """
    known = load_catalogue() if catalogue is None else catalogue
    path = file.expanduser().absolute()
    if read_gguf_header(path).is_split:
        raise InvalidRequestError(f"{path.name} is one of several files", hint="Add it without --copy.")
    chosen = _free_id(models_folder, path, model_id, known)
    source = FileSource(path=str(path))
    entry = known.get(chosen)
    if entry is None:
        entry = CatalogueEntry(id=chosen, file=f"{chosen}.gguf", size_bytes=path.stat().st_size, sources=(source,))
    else:
        entry = msgspec.structs.replace(entry, sources=(source,))
    pull(entry, models_folder, progress=progress)
    return find_model(models_folder, chosen, known)


def remove_model(
    models_folder: Path, model_id: str, catalogue: Mapping[str, CatalogueEntry] | None = None
) -> InstalledModel:
    """Forget a model: delete its file from the models folder, or drop the reference to one elsewhere.

    Raises:
        ModelNotFoundError: it is not here.
    """
    known = load_catalogue() if catalogue is None else catalogue
    for model in installed_models(models_folder, known):
        if model.id == model_id:
            break
    else:
        raise ModelNotFoundError(f"model {model_id} is not on this machine", hint="See `andiron models list`.")
    if model.is_reference:
        with _lock(models_folder):
            write_json(models_folder / REFERENCES, [r for r in references(models_folder) if r.id != model_id])
    else:
        for file in files_of(model.path):
            file.unlink(missing_ok=True)
        shutil.rmtree(models_folder / ".pulls" / model.path.name, ignore_errors=True)
    forget_tuned(models_folder, model_id)
    if model.entry is None or model.entry.sha256 is not None:
        forget_record(models_folder, model_id)  # else it holds the pinned checksum, which outlives the file
    return model


def _free_id(models_folder: Path, path: Path, model_id: str | None, known: Mapping[str, CatalogueEntry]) -> str:
    chosen = model_id or id_of(path, known)
    if not ID_PATTERN.fullmatch(chosen):
        raise InvalidRequestError(
            f"{chosen!r} cannot be a model's id", hint="Choose one of letters, digits and . _ : - with --id."
        )
    for model in installed_models(models_folder, known):
        if model.id == chosen and model.path != path:
            raise InvalidRequestError(
                f"there is a model {chosen} already: {model.path}", hint="Choose another id with --id."
            )
    return chosen


def _lock(models_folder: Path) -> FileLock:
    return FileLock(models_folder / f".{REFERENCES}.lock")
