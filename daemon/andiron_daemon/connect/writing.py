"""A client's configuration as text, and into its file: merged, backed up, written whole or not at all."""

import datetime
import io
import json
import os
import shutil
import tempfile
from pathlib import Path

import msgspec

from andiron_daemon.connect import jsonc, lines, yaml
from andiron_daemon.connect.clients import Client, Target
from andiron_daemon.connect.errors import ConnectError


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file and its text; there was none `before` if that is None, and then no backup."""

    file: Path
    before: str | None
    after: str
    backup: Path | None = None

    @property
    def changed(self) -> bool:
        """Whether anything had to change."""
        return self.after != self.before


def shown(client: Client, target: Target) -> str:
    """Write what the client's file has to hold."""
    wanted = client.wanted(target)
    if client.form == "json":
        return json.dumps(wanted, indent=2, ensure_ascii=False) + "\n"
    if client.form == "yaml":
        from ruamel.yaml import YAML

        printer = YAML()
        printer.indent(mapping=2, sequence=4, offset=2)
        printer.width = 10_000
        stream = io.StringIO()
        printer.dump(wanted, stream)
        return stream.getvalue()
    if client.form == "vim":
        return f"{wanted}\n"
    return "".join(f"{name}={value}\n" for name, value in wanted.items())


def merged(text: str, client: Client, target: Target) -> str:
    """Put what the client needs into its file's text.

    Raises:
        ConnectError: the text cannot be read as what it should be.
    """
    wanted = client.wanted(target)
    if client.form == "json":
        return jsonc.merged(text, wanted)
    if client.form == "yaml":
        return yaml.merged(text, wanted, client.keeps)
    if client.form == "vim":
        return lines.with_block(text, wanted, '"')
    return lines.with_variables(text, wanted)


def write(client: Client, target: Target, file: Path) -> Written:
    """Put what the client needs into its file; what was there is kept beside it.

    Raises:
        ConnectError: the file cannot be read, understood or written; it is as it was.
    """
    # What a link points to is written, not put in the link's place.
    file = file.expanduser().resolve()
    try:
        before = read(file)
        after = _merged_with_its_ends(before or "", client, target)
        if after == before:
            return Written(file=file, before=before, after=after)
        file.parent.mkdir(parents=True, exist_ok=True)
        backup = None
        if before is not None:
            stamp = datetime.datetime.now().astimezone().strftime("%Y%m%d-%H%M%S-%f")
            backup = file.with_name(f"{file.name}.{stamp}.bak")
            shutil.copy2(file, backup)
        replace(file, after)
    except ConnectError as error:
        raise ConnectError(f"{file}: {error.message}", hint=error.hint) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConnectError(f"{file}: {reason}", hint="Put in by hand what `andiron connect` prints.") from error
    return Written(file=file, before=before, after=after, backup=backup)


def read(file: Path) -> str | None:
    """Read a file with the line ends it has; None if there is none."""
    return file.read_bytes().decode("utf-8") if file.exists() else None


def _merged_with_its_ends(text: str, client: Client, target: Target) -> str:
    """Merge, and end lines as most of the file's are ended."""
    plain = text.replace("\r\n", "\n")
    after = merged(plain, client, target)
    if after == plain:
        return text
    windows = text.count("\r\n")
    return after.replace("\n", "\r\n") if windows > plain.count("\n") - windows else after


def replace(file: Path, text: str) -> None:
    """Write a file whole; a new one is private, for there is a token in it."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        if file.exists():
            shutil.copymode(file, temporary)
        temporary.replace(file)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
