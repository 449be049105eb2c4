"""What a secret written into a text looks like, and what only looks like one."""

import math
import re
from collections import Counter

_QUOTED = re.compile(r"""(?s)^[\w@$]*["'`]+(.*?)["'`]+$""")
_SHORTEST = 8
_LONGEST = 200
_PLACEHOLDER = re.compile(
    r"(?i)change.?me|anonymous|anon@|example|placeholder|dummy|sample|fixme|your[_-]?|\byour|insert|replace|redacted|secret|passw|"
    r"token|key|test|foo|bar|xxx|\*\*\*|\.\.\.|12345678|abcd|qwerty|default|hidden|null|none|undefined|unknown|"
    r"required|invalid|missing|\bthe\b|deadbeef"
)
# What refers to something instead of being it: interpolations, paths, addresses, names with dots, sentences.
_REFERENCE = re.compile(
    r"[<>{}\s\\]|\$[\w({]|%[(s]|^[/.~#:]|://|^[A-Za-z_]+([./:_-][A-Za-z_]+)*[.:/]?$|^\d+([.,:/-]\d+)*$"
)
_LEAST_ENTROPY_BITS = 2.8


def looks_secret(literal: str) -> bool:
    """Tell whether a string literal, quotes and all, could be a real password, token or key."""
    match = _QUOTED.match(literal)
    value = match[1] if match is not None else literal
    if not _SHORTEST <= len(value) <= _LONGEST or _PLACEHOLDER.search(value) or _REFERENCE.search(value):
        return False
    has_letter = any(character.isalpha() for character in value)
    has_other = any(not character.isalpha() for character in value)
    return has_letter and has_other and _entropy_bits(value) >= _LEAST_ENTROPY_BITS


def _entropy_bits(value: str) -> float:
    """Say how surprising each character is on average."""
    counts = Counter(value)
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())
