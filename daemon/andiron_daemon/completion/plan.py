"""What a request comes to before any model is asked: the gap, what it is worth, and what may be sent.

Checks are made here, so that what follows can count on them. Nothing here waits; parsing is bounded.
"""

import json

import msgspec

from andiron_daemon.completion.cache import Identity, identity_of
from andiron_daemon.completion.gap import Gap, read_gap
from andiron_daemon.completion.multiline import Extent, extent_of
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.polish import Scene
from andiron_daemon.completion.secrets import is_secret
from andiron_daemon.completion.types import CompletionInput, Reason
from andiron_daemon.errors import InvalidRequestError, UnsupportedLanguageError
from andiron_daemon.syntax.cursor import Surroundings, surroundings
from andiron_daemon.syntax.languages import Language, language_of
from andiron_daemon.syntax.parse import parse_aside

_MOST_TOKENS = 4096
_NOTEBOOK = ".ipynb"
_PARSED_BEFORE = 4000
_PARSED_BEHIND = 1500
_PARSE_SECONDS = 0.05
_WORD_SIGNS = "_"

PlaceName = tuple[str, str]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A request, read; `refusal` says why no model should be asked."""

    request: CompletionInput
    scene: Scene
    identity: Identity
    max_tokens: int
    refusal: Reason | None = None

    @property
    def gap(self) -> Gap:
        """Where the cursor is."""
        return self.scene.gap

    @property
    def place_name(self) -> PlaceName:
        """What a newer request must share to supersede this one; only a named session can be superseded."""
        return (self.request.session or "", self.request.path or "")

    @property
    def is_single_line(self) -> bool:
        """Whether the backend may stop at the first line break."""
        return self.scene.is_single_line

    @property
    def fingerprint(self) -> tuple[Identity, str, str]:
        """What identical requests have in common, whoever sends them."""
        return (self.identity, self.gap.prefix, self.gap.suffix)


async def make_plan(request: CompletionInput, policy: CompletionPolicy, identity: Identity | None = None) -> Plan:
    """Read a request, and look around its cursor.

    Raises:
        InvalidRequestError: if there is no cursor, or a value is out of range.
        UnsupportedLanguageError: for the raw JSON of a notebook.
    """
    return await look_around(read_plan(request, policy, identity), policy)


def read_plan(request: CompletionInput, policy: CompletionPolicy, identity: Identity | None = None) -> Plan:
    """Read a request without a look at the syntax, which is all that an answer from the cache needs.

    `identity` stands in where the context it was made from is not at hand any more. As long as nobody looked
    around, the gap counts as the rest of a line of code.

    Raises:
        InvalidRequestError: if there is no cursor, or a value is out of range.
        UnsupportedLanguageError: for the raw JSON of a notebook.
    """
    _check_range("max_tokens", request.max_tokens or 0, 0, _MOST_TOKENS)
    _check_range("n", request.n, 1, policy.most_candidates)
    gap = read_gap(request)
    return Plan(
        # The text is in the gap, cut; the request's own may be a hundred times as long.
        request=msgspec.structs.replace(request, prefix=None, suffix=None, document=None, position=None),
        scene=Scene(
            gap=gap,
            extent=Extent.LINE,
            surroundings=Surroundings.CODE,
            language=_language(request, gap),
            is_asked_for=request.multiline is True,
            is_confined=request.multiline is False,
        ),
        identity=identity or identity_of(request),
        max_tokens=_max_tokens(request, Extent.LINE, policy),
        refusal=_refusal(request, gap, policy),
    )


async def look_around(plan: Plan, policy: CompletionPolicy) -> Plan:
    """Decide by the syntax around the cursor what the gap is worth."""
    gap, language = plan.gap, plan.scene.language
    before, behind = _near(gap)
    syntax = await parse_aside(before + behind, language, limit_seconds=_PARSE_SECONDS)
    around = surroundings(before, behind, language, syntax)
    extent = extent_of(gap, plan.request.multiline, around, language)
    return msgspec.structs.replace(
        plan,
        scene=msgspec.structs.replace(plan.scene, extent=extent, surroundings=around),
        max_tokens=_max_tokens(plan.request, extent, policy),
    )


def _language(request: CompletionInput, gap: Gap) -> Language | None:
    path = request.path
    if path is not None and path.lower().endswith(_NOTEBOOK):
        if request.language is None and _is_notebook(gap.prefix + gap.suffix):
            raise UnsupportedLanguageError(
                f"{path} is a notebook's JSON, in which there is no code to complete",
                hint="Send the text of the cell, and its language; or language json for the file as it is.",
                details={"field": "language"},
            )
        path = "cell.py" if request.language is None else None
    return language_of(request.language, path, gap.prefix)


def _is_notebook(text: str) -> bool:
    """Tell a notebook's file from the text of one of its cells."""
    if not text.lstrip().startswith("{"):
        return False
    if '"cells"' in text or '"cell_type"' in text or '"nbformat"' in text:
        return True
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _near(gap: Gap) -> tuple[str, str]:
    """Return whole lines around the cursor, enough to see what it stands in."""
    before, behind = gap.prefix[-_PARSED_BEFORE:], gap.suffix[:_PARSED_BEHIND]
    if len(before) < len(gap.prefix):
        before = before[before.find("\n") + 1 :]
    return before, behind


def _refusal(request: CompletionInput, gap: Gap, policy: CompletionPolicy) -> Reason | None:
    """Say why a place is not worth asking for: nothing is there, or nothing a model should see."""
    text = gap.prefix + gap.suffix
    if not text.strip() or "\0" in text:
        return "not_worthwhile"
    if request.path is not None and is_secret(request.path):
        return "not_worthwhile"
    if policy.skip_inside_words and _is_word(gap.prefix[-1:]) and _is_word(gap.suffix[:1]):
        return "not_worthwhile"
    return None


def _is_word(sign: str) -> bool:
    return bool(sign) and (sign.isalnum() or sign in _WORD_SIGNS)


def _max_tokens(request: CompletionInput, extent: Extent, policy: CompletionPolicy) -> int:
    if request.max_tokens is not None:
        return request.max_tokens
    by_extent = {
        Extent.LINE: policy.line_tokens,
        Extent.STATEMENT: policy.statement_tokens,
        Extent.BLOCK: policy.block_tokens,
    }
    return by_extent[extent]


def _check_range(field: str, value: int, minimum: int, maximum: int) -> None:
    if not minimum <= value <= maximum:
        raise InvalidRequestError(
            f"{field} is {value}; {minimum} to {maximum} is possible",
            details={"field": field, "minimum": minimum, "maximum": maximum},
        )
