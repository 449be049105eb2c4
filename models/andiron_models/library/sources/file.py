"""A model from a file of this machine, copied."""

from pathlib import Path

from andiron_models.library.catalogue import FileSource
from andiron_models.library.errors import SourceError
from andiron_models.library.part import Part

_CHUNK_BYTES = 4 * 1024 * 1024


def fetch_file(source: FileSource, part: Part) -> None:
    """Copy the file, from where an earlier copy stopped.

    Raises:
        SourceError: the file is not there or cannot be read.
    """
    path = Path(source.path).expanduser()
    try:
        with path.open("rb") as file:
            size_bytes = path.stat().st_size
            if part.size_bytes > size_bytes:
                part.truncate(0)
            part.total_bytes = part.total_bytes or size_bytes
            file.seek(part.size_bytes)
            while chunk := file.read(_CHUNK_BYTES):
                part.write(chunk)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}", hint="Check the path.") from error
