"""Secrets taken out of what is to be sent, and put back into what comes.

One `Mask` is made for one request: the same secret gets the same placeholder in all its texts, and an answer that
repeats the placeholder is given the secret back on this machine, so that code is not broken by having been masked.
"""

import re
from collections.abc import Iterable, Sequence

from andiron_daemon.privacy.rules import RULES, is_made_up

_STEM = "ANDIRON_MASKED_"
# A value this short may well be a word of the code too, so that it is masked as a whole word only.
_WORD_LENGTH = 16
_SHORTEST = 4
_MASKED = re.compile(rf"{_STEM}\d+")


def find_secrets(text: str) -> tuple[str, ...]:
    """Return what looks like a secret in a text, each once, in order."""
    lowered = text.lower()
    found: dict[str, None] = {}
    for rule in RULES:
        if not any(needle in lowered for needle in rule.needles):
            continue
        for match in rule.pattern.finditer(text):
            if rule.is_guess:
                value = match["value"]
                is_secret = is_made_up(match["name"], value)
            else:
                value = match[1] if match.re.groups else match[0]
                is_secret = len(value) >= _SHORTEST
            if is_secret and not _MASKED.fullmatch(value):
                found.setdefault(value)
    return tuple(found)


class Mask:
    """The secrets of one request and their placeholders.

    Args:
        texts: all that is to be sent.
        known: values that are secret whatever they look like.
        seams: pairs of texts that touch, such as the two sides of a cursor; a secret across one has both its
            halves masked.
    """

    def __init__(self, texts: Sequence[str], known: Iterable[str] = (), seams: Sequence[tuple[str, str]] = ()) -> None:
        secrets = dict.fromkeys(secret for text in texts for secret in find_secrets(text))
        for before, after in seams:
            secrets |= dict.fromkeys(_halves(before, after))
        whole = "\n".join(texts)
        secrets |= dict.fromkeys(value for value in known if len(value) >= _SHORTEST and value in whole)
        # The stem stands in no text, so that no placeholder can be mistaken.
        stem = _STEM
        while stem in whole:
            stem = f"{stem}X_"
        width = len(str(len(secrets)))
        self._placeholders = {secret: f"{stem}{number:0{width}}" for number, secret in enumerate(secrets, start=1)}
        self._secrets = {placeholder: secret for secret, placeholder in self._placeholders.items()}
        self._covering = _alternation(self._placeholders)
        self._uncovering = re.compile("|".join(self._secrets)) if self._secrets else None
        self._longest = max(map(len, self._secrets), default=0)

    @property
    def count(self) -> int:
        """How many different secrets are masked."""
        return len(self._placeholders)

    def cover(self, text: str) -> str:
        """Put placeholders for the secrets."""
        if self._covering is None:
            return text
        return self._covering.sub(lambda match: self._placeholders[match[0]], text)

    def uncover(self, text: str) -> str:
        """Put the secrets for the placeholders."""
        if self._uncovering is None:
            return text
        return self._uncovering.sub(lambda match: self._secrets[match[0]], text)

    def begins_placeholder(self, text: str) -> int:
        """Say how many characters at the end of a text may be the beginning of a placeholder."""
        for length in range(min(self._longest - 1, len(text)), 0, -1):
            tail = text[-length:]
            if any(placeholder.startswith(tail) for placeholder in self._secrets):
                return length
        return 0


class Restorer:
    """Puts the secrets back into an answer that comes in pieces."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._held = ""

    def feed(self, text: str) -> str:
        """Return what can be passed on now; the beginning of a placeholder is held until its rest is there."""
        text = self._held + text
        held = self._mask.begins_placeholder(text)
        self._held = text[len(text) - held :]
        return self._mask.uncover(text[: len(text) - held])

    def rest(self) -> str:
        """Return what is held at the end."""
        held, self._held = self._held, ""
        return self._mask.uncover(held)


def _halves(before: str, after: str) -> Iterable[str]:
    """Yield the halves of secrets that lie across a seam."""
    # A secret is on one line, so that the two lines at the seam are enough.
    left = before[before.rfind("\n") + 1 :]
    right = after.partition("\n")[0]
    for secret in find_secrets(left + right):
        start = (left + right).find(secret)
        if start < len(left) < start + len(secret):
            yield from (half for half in (left[start:], right[: start + len(secret) - len(left)]) if len(half) > 1)


def _alternation(secrets: Iterable[str]) -> re.Pattern[str] | None:
    longest_first = sorted(secrets, key=len, reverse=True)
    if not longest_first:
        return None
    return re.compile("|".join(_bounded(secret) for secret in longest_first))


def _bounded(secret: str) -> str:
    escaped = re.escape(secret)
    if len(secret) >= _WORD_LENGTH:
        return escaped
    before = r"(?<![A-Za-z0-9])" if secret[0].isalnum() else ""
    after = r"(?![A-Za-z0-9])" if secret[-1].isalnum() else ""
    return f"{before}{escaped}{after}"
