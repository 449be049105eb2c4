"""What a bundle is made of and under which licence: distributions of Python, Python itself, libraries of the system.

What is inside is read from PyInstaller's own tables, never guessed from what is installed. A part whose licence
cannot be told is listed as `unknown`, never left out.
"""

import ast
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import msgspec

_LICENCE_WORDS = ("license", "licence", "copying", "notice", "authors")
_UNKNOWN = "unknown"
_CLASSIFIER = "License :: OSI Approved :: "
_LOOK_SECONDS = 60


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's work in the bundle; `texts` are the files of its licence, to be copied."""

    name: str
    version: str
    licence: str
    kind: str
    texts: tuple[str, ...] = ()


def parts(work_folder: Path) -> tuple[Part, ...]:
    """List the parts of what PyInstaller just made, by its tables in the work folder."""
    modules, libraries = _tables(work_folder)
    by_module = metadata.packages_distributions()
    names = {name for module in modules for name in by_module.get(module, ())} | {"andiron"}
    found = [_distribution(name) for name in names]
    return tuple(sorted([*found, _python(), *_system(libraries)], key=lambda part: (part.kind, part.name.lower())))


def _tables(work_folder: Path) -> tuple[set[str], set[Path]]:
    """Read the names of what was collected, and the libraries that came from outside of any Python folder."""
    modules: set[str] = set()
    libraries: set[Path] = set()
    for file in (*work_folder.rglob("PYZ-*.toc"), *work_folder.rglob("COLLECT-*.toc")):
        for name, source, kind in _rows(ast.literal_eval(file.read_text(encoding="utf-8"))):
            top = name.replace("\\", "/").split("/")[0]
            modules.add(top.split(".")[0])
            if kind == "BINARY" and not _is_of_python(Path(source)):
                libraries.add(Path(source).resolve())
    return modules, libraries


def _rows(table: object) -> Iterable[tuple[str, str, str]]:
    """Yield the rows of name, source and kind, however deep they lie."""
    if isinstance(table, tuple) and len(table) == 3 and all(isinstance(field, str) for field in table):
        yield table
    elif isinstance(table, list | tuple):
        for row in table:
            yield from _rows(row)


def _is_of_python(source: Path) -> bool:
    folders = {sys.prefix, sys.base_prefix, sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return any(source.is_relative_to(folder) for folder in folders)


def _distribution(name: str) -> Part:
    told = metadata.metadata(name)
    licence = _field(told, "License-Expression") or _of_classifiers(told) or _first_line(_field(told, "License"))
    files = metadata.files(name) or []
    texts = [str(file.locate()) for file in files if _is_licence(file.name) and ".dist-info" in str(file)]
    return Part(
        name=told["Name"], version=told["Version"], licence=licence or _UNKNOWN, kind="python", texts=tuple(texts)
    )


def _field(told: metadata.PackageMetadata, name: str) -> str:
    return next(iter(told.get_all(name) or ()), "")


def _of_classifiers(told: metadata.PackageMetadata) -> str:
    rows = told.get_all("Classifier") or []
    return ", ".join(row.removeprefix(_CLASSIFIER) for row in rows if row.startswith(_CLASSIFIER))


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:80]


def _is_licence(name: str) -> bool:
    return any(name.lower().startswith(word) for word in _LICENCE_WORDS)


def _python() -> Part:
    text = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    texts = (str(text),) if text.is_file() else ()
    return Part(name="CPython", version=platform.python_version(), licence="PSF-2.0", kind="interpreter", texts=texts)


def _system(libraries: set[Path]) -> list[Part]:
    """Name the distribution's packages libraries came from; without dpkg each library stands for itself."""
    found: dict[str, Part] = {}
    for library in sorted(libraries):
        package = _asked("dpkg", "-S", str(library)).partition(": ")[0].split(":")[0]
        if not package:
            package = _asked("dpkg", "-S", f"*/{library.name}").partition(": ")[0].split(":")[0]
        if not package:
            found[library.name] = Part(name=library.name, version=_UNKNOWN, licence=_UNKNOWN, kind="library")
            continue
        text = Path("/usr/share/doc") / package / "copyright"
        version = _asked("dpkg-query", "-W", "-f", "${Version}", package)
        found[package] = Part(
            name=package,
            version=version or _UNKNOWN,
            licence=_of_copyright(text),
            kind="library",
            texts=(str(text),) if text.is_file() else (),
        )
    return list(found.values())


def _of_copyright(file: Path) -> str:
    if not file.is_file():
        return _UNKNOWN
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    names = (line.removeprefix("License:").strip() for line in lines if line.startswith("License:"))
    return " and ".join(dict.fromkeys(name for name in names if name)) or f"see {file.parent.name}'s copyright file"


def _asked(*command: str) -> str:
    """Ask a tool of the system; nothing where there is none, or it does not know."""
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LOOK_SECONDS, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
