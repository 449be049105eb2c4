"""A small JSON file, written so that whoever reads it finds the old one or the new one, whole."""

from pathlib import Path

import msgspec


def write_json(file: Path, value: object) -> None:
    """Put a value in place of what a file holds, in one step; its folder is made if it is not there.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".tmp")
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(value)))
    temporary.replace(file)
