"""The values of `.env` files near a file: secret wherever else they turn up in what is to be sent."""

import io
from collections.abc import Iterator
from pathlib import Path

from andiron_daemon.privacy.rules import is_made_up

_NAMES = (".env", ".env.local", ".env.development", ".env.production", ".env.test")
_LONGEST_BYTES = 64 * 1024
_SHORTEST = 6
_FOLDERS_UPWARDS = 12


def environment_values(folder: Path) -> frozenset[str]:
    """Return the values in the `.env` files of a folder and the ones above; it blocks.

    Words, numbers and addresses without a password are left: they say nothing, and stand everywhere in code.
    """
    found: set[str] = set()
    for place in [folder, *folder.parents][:_FOLDERS_UPWARDS]:
        for name in _NAMES:
            found.update(_values(place / name))
    return frozenset(found)


def _values(file: Path) -> Iterator[str]:
    from dotenv import dotenv_values

    try:
        if file.stat().st_size > _LONGEST_BYTES:
            return
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return
    for name, value in dotenv_values(stream=io.StringIO(text), interpolate=False).items():
        if value and len(value) >= _SHORTEST and is_made_up(name, value):
            yield value
