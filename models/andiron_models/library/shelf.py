"""What is here: the model files in the models folder, and files elsewhere that were added by reference.

Every `*.gguf` in the folder counts, whoever put it there. Fetching is `fetch`'s affair.
"""

import difflib
import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from andiron_models.errors import ModelFileError, ModelNotFoundError
from andiron_models.library.catalogue import CatalogueEntry, load_catalogue

REFERENCES = "references.json"
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")


class InstalledModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model file on this machine; `entry` where the catalogue knows its name."""

    id: str
    path: Path
    size_bytes: int
    entry: CatalogueEntry | None = None
    is_reference: bool = False


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A model file elsewhere that was added without copying."""

    id: str
    path: str


def installed_models(
    models_folder: Path, catalogue: Mapping[str, CatalogueEntry] | None = None
) -> tuple[InstalledModel, ...]:
    """List the model files that are here, by id; a reference whose file is gone is left out."""
    known = load_catalogue() if catalogue is None else catalogue
    by_file = {entry.file: entry for entry in known.values()}
    models: dict[str, InstalledModel] = {}
    for path in _gguf_files(models_folder):
        model = _model(path, by_file)
        models.setdefault(model.id, model)
    for reference in references(models_folder):
        path = Path(reference.path)
        if path.is_file():
            entry = known.get(reference.id)
            models[reference.id] = InstalledModel(
                id=reference.id, path=path, size_bytes=_size_bytes(path), entry=entry, is_reference=True
            )
    return tuple(models[model_id] for model_id in sorted(models))


def find_model(
    models_folder: Path, name_or_path: str, catalogue: Mapping[str, CatalogueEntry] | None = None
) -> InstalledModel:
    """Find a model by id, by file name, or by the path of a GGUF file.

    Raises:
        ModelNotFoundError: with a hint how to get it.
    """
    known = load_catalogue() if catalogue is None else catalogue
    models = installed_models(models_folder, known)
    for model in models:
        if name_or_path in (model.id, model.path.name):
            return model
    if "/" in name_or_path or os.sep in name_or_path or name_or_path.endswith(".gguf"):
        path = Path(name_or_path).expanduser()
        if path.is_file():
            return _model(path.absolute(), {entry.file: entry for entry in known.values()})
        raise ModelNotFoundError(
            f"there is no model file {name_or_path}", hint="Check the path, or see `andiron models list`."
        )
    raise missing_model(name_or_path, known, [model.id for model in models])


def references(models_folder: Path) -> tuple[Reference, ...]:
    """Read which files elsewhere were added.

    Raises:
        ModelFileError: the list is broken.
    """
    file = models_folder / REFERENCES
    try:
        return msgspec.json.decode(file.read_bytes(), type=tuple[Reference, ...])
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.MsgspecError) as error:
        raise ModelFileError(f"{file}: cannot be read: {error}", hint="Mend or remove the file.") from error


def id_of(path: Path, known: Mapping[str, CatalogueEntry]) -> str:
    """Say what a file is called: the catalogue's id for its name, else its stem."""
    for entry in known.values():
        if entry.file == path.name:
            return entry.id
    return _SHARD.sub("", path.name).removesuffix(".gguf")


def is_first_file(path: Path) -> bool:
    """Whether a model begins with this file; of a model in several files only the first does."""
    shard = _SHARD.search(path.name)
    return shard is None or int(shard[1]) == 1


def files_of(path: Path) -> list[Path]:
    """List all files of the model that begins with this one."""
    shard = _SHARD.search(path.name)
    if shard is None:
        return [path]
    stem = path.name[: shard.start()]
    return sorted(path.parent.glob(f"{glob.escape(stem)}-*-of-{shard[2]}.gguf"))


def _gguf_files(models_folder: Path) -> Iterator[Path]:
    """Yield model files, of a model in several files the first only."""
    if not models_folder.is_dir():
        return
    for path in sorted(models_folder.glob("*.gguf")):
        if path.is_file() and is_first_file(path):
            yield path


def _model(path: Path, by_file: Mapping[str, CatalogueEntry]) -> InstalledModel:
    entry = by_file.get(path.name)
    model_id = entry.id if entry else id_of(path, {})
    return InstalledModel(id=model_id, path=path, size_bytes=_size_bytes(path), entry=entry)


def _size_bytes(path: Path) -> int:
    return sum(file.stat().st_size for file in files_of(path))


def missing_model(name: str, known: Mapping[str, CatalogueEntry], installed: Sequence[str] = ()) -> ModelNotFoundError:
    """Make the error for a model that is not here: how to get it, or what may have been meant."""
    if name in known:
        return ModelNotFoundError(
            f"model {name} is not on this machine",
            hint=f"Get it: andiron models pull {name}",
            details={"model": name},
        )
    close = difflib.get_close_matches(name, [*known, *installed], n=1, cutoff=0.5)
    hint = f"Did you mean {close[0]}?" if close else "See `andiron models available`."
    return ModelNotFoundError(
        f"there is no model {name} on this machine or in the catalogue", hint=hint, details={"model": name}
    )
