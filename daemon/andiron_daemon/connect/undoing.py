"""What was put into clients' files: remembered by runs of lines, and taken out again, every other byte kept.

A file may have changed since. Our lines are then looked for wherever they are by now; where they were changed
themselves the file is left as it is, for nobody but its owner can say what they meant.
"""

import difflib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from andiron_daemon.connect.errors import ConnectError
from andiron_daemon.connect.writing import Written, read, replace
from andiron_daemon.paths import Paths, make_private
from andiron_daemon.runfile import write_private

_HINT = "Take out by hand what is about Andiron."


class Change(msgspec.Struct, frozen=True):
    """One run of lines as it was `before` and as it is `ours`, with as many around as make it the only such run."""

    before: str
    ours: str


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """What one `andiron connect --write` did to a file; `is_new` is one that was not there before."""

    client: str
    file: str
    is_new: bool
    changes: tuple[Change, ...]


def remember(paths: Paths, client: str, written: Written) -> None:
    """Keep what was done to a file, so that it can be undone."""
    if not written.changed:
        return
    connection = Connection(
        client=client,
        file=str(written.file),
        is_new=written.before is None,
        changes=changes_between(written.before or "", written.after),
    )
    _keep(paths, (*connections(paths), connection))


def connections(paths: Paths) -> tuple[Connection, ...]:
    """Return what was written and not undone yet, the oldest first."""
    try:
        return msgspec.json.decode(_record(paths).read_bytes(), type=tuple[Connection, ...])
    except (OSError, msgspec.DecodeError):
        return ()


def undo(paths: Paths, file: Path, client: str | None = None) -> None:
    """Take out of a file what was put in, for one client or for all; one that was not there before goes with it.

    Raises:
        ConnectError: our lines were changed meanwhile, or the file cannot be written; it is as it was.
    """
    ours = [one for one in connections(paths) if one.file == str(file) and client in (None, one.client)]
    try:
        text = read(file)
        if text is not None and ours:
            after = _without(text, [change for one in ours for change in one.changes])
            if after is None:
                raise ConnectError("what was put in was changed since", hint=_HINT)
            if not after and ours[0].is_new:
                file.unlink()
            else:
                replace(file, after)
        _keep(paths, tuple(one for one in connections(paths) if one not in ours))
    except ConnectError as error:
        raise ConnectError(f"{file}: {error.message}", hint=error.hint) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConnectError(f"{file}: {getattr(error, 'strerror', None) or error}", hint=_HINT) from error


def changes_between(before: str, after: str) -> tuple[Change, ...]:
    """Say what was changed, each change with the fewest lines around by which it is found."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for around in range(len(old) + 1):
        changes = tuple(
            Change("".join(old[group[0][1] : group[-1][2]]), "".join(new[group[0][3] : group[-1][4]]))
            for group in matcher.get_grouped_opcodes(around)
        )
        if _without(after, changes) == before:
            return changes
    return (Change(before, after),)


def _without(text: str, changes: Sequence[Change]) -> str | None:
    """Take changes back, the last first; None where one is not to be found, or twice."""
    for change in reversed(changes):
        if not change.ours or text.count(change.ours) != 1:
            return None
        text = text.replace(change.ours, change.before)
    return text


def _keep(paths: Paths, kept: tuple[Connection, ...]) -> None:
    if not kept:
        _record(paths).unlink(missing_ok=True)
        return
    make_private(paths.state)
    write_private(_record(paths), msgspec.json.encode(kept))


def _record(paths: Paths) -> Path:
    return paths.state / "connections.json"
