"""What was suggested before: for the same place, and for a place reached by typing what was suggested.

An entry is found by the last lines before the cursor and the first behind it, so that text far away may change
or scroll out of what the client sends; and by everything else that decides an answer: path, language, backend,
model, context, limits. Kept in memory only, the least recently used forgotten first.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from andiron_daemon.completion.gap import Gap
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.polish import Suggestion
from andiron_daemon.completion.types import Cached, CompletionInput, Reason
from andiron_daemon.completion.window import stable_suffix
from andiron_models.types import ExtraFile, Truncated

Identity = tuple[str | int | bool | None, ...]
_SUFFIX_CHARACTERS = 600
_LONGEST_TYPED = 1000


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is known already; `is_cut_short` if the token limit ended it."""

    cached: Cached
    suggestions: tuple[Suggestion, ...]
    reason: Reason | None
    backend: str
    model: str
    truncated: Truncated | None = None
    is_cut_short: bool = False


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One answer and where it was given; `is_whole` when the tail is all there is before the cursor."""

    identity: Identity
    tail: str
    is_whole: bool
    suffix: str
    found: Found


class SuggestionCache:
    """Answers by place."""

    def __init__(self, policy: CompletionPolicy) -> None:
        self._policy = policy
        self._entries: OrderedDict[tuple[Identity, str, str], Entry] = OrderedDict()

    @property
    def count(self) -> int:
        """How many answers are kept."""
        return len(self._entries)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def keep(self, identity: Identity, gap: Gap, found: Found) -> None:
        """Keep an answer."""
        tail, suffix = self._tail(gap.prefix), _suffix_head(gap)
        key = (identity, tail, suffix)
        self._entries[key] = Entry(
            identity=identity, tail=tail, is_whole=tail == gap.prefix, suffix=suffix, found=found
        )
        self._entries.move_to_end(key)
        while len(self._entries) > self._policy.cache_entries:
            self._entries.popitem(last=False)

    def find(self, identity: Identity, gap: Gap) -> Found | None:
        """Find the answer for a gap: the same gap's, else the longest that is being typed through."""
        suffix = _suffix_head(gap)
        key = (identity, self._tail(gap.prefix), suffix)
        exact = self._entries.get(key)
        if exact is not None:
            self._entries.move_to_end(key)
            return exact.found
        best: Found | None = None
        for entry in reversed(self._entries.values()):
            if entry.identity != identity or entry.suffix != suffix or entry.found.reason is not None:
                continue
            found = _typed_through(entry, gap.prefix, self._policy.renew_below)
            if found is not None and (best is None or _length(found) > _length(best)):
                best = found
        return best

    def _tail(self, prefix: str) -> str:
        """Return the last lines before the cursor, the cursor's own among them."""
        start = len(prefix)
        for _ in range(self._policy.cache_lines):
            start = prefix.rfind("\n", 0, start)
            if start < 0:
                return prefix
        return prefix[start + 1 :]


def identity_of(request: CompletionInput) -> Identity:
    """Name everything beside the text that decides an answer."""
    return (
        request.path,
        request.language,
        request.backend,
        request.model,
        request.max_tokens,
        request.multiline,
        request.n,
        _digest(request.context, request.path),
    )


def _digest(files: Sequence[ExtraFile], own_path: str | None) -> str | None:
    """Tell contexts apart; the file being edited is none, so that typing in it changes nothing here."""
    others = [file for file in files if file.path != own_path]
    if not others:
        return None
    digest = hashlib.blake2b(digest_size=16)
    for file in others:
        for part in (file.path, file.content):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _suffix_head(gap: Gap) -> str:
    return stable_suffix(gap.suffix)[:_SUFFIX_CHARACTERS]


def _typed_through(entry: Entry, prefix: str, renew_below: float) -> Found | None:
    """Return what is left of an entry's answer where the prefix has gone on with its text.

    None where little is left of one that was cut short: by now the model can write what it had no room for.
    """
    longest = max((len(suggestion.text) for suggestion in entry.found.suggestions), default=0)
    typed = _typed_since(entry, prefix, min(longest, _LONGEST_TYPED))
    if not typed or (entry.found.is_cut_short and longest - len(typed) < renew_below * longest):
        return None
    left = tuple(
        Suggestion(suggestion.text[len(typed) :])
        for suggestion in entry.found.suggestions
        if suggestion.text.startswith(typed) and suggestion.text[len(typed) :].strip()
    )
    return msgspec.structs.replace(entry.found, cached="typed_through", suggestions=left) if left else None


def _typed_since(entry: Entry, prefix: str, longest: int) -> str | None:
    """Return what was typed since an entry's place, at most `longest`; None if the prefix is not there."""
    if entry.is_whole:
        typed = prefix[len(entry.tail) :]
        return typed if prefix.startswith(entry.tail) and len(typed) <= longest else None
    first = max(0, len(prefix) - longest - len(entry.tail))
    at = prefix.rfind(entry.tail, first)
    if at < 0 or (at and prefix[at - 1] != "\n"):
        return None
    return prefix[at + len(entry.tail) :]


def _length(found: Found) -> int:
    return max(len(suggestion.text) for suggestion in found.suggestions)
