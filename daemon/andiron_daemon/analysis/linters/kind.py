"""Under which name a text is shown to linters, who go by the ends of names."""

import re

from andiron_daemon.analysis.linters.project import name_of
from andiron_daemon.syntax.languages import Language, language_of_path

DOCKERFILE = "dockerfile"
_DOCKERFILE = re.compile(r"(?i)^(dockerfile|containerfile)(\.[\w.-]+)?$|\.(dockerfile|containerfile)$")
# A name no file system takes, or one that would be read as something else.
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f]|^\.{0,2}$")
_LONGEST_NAME = 200
_LONGEST_PATH = 2000


def kind_of(path: str | None, language: Language | None) -> str | None:
    """Say which of the linters' languages a text is in; a Dockerfile is told by its name, whatever was guessed."""
    if path and language_of_path(path) is None and _DOCKERFILE.search(name_of(path)):
        return DOCKERFILE
    return language.name if language is not None else None


def named_for(path: str | None, language: Language | None, kind: str | None) -> str:
    """Give a text the path it came with if a linter can see its language by it, else one by which it can."""
    if kind == DOCKERFILE:
        ending, is_telling = "Dockerfile", path is not None and bool(_DOCKERFILE.search(name_of(path)))
    else:
        ending = f".{language.extensions[0]}" if language is not None and language.extensions else ""
        is_telling = path is not None and (language is None or language_of_path(path) == language)
    if path is None or not _is_usable(path):
        return "untitled" + (ending if ending.startswith(".") else f".{ending}")
    return path if is_telling else path + (ending if ending.startswith(".") else f".{ending}")


def _is_usable(path: str) -> bool:
    name = name_of(path)
    is_short = len(name) <= _LONGEST_NAME and len(path) <= _LONGEST_PATH
    return is_short and not _UNUSABLE.search(name) and "\0" not in path
