"""From a gap in a text to the tokens a model should see.

Order, budget and token healing; see `layout` for the orders. User text is tokenized without special tokens,
so that source code which contains `<|fim_middle|>` cannot break out of its place.

Token healing: text behind the middle token must end where the model itself would have ended a token. The
prompt therefore stops before the half-typed word (or run of spaces or punctuation), and the engine lets the
first sampled tokens only be ones that agree with what stands there (`Prompt.pending`).
"""

import unicodedata
from collections.abc import Callable

import msgspec

from andiron_models.errors import ContextTooLongError
from andiron_models.layout import InfillLayout
from andiron_models.types import ExtraFile, InfillRequest, Truncated

PENDING_LIMIT = 48
_SUFFIX_SHARE = 4
_SLIDE_SHARE = 4
_SUFFIX_STEPS = 16

Tokenize = Callable[[str], list[int]]


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens to evaluate, bytes the answer must begin with, and what was left out."""

    tokens: list[int]
    pending: bytes = b""
    truncated: Truncated | None = None


class InfillTokens(msgspec.Struct, frozen=True, kw_only=True):
    """A layout's token texts as this model's ids; `None` where the model lacks the token."""

    layout: InfillLayout
    prefix: int
    suffix: int
    middle: int
    file: int | None = None
    begin: int | None = None


def healing_cut(prefix: str) -> int:
    """Find where the token being typed at the end of `prefix` begins; `len(prefix)` after a line break."""
    end = len(prefix)
    if not end or prefix[end - 1] in "\r\n":
        return end
    kind = _kind(prefix[end - 1])
    start = end
    while start > max(0, end - PENDING_LIMIT) and _kind(prefix[start - 1]) == kind:
        start -= 1
    if kind != "space" and start and prefix[start - 1] == " ":
        start -= 1
    return start


def _kind(character: str) -> str:
    if character in "\r\n":
        return "line"
    if character in " \t":
        return "space"
    if character == "_" or unicodedata.category(character)[0] in "LMN":
        return "word"
    return "sign"


def lay_out(request: InfillRequest, tokens: InfillTokens, tokenize: Tokenize, limit: int) -> Prompt:
    """Make the prompt for a model that can infill, of at most `limit` tokens.

    What is far from the gap goes first: extra files from the oldest, then the end of the suffix beyond a
    quarter of the room, then the beginning of the prefix. Both are cut in steps, so that typing on does not
    move a cut, and with it all that stands behind it, at every token.

    Raises:
        ContextTooLongError: there is no room even for the gap's own surroundings.
    """
    cut = _cut(request) if tokens.layout.heals else len(request.prefix)
    pending = request.prefix[cut:].encode("utf-8", errors="replace")
    room = _room(limit, 3 + (tokens.begin is not None))
    prefix = tokenize(request.prefix[:cut])
    suffix = tokenize(request.suffix)
    dropped: dict[str, int] = {}
    if len(prefix) + len(suffix) > room:
        suffix_room = _suffix_room(room, len(prefix))
        dropped["suffix"] = max(0, len(suffix) - suffix_room)
        suffix = suffix[:suffix_room]
        skip = _skip(len(prefix), room - len(suffix))
        dropped["prefix"] = skip
        prefix = prefix[skip:]
    extra = _extra_tokens(request, tokens, tokenize, room - len(prefix) - len(suffix), dropped)
    begin = [tokens.begin] if tokens.begin is not None else []
    return Prompt(
        tokens=begin + extra + _ordered(tokens, prefix, suffix), pending=pending, truncated=_truncated(dropped)
    )


def continue_plainly(request: InfillRequest, begin: int | None, tokenize: Tokenize, limit: int) -> Prompt:
    """Make the prompt for a model that cannot infill: the text before the gap, to be continued."""
    cut = _cut(request)
    prefix = tokenize(request.prefix[:cut])
    skip = _skip(len(prefix), _room(limit, int(begin is not None)))
    kept = ([begin] if begin is not None else []) + prefix[skip:]
    pending = request.prefix[cut:].encode("utf-8", errors="replace")
    if not kept:
        kept = tokenize("\n")
    return Prompt(tokens=kept, pending=pending, truncated=_truncated({"prefix": skip}))


def _cut(request: InfillRequest) -> int:
    """Find where healing begins; a grammar describes the answer alone, so that nothing is healed into it."""
    is_constrained = request.sampling.grammar is not None or request.sampling.json_schema is not None
    return len(request.prefix) if is_constrained else healing_cut(request.prefix)


def _room(limit: int, frame: int) -> int:
    room = limit - frame
    if room < _SLIDE_SHARE:
        raise ContextTooLongError(
            f"{max(0, limit)} tokens leave no room for a prompt",
            hint="Allow more prompt tokens or ask for fewer new ones.",
        )
    return room


def _suffix_room(room: int, prefix_length: int) -> int:
    """Leave the suffix what the prefix does not need, but at least its share."""
    step = max(1, room // _SUFFIX_STEPS)
    return max(room // _SUFFIX_SHARE, (room - prefix_length) // step * step)


def _skip(length: int, room: int) -> int:
    """Count the tokens to leave out at the beginning, in steps, of a text that is longer than its room."""
    step = max(1, room // _SLIDE_SHARE)
    return min(length, -(-max(0, length - room) // step) * step)


def _ordered(tokens: InfillTokens, prefix: list[int], suffix: list[int]) -> list[int]:
    match tokens.layout.order:
        case "anchored":
            return [tokens.prefix, tokens.suffix, *suffix, tokens.middle, *prefix]
        case "prefix_first":
            return [tokens.prefix, *prefix, tokens.suffix, *suffix, tokens.middle]
        case "suffix_first":
            return [tokens.suffix, *suffix, tokens.prefix, *prefix, tokens.middle]


def _extra_tokens(
    request: InfillRequest, tokens: InfillTokens, tokenize: Tokenize, room: int, dropped: dict[str, int]
) -> list[int]:
    """Lay out other files, newest nearest to the gap, dropping the oldest that do not fit."""
    if tokens.file is None:
        dropped["context"] = sum(len(tokenize(file.content)) for file in request.extra)
        return []
    if not request.extra:
        return []
    own_header = [tokens.file, *tokenize(f"{request.path or 'untitled'}\n")]
    room -= len(own_header)
    kept: list[list[int]] = []
    for file in reversed(request.extra):
        part = _file_tokens(file, tokens.file, tokenize)
        if len(part) > room:
            dropped["context"] = dropped.get("context", 0) + len(part)
            continue
        room -= len(part)
        kept.append(part)
    return [token for part in reversed(kept) for token in part] + (own_header if kept else [])


def _file_tokens(file: ExtraFile, file_token: int, tokenize: Tokenize) -> list[int]:
    content = file.content if file.content.endswith("\n") else file.content + "\n"
    return [file_token, *tokenize(f"{file.path}\n{content}")]


def _truncated(dropped: dict[str, int]) -> Truncated | None:
    parts = [part for part, count in dropped.items() if count]
    return Truncated(dropped_tokens=sum(dropped.values()), what=", ".join(parts)) if parts else None
