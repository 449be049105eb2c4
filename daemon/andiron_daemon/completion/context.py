"""What beyond the window is worth its tokens: declarations that share names with the text around the cursor.

Files come oldest first, newest last, then what the window leaves out of the file itself; they stay in that
order, so that what is closest to the person stands nearest to the gap. What was quoted for a path before is
quoted again, word for word and first, as long as it is still true: the engine then has it evaluated already.
"""

import functools
import math
import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from andiron_daemon.answers import characters_for, estimate_tokens
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.secrets import is_secret
from andiron_daemon.completion.window import IDENTIFIER
from andiron_daemon.syntax.languages import language_of
from andiron_daemon.syntax.parse import parse
from andiron_daemon.syntax.scopes import declarations
from andiron_models.types import ExtraFile

# What is read of other files, the newest of them: enough to choose from, and a bound on the time it takes.
_READ_FILES = 24
_READ_CHARACTERS = 48 * 1024
_LONGEST_SNIPPET = 1200
_PARSE_SECONDS = 0.05
_COMMON = frozenset(
    (
        *("self", "this", "None", "True", "False", "null", "true", "false", "not", "and", "new", "await", "async"),
        *("def", "class", "function", "const", "let", "var", "func", "pub", "mut", "impl", "struct", "interface"),
        *("return", "import", "from", "for", "while", "else", "elif", "export", "default", "static", "public"),
        *("string", "int", "float", "bool", "void", "type", "str", "list", "dict", "len", "print", "println"),
    )
)


class Snippet(msgspec.Struct, frozen=True):
    """A declaration of a file, with its names; `place` orders it within the file."""

    place: int
    text: str
    names: frozenset[str]
    has_body: bool


Quoted = tuple[int, Snippet]


