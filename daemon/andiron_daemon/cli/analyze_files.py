"""Which files `andiron analyze` looks at: those named, and those below the folders named that git would keep.

Git's rules come from every `.gitignore` on the way and from `.git/info/exclude`; a file named itself is looked at
whatever they say. Links to folders are not followed.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from pathspec import GitIgnoreSpec

from andiron_daemon.syntax.languages import language_of_path

LARGEST_BYTES = 5 * 1024 * 1024
_SNIFFED_BYTES = 8192
_NEVER = frozenset({".git", ".hg", ".svn"})
_SHEBANG = b"#!"


class Source(msgspec.Struct, frozen=True):
    """A file to be looked at, by the path it is shown with; `is_named` by the person, not found below a folder."""

    path: str
    is_named: bool


class Unread(msgspec.Struct, frozen=True):
    """Why a file is not looked at."""

    reason: str


class _Rules(msgspec.Struct, frozen=True):
    """The rules of one folder, for all below it."""

    folder: Path
    spec: GitIgnoreSpec


def find_sources(paths: Sequence[str]) -> Iterator[Source]:
    """List files in the order of their paths, each once."""
    seen: set[str] = set()
    for source in sorted(_named(paths), key=lambda source: source.path):
        if source.path not in seen:
            seen.add(source.path)
            yield source


def _named(paths: Sequence[str]) -> Iterator[Source]:
    for name in paths:
        path = Path(name)
        if path.is_dir():
            yield from (Source(found, is_named=False) for found in _below(path, _rules_above(path)))
        else:
            yield Source(path.as_posix(), is_named=True)


def _below(folder: Path, rules: list[_Rules]) -> Iterator[str]:
    own = _rules_in(folder, ".gitignore")
    rules = [*rules, *own]
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return  # a folder that may not be read has nothing to show
    for entry in entries:
        path = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in _NEVER and not _is_ignored(path, rules, is_folder=True):
                yield from _below(path, rules)
        elif entry.is_file() and not _is_ignored(path, rules, is_folder=False):
            yield path.as_posix()


def _rules_above(folder: Path) -> list[_Rules]:
    """Collect the rules between the top of the repository and a folder, the nearest last."""
    whole = folder.resolve()
    found: list[_Rules] = []
    for above in (whole, *whole.parents):
        if above != whole:
            found = [*_rules_in(above, ".gitignore"), *found]
        if (above / ".git").exists():
            return [*_rules_in(above, ".git/info/exclude"), *found]
    return []


def _rules_in(folder: Path, name: str) -> list[_Rules]:
    try:
        lines = (folder / name).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [_Rules(folder.resolve(), GitIgnoreSpec.from_lines(lines))]


def _is_ignored(path: Path, rules: list[_Rules], *, is_folder: bool) -> bool:
    """Ask the rules, the nearest first; the first that says anything decides."""
    whole = path.parent.resolve() / path.name if rules else path
    for each in reversed(rules):
        name = whole.relative_to(each.folder).as_posix() + ("/" if is_folder else "")
        said = each.spec.check_file(name).include
        if said is not None:
            return said
    return False


def read_source(source: Source) -> str | Unread:
    """Read a file as text, or say why it is not looked at."""
    path = Path(source.path)
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            return Unread(f"larger than {LARGEST_BYTES // 1024 // 1024} MB")
        if not source.is_named and language_of_path(source.path) is None and not _is_script(path):
            return Unread("of no known language")
        content = path.read_bytes()
    except OSError as error:
        return Unread(f"cannot be read: {(error.strerror or str(error)).lower()}")
    if b"\0" in content[:_SNIFFED_BYTES]:
        return Unread("binary")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Unread("not text in UTF-8")


def _is_script(path: Path) -> bool:
    if path.suffix:
        return False
    with path.open("rb") as file:
        return file.read(2) == _SHEBANG
