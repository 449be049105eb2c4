"""What an installation will do, as values: shown first, then done by `installation`, then kept for the removal."""

from pathlib import Path

import msgspec

MARK = "Written by `andiron service install`; `andiron service uninstall` removes it."

Command = tuple[str, ...]


class PlannedFile(msgspec.Struct, frozen=True):
    """A file and all of its content."""

    path: Path
    content: bytes


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The files, and the commands after they are written and around their removal."""

    kind: str
    name: str
    autostart: bool
    files: tuple[PlannedFile, ...]
    variables: dict[str, str]
    after_writing: tuple[Command, ...] = ()
    before_removing: tuple[Command, ...] = ()
    after_removing: tuple[Command, ...] = ()
    autostart_note: str = ""


def as_text(content: bytes) -> str:
    """Decode a planned file for a person to read."""
    return content.decode("utf-16") if content.startswith((b"\xff\xfe", b"\xfe\xff")) else content.decode()