def choose_context(
    files: Sequence[ExtraFile],
    *,
    own: ExtraFile,
    prefix: str,
    suffix: str,
    tokens: int,
    before: Sequence[ExtraFile] = (),
    policy: CompletionPolicy,
) -> tuple[ExtraFile, ...]:
    """Choose what is quoted, at most `tokens` of it; `before` is what was quoted last time for this path.

    `own` is what the window leaves out of the file being edited.
    """
    usable = [file for file in files if is_usable(file, own.path or None)]
    if tokens <= 0:
        return ()
    around = prefix[-policy.context_characters :] + suffix[: policy.context_characters // 2]
    fresh = _chosen(usable, own, around, characters_for(tokens), policy)
    kept = _still_true(before, (*usable, own))
    if not kept:
        return fresh
    room = tokens - sum(estimate_tokens(file.content) for file in kept)
    quoted = {line for file in kept for line in file.content.split("\n")}
    added = [file for file in fresh if not set(file.content.split("\n")) <= quoted]
    needed = sum(estimate_tokens(file.content) for file in added)
    return (*kept, *added) if needed <= room else fresh


def is_usable(file: ExtraFile, own_path: str | None) -> bool:
    """Tell whether a file may be quoted at all: another one than the one being edited, text, and no secret."""
    if not file.content.strip() or (own_path is not None and file.path == own_path):
        return False
    return "\0" not in file.content[:_READ_CHARACTERS] and not is_secret(file.path, file.content[:_READ_CHARACTERS])


def _chosen(
    files: Sequence[ExtraFile], own: ExtraFile, around: str, room: int, policy: CompletionPolicy
) -> tuple[ExtraFile, ...]:
    """Choose from the file itself first, its functions and classes alone, and for no more than half the room."""
    mine: tuple[ExtraFile, ...] = ()
    if is_usable(own, None):
        declared = [(0, snippet) for snippet in _snippets(own.path, own.content) if snippet.has_body]
        mine = _ranked([own], declared, around, room // 2, policy)
    first = max(0, len(files) - _READ_FILES)
    snippets = [
        (number, snippet)
        for number, file in enumerate(files[first:], first)
        for snippet in _snippets(file.path, file.content[:_READ_CHARACTERS])
    ]
    left = room - sum(len(file.content) for file in mine)
    return (*_ranked(files, snippets, around, left, policy), *mine)


def _ranked(
    files: Sequence[ExtraFile], snippets: Sequence[Quoted], around: str, room: int, policy: CompletionPolicy
) -> tuple[ExtraFile, ...]:
    names_around = _names(around)
    rarity = Counter(name for _, snippet in snippets for name in snippet.names)

    def score(quoted: Quoted) -> float:
        """Weigh the names in common, rare ones more, long snippets less, newer files a little more."""
        number, snippet = quoted
        shared = snippet.names & names_around
        weight = sum(math.log(1 + len(snippets) / rarity[name]) for name in shared)
        return weight / math.sqrt(len(snippet.names)) * (1 + policy.context_recency * (number + 1) / len(files))

    chosen: list[Quoted] = []
    lines_around = _lines(around)
    for weight, quoted in sorted(((score(quoted), quoted) for quoted in snippets), key=_weight, reverse=True):
        text = quoted[1].text
        if weight > 0 and len(text) < room and _likeness(_lines(text), lines_around) <= policy.context_similarity:
            chosen.append(quoted)
            room -= len(text) + 1
    return _joined(chosen, files)


def _weight(weighed: tuple[float, Quoted]) -> float:
    return weighed[0]


@functools.lru_cache(maxsize=64)
def _snippets(path: str, content: str) -> tuple[Snippet, ...]:
    """Cut a file into declarations; one that is long is quoted by its signature and its members' signatures."""
    language = language_of(None, path, content)
    syntax = parse(content, language, limit_seconds=_PARSE_SECONDS)
    found: list[Snippet] = []
    for declaration in declarations(content, syntax):
        text = content[declaration.start : declaration.end].strip("\n")
        if len(text) > _LONGEST_SNIPPET:
            text = _shortened(text, declaration.signature)
        names = _names(text)
        if names:
            has_body = len(declaration.signature) < declaration.end - declaration.start
            found.append(Snippet(declaration.start, text, names, has_body))
    return tuple(found)


_MEMBER = re.compile(
    r"^\s*(async |pub |public |private |protected |static |export |override )*(def|fn|func|function)\b"
)


def _shortened(text: str, signature: str) -> str:
    members = [line.rstrip() for line in text.split("\n") if _MEMBER.match(line)]
    lines = [*signature.split("\n"), *(line for line in members if line.strip() not in signature)]
    kept: list[str] = []
    room = _LONGEST_SNIPPET
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join(kept)


def _joined(chosen: Sequence[Quoted], files: Sequence[ExtraFile]) -> tuple[ExtraFile, ...]:
    ordered = sorted(chosen, key=lambda quoted: (quoted[0], quoted[1].place))
    return tuple(
        ExtraFile(
            path=files[number].path,
            content="\n".join(snippet.text for other, snippet in ordered if other == number),
        )
        for number in dict.fromkeys(number for number, _ in ordered)
    )


def _still_true(before: Sequence[ExtraFile], files: Sequence[ExtraFile]) -> list[ExtraFile]:
    """Keep what was quoted before, up to the first quotation that no longer agrees with its file."""
    contents = {file.path: set(file.content.split("\n")) for file in files}
    kept: list[ExtraFile] = []
    for file in before:
        if not set(file.content.split("\n")) <= contents.get(file.path, set()):
            break
        kept.append(file)
    return kept


def _names(text: str) -> frozenset[str]:
    return frozenset(IDENTIFIER.findall(text)) - _COMMON


def _lines(text: str) -> frozenset[str]:
    return frozenset(stripped for line in text.split("\n") if len(stripped := line.strip()) > 3)


def _likeness(first: frozenset[str], second: frozenset[str]) -> float:
    """Say what share of the shorter's lines is in the other; a snippet around the cursor is part of more text."""
    return len(first & second) / len(first) if first else 0.0
