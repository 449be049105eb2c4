"""From a request to the gap in the text: where it is and what stands around it.

Text is taken over with plain line ends and without lone surrogates, so that nothing behind this module meets
either; `Gap.restore` gives a suggestion the document's own line ends back.
"""

import re

import msgspec

from andiron_daemon.completion.types import CompletionInput
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.positions import Position, Range, offset_of, position_after

# More than any local model's context; the window cuts to what is worth evaluating.
PREFIX_CHARACTERS = 64 * 1024
SUFFIX_CHARACTERS = 16 * 1024
_FOREIGN_ENDS = re.compile(r"\r\n?")
_LONE_SURROGATES = re.compile(r"[\ud800-\udfff]")


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """The text before and behind the cursor, cut to what can be of use.

    `position` is in the whole document; `dropped_before` and `dropped_behind` count the characters cut away.
    """

    prefix: str
    suffix: str
    position: Position
    line_end: str = "\n"
    dropped_before: int = 0
    dropped_behind: int = 0

    @property
    def line_before(self) -> str:
        """The cursor's line up to the cursor."""
        return self.prefix.rpartition("\n")[2]

    @property
    def line_behind(self) -> str:
        """The cursor's line from the cursor on."""
        return self.suffix.partition("\n")[0]

    def range_over(self, characters: int) -> Range:
        """Return the range of so many characters behind the cursor, all of them on its line."""
        units = len(self.suffix[:characters].encode("utf-16-le", "surrogatepass")) // 2
        return Range(self.position, Position(self.position.line, self.position.character + units))

    def restore(self, text: str) -> str:
        """Give a text the document's line ends."""
        return text if self.line_end == "\n" else text.replace("\n", self.line_end)


def read_gap(request: CompletionInput) -> Gap:
    """Find the cursor.

    Raises:
        InvalidRequestError: if there is none, two, or one outside the document.
    """
    prefix, suffix = _around_cursor(request)
    if prefix.endswith("\r") and suffix.startswith("\n"):
        # Inside a line end there is no place; before it there is.
        prefix, suffix = prefix[:-1], "\r" + suffix
    kept_prefix = prefix[-PREFIX_CHARACTERS:]
    kept_suffix = suffix[:SUFFIX_CHARACTERS]
    return Gap(
        prefix=_plain(kept_prefix),
        suffix=_plain(kept_suffix),
        position=position_after(prefix),
        line_end=_line_end(kept_prefix + kept_suffix),
        dropped_before=len(prefix) - len(kept_prefix),
        dropped_behind=len(suffix) - len(kept_suffix),
    )


def _around_cursor(request: CompletionInput) -> tuple[str, str]:
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
        return request.document[:offset], request.document[offset:]
    if request.prefix is None:
        raise InvalidRequestError(
            "prefix is missing",
            hint="Send the text before the cursor as prefix, or document and position.",
            details={"field": "prefix"},
        )
    return request.prefix, request.suffix or ""


def _plain(text: str) -> str:
    return _LONE_SURROGATES.sub("\ufffd", _FOREIGN_ENDS.sub("\n", text))


def _line_end(text: str) -> str:
    """Say which line end a text uses first."""
    match = re.search(r"\r\n|\n|\r", text)
    return match[0] if match else "\n"
