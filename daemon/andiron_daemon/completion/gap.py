"""From a request to the gap in the text: where it is, what stands around it, whether one line is to fill it."""

import msgspec

from andiron_daemon.answers import all_truncated, estimate_tokens
from andiron_daemon.completion.types import CompletionInput
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.positions import Position, offset_of, position_after, split_lines
from andiron_models.types import Truncated

# More than any local model's context; the backend cuts to the token.
PREFIX_CHARACTERS = 64 * 1024
SUFFIX_CHARACTERS = 16 * 1024
_OPENERS = ("{", "(", "[", ":", "=>", "->")


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """The text before and behind the cursor, cut to what can be of use."""

    prefix: str
    suffix: str
    position: Position
    truncated: Truncated | None = None


def read_gap(request: CompletionInput) -> Gap:
    """Find the cursor.

    Raises:
        InvalidRequestError: if there is none, two, or one outside the document.
    """
    prefix, suffix, position = _around_cursor(request)
    kept_prefix = prefix[-PREFIX_CHARACTERS:]
    kept_suffix = suffix[:SUFFIX_CHARACTERS]
    return Gap(
        prefix=kept_prefix,
        suffix=kept_suffix,
        position=position,
        truncated=all_truncated(
            _cut(prefix[: len(prefix) - len(kept_prefix)], "the beginning of prefix"),
            _cut(suffix[len(kept_suffix) :], "the end of suffix"),
        ),
    )


def is_multiline(request: CompletionInput, gap: Gap) -> bool:
    """Tell whether the gap is worth more than the rest of a line.

    Left to us, it is where nothing stands on the line yet, or where the line opens a block; never with code
    to the right of the cursor.
    """
    if request.multiline != "auto":
        return request.multiline
    before = split_lines(gap.prefix)[-1].strip()
    behind = split_lines(gap.suffix)[0].strip()
    return not behind and (not before or before.endswith(_OPENERS))


def _around_cursor(request: CompletionInput) -> tuple[str, str, Position]:
    by_document = request.document is not None or request.position is not None
    by_prefix = request.prefix is not None or request.suffix is not None
    if by_document and by_prefix:
        raise InvalidRequestError(
            "both prefix/suffix and document/position are given", hint="Send one of the two pairs."
        )
    if by_document:
        if request.document is None or request.position is None:
            missing = "document" if request.document is None else "position"
            raise InvalidRequestError(f"{missing} is missing", details={"field": missing})
        offset = offset_of(request.document, request.position)
        prefix = request.document[:offset]
        return prefix, request.document[offset:], position_after(prefix)
    if request.prefix is None:
        raise InvalidRequestError(
            "prefix is missing",
            hint="Send the text before the cursor as prefix, or document and position.",
            details={"field": "prefix"},
        )
    return request.prefix, request.suffix or "", position_after(request.prefix)


def _cut(dropped: str, what: str) -> Truncated | None:
    return Truncated(dropped_tokens=estimate_tokens(dropped), what=what) if dropped else None
