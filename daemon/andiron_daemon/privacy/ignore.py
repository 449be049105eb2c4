"""Which files' text never leaves this machine: built-in patterns, a person's own, and a project's `.andironignore`.

The patterns are gitignore's. They are asked in this order, and the last that matches decides: the built-in ones,
`andironignore` in the config folder, then every `.andironignore` from the root of the file system down to the
file's own folder. A file of patterns that is there and cannot be read keeps everything below it private.
"""

import functools
import re
from importlib import resources
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import pathspec

FILE_NAME = ".andironignore"
_FILES_REMEMBERED = 256
_LONGEST_BYTES = 256 * 1024
_DRIVE = re.compile(r"/[A-Za-z]:/")

Spec = pathspec.GitIgnoreSpec
_Stamp = tuple[int, int]


class IgnoredPaths:
    """The patterns in force; reading them blocks, and a file of them is read again when it changes.

    Args:
        own_file: a person's own patterns, for every project.
    """

    def __init__(self, own_file: Path | None = None) -> None:
        self._own_file = own_file
        self._read: dict[Path, tuple[_Stamp, Spec | None]] = {}

    def is_private(self, path: str, workspace: str | None = None) -> bool:
        """Tell whether a file's text stays here.

        Args:
            path: as the client names it: absolute, a `file:` address, or within the workspace.
            workspace: the folder a relative path starts from; without it only the built-in and the person's own
                patterns are asked.
        """
        plain = _plain(path)
        name = str(PurePosixPath(plain.lstrip("/")))
        if _DRIVE.match(plain):
            name = plain[4:]
        if name in ("", "."):
            return False
        verdict = _builtin().check_file(name.lower()).include is True
        if self._own_file is not None:
            verdict = self._asked(self._own_file, name, verdict)
        absolute = absolute_path(path, workspace)
        if absolute is None:
            return verdict
        for folder in reversed(absolute.parents):
            verdict = self._asked(folder / FILE_NAME, absolute.relative_to(folder).as_posix(), verdict)
        return verdict

    def _asked(self, file: Path, name: str, verdict: bool) -> bool:
        try:
            status = file.stat()
        except (FileNotFoundError, NotADirectoryError):
            return verdict
        except (OSError, ValueError):
            return True
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._read.get(file)
        if known is None or known[0] != stamp:
            if len(self._read) >= _FILES_REMEMBERED:
                self._read.clear()
            known = self._read[file] = (stamp, _spec_of(file, status.st_size))
        spec = known[1]
        if spec is None:
            return True
        decision = spec.check_file(name).include
        return verdict if decision is None else decision


@functools.cache
def _builtin() -> Spec:
    text = resources.files("andiron_daemon.privacy").joinpath("default.ignore").read_text(encoding="utf-8")
    return Spec.from_lines(text.splitlines())


def _spec_of(file: Path, size_bytes: int) -> Spec | None:
    """Read a file of patterns; None if it cannot be."""
    if size_bytes > _LONGEST_BYTES:
        return None
    try:
        return Spec.from_lines(file.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError):
        return None


def _plain(path: str) -> str:
    """Write a path or a `file:` address with forward slashes."""
    if path.startswith("file:"):
        path = unquote(urlsplit(path).path)
    return path.replace("\\", "/")


def absolute_path(path: str, workspace: str | None) -> Path | None:
    """Return where a file lies, however the client names it; None if that cannot be told."""
    plain = _plain(path)
    place = Path(plain[1:] if _DRIVE.match(plain) else plain)
    if not place.is_absolute():
        if not workspace:
            return None
        base = Path(_plain(workspace))
        if not base.is_absolute():
            return None
        place = base / place
    # Not resolved: a link is judged by the name people see, and by where it lies.
    return Path(*_without_dots(place.parts))


def _without_dots(parts: tuple[str, ...]) -> list[str]:
    kept: list[str] = []
    for part in parts:
        if part == ".." and len(kept) > 1:
            kept.pop()
        elif part not in (".", ".."):
            kept.append(part)
    return kept
