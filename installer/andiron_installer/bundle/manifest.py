"""The bundle's manifest: what is in it, under which licence, and the sha256 of every file; written and checked."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from andiron_installer.bundle.errors import BundleError
from andiron_installer.bundle.origins import Part

NAME = "manifest.json"
_CHUNK_BYTES = 1024 * 1024


class BundledFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file; of a link there is only where it leads."""

    path: str
    bytes: int = 0
    sha256: str = ""
    link: str | None = None


class BundledModel(msgspec.Struct, frozen=True, kw_only=True):
    """The model in the bundle."""

    id: str
    file: str
    publisher: str
    licence: str
    sha256: str
    bytes: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything there is to say of a bundle."""

    name: str
    version: str
    platform: str
    is_tried: bool
    python: str
    libc: str
    built_with: str
    models: tuple[BundledModel, ...]
    parts: tuple[Part, ...]
    files: tuple[BundledFile, ...]

    @property
    def size_bytes(self) -> int:
        """How much room all files take."""
        return sum(file.bytes for file in self.files)


def list_files(folder: Path) -> tuple[BundledFile, ...]:
    """List every file of a bundle but its manifest."""
    return tuple(_file(folder, path) for path in _paths(folder))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into the bundle."""
    (folder / NAME).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")


def read_manifest(folder: Path) -> Manifest:
    """Read a bundle's manifest.

    Raises:
        BundleError: there is none, or it is broken.
    """
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise BundleError(
            f"{folder / NAME}: cannot be read: {error}", hint="Name the folder of a whole bundle."
        ) from error


def check_bundle(folder: Path) -> Manifest:
    """Compare every file with the manifest.

    Raises:
        BundleError: naming the first files that differ, are missing, or do not belong there.
    """
    manifest = read_manifest(folder)
    told = {file.path: file for file in manifest.files}
    found = {file.path: file for file in list_files(folder)}
    complaints = [f"{path} is missing" for path in told.keys() - found.keys()]
    complaints += [f"{path} does not belong there" for path in found.keys() - told.keys()]
    complaints += [f"{path} was changed" for path in told.keys() & found.keys() if told[path] != found[path]]
    if complaints:
        more = f", and {len(complaints) - 3} more" if len(complaints) > 3 else ""
        raise BundleError(
            f"{folder} is not as it was made: {'; '.join(sorted(complaints)[:3])}{more}", hint="Unpack it anew."
        )
    return manifest


def sha256_of(file: Path) -> str:
    """Hash a file piece by piece."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _paths(folder: Path) -> Iterator[Path]:
    for base, folders, names in os.walk(folder):
        links = [name for name in folders if (Path(base) / name).is_symlink()]
        for name in sorted([*names, *links]):
            path = Path(base) / name
            if path != folder / NAME:
                yield path


def _file(folder: Path, path: Path) -> BundledFile:
    name = path.relative_to(folder).as_posix()
    if path.is_symlink():
        return BundledFile(path=name, link=str(path.readlink()))
    return BundledFile(path=name, bytes=path.stat().st_size, sha256=sha256_of(path))
