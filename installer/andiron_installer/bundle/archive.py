"""A bundle as one file: `.tar.gz`, or `.zip` on Windows; the same folder gives the same file.

gzip, because most of a bundle is the model, which nothing makes much smaller: xz takes minutes more and saves little.
"""

import gzip
import tarfile
import zipfile
from pathlib import Path

# Long after the beginning of time of zip files; what a file's own time says is when it was copied.
_MOMENT = 1_700_000_000
_ZIP_MOMENT = (2023, 11, 14, 22, 13, 20)
_LEVEL = 5


def pack(folder: Path, target: Path) -> Path:
    """Put a folder into an archive whose one top folder has its name; the ending of `target` says of which kind."""
    paths = [folder, *sorted(folder.rglob("*"))]
    if target.suffix == ".zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            for path in paths:
                _add_to_zip(archive, path, _name(folder, path))
    else:
        # The compressor's own name and time would make two archives of one folder differ.
        with (
            target.open("wb") as raw,
            gzip.GzipFile("", "wb", _LEVEL, raw, _MOMENT) as stream,
            tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for path in paths:
                archive.add(path, _name(folder, path), recursive=False, filter=_anonymous)
    return target


def _name(folder: Path, path: Path) -> str:
    return (Path(folder.name) / path.relative_to(folder)).as_posix()


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = _MOMENT
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry


def _add_to_zip(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    if path.is_dir():
        return
    entry = zipfile.ZipInfo(name, _ZIP_MOMENT)
    entry.external_attr = (0o755 if path.stat().st_mode & 0o100 else 0o644) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w") as target, path.open("rb") as source:
        while chunk := source.read(1024 * 1024):
            target.write(chunk)
