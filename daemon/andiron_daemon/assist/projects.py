"""The project a path lies in, as far as its own files tell: found by reading a few names and small texts.

Only for absolute paths, since the daemon's own folder says nothing about a relative one. Nothing is executed and
nothing is imported; what cannot be read counts as not there.
"""

from pathlib import Path, PurePosixPath

import msgspec

_MARKS = (
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "tox.ini",
    "pytest.ini",
    "requirements.txt",
    "requirements-dev.txt",
    "package.json",
    "vitest.config.ts",
    "vitest.config.js",
    "jest.config.js",
    "jest.config.ts",
    "go.mod",
    "Cargo.toml",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "Gemfile",
    ".rspec",
    "composer.json",
    "CMakeLists.txt",
    "Package.swift",
    "Directory.Packages.props",
    ".git",
)
_ROOT_MARKS = frozenset(_MARKS) - {"CMakeLists.txt", "requirements.txt", "requirements-dev.txt"}
_TEST_FOLDERS = ("tests", "test")
_TESTS_READ = 3
_LARGEST_BYTES = 256 * 1024
_MOST_LEVELS = 40


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A path within its project: `inside` is the path from the root, `texts` are the project's own files by name."""

    inside: PurePosixPath
    root: Path | None = None
    texts: dict[str, str] = {}

    def mentions(self, word: str, *names: str) -> bool:
        """Tell whether one of the files, or any where none is named, holds a word."""
        return any(word in text for name, text in self.texts.items() if not names or name in names)

    def has(self, *names: str) -> bool:
        """Tell whether one of the files or folders is there."""
        return any(name in self.texts or (self.root is not None and (self.root / name).exists()) for name in names)

    def shown(self, inside: PurePosixPath) -> str:
        """Return a path in the form the caller's has."""
        return str(self.root / inside) if self.root is not None else str(inside)


def find_project(path: str | None, default_name: str) -> Project:
    """Look for the project around a path; without one, the path stands for itself. It blocks."""
    given = PurePosixPath((path or default_name).replace("\\", "/"))
    whole = Path(path) if path is not None else None
    if whole is None or not whole.is_absolute():
        return Project(inside=PurePosixPath(*[part for part in given.parts if part not in ("..", ".", "/")]))
    root = _root_of(whole.parent)
    if root is None:
        return Project(inside=PurePosixPath(given.name), root=whole.parent)
    files = [root / name for name in _MARKS] + _some_tests(root)
    texts = {file.relative_to(root).as_posix(): text for file in files if (text := _read(file)) is not None}
    return Project(inside=PurePosixPath(whole.relative_to(root).as_posix()), root=root, texts=texts)


def _root_of(folder: Path) -> Path | None:
    for level, candidate in enumerate((folder, *folder.parents)):
        if level > _MOST_LEVELS or candidate.parent == candidate:
            return None
        try:
            if any((candidate / name).exists() for name in _ROOT_MARKS):
                return candidate
        except OSError:
            return None
    return None


def _some_tests(root: Path) -> list[Path]:
    """Name a few of the tests that are there: what they import tells more than any configuration."""
    found: list[Path] = []
    for folder in _TEST_FOLDERS:
        try:
            found += sorted((root / folder).glob("test_*.py"))[:_TESTS_READ]
        except OSError:
            continue
    return found


def _read(file: Path) -> str | None:
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST_BYTES:
            return None
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
