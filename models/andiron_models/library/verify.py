"""Checking that a model's file still is what it was."""

import threading
from pathlib import Path

import msgspec

from andiron_models.library.fetch import sha256_of
from andiron_models.library.part import Progress
from andiron_models.library.records import read_record, update_record
from andiron_models.library.shelf import InstalledModel


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a file hashes to; `expected_sha256` is None where this was the first time it was hashed."""

    id: str
    path: str
    sha256: str
    expected_sha256: str | None
    source: str | None

    @property
    def is_good(self) -> bool:
        """Whether the file is what was expected."""
        return self.expected_sha256 in (None, self.sha256)


def verify(
    model: InstalledModel,
    models_folder: Path,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Verdict:
    """Hash a model's file and compare; a model of unknown checksum is pinned to what it is now.

    Raises:
        PullCancelledError: `cancel` was set.
        OSError: the file cannot be read.
    """
    record = read_record(models_folder, model.id)
    catalogued = model.entry.sha256 if model.entry is not None else None
    expected = catalogued or record.sha256
    status = model.path.stat()
    found = sha256_of(model.path, cancel, progress)
    if expected in (None, found):
        update_record(
            models_folder,
            model.id,
            sha256=found,
            verified_size_bytes=status.st_size,
            verified_mtime_ns=status.st_mtime_ns,
        )
    source = "catalogue" if catalogued else ("first download" if expected else None)
    return Verdict(id=model.id, path=str(model.path), sha256=found, expected_sha256=expected, source=source)
