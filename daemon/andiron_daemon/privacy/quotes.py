"""Files quoted in a chat, found by the form `chat.quotation` gives them, and left out where they are private.

The form is read back, because a turn is kept as it was sent: what a local model was shown yesterday must not go to
another one today. tests/daemon/privacy/test_quotes.py holds the two together.
"""

import re
from collections.abc import Callable

_QUOTED = re.compile(
    r"^File (?P<path>[^\n]+?)(?:, lines [^\n]*?)?(?:, selected: lines \d+-\d+)?:\n"
    r"(?P<fence>`{3,})[^\n`]*\n.*?\n(?P=fence)(?=\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
_DIAGNOSTIC = re.compile(r"^- (?P<path>[^\n:]+)(?::\d+)? [a-z]+: [^\n]*$", re.MULTILINE)
_WORKSPACE = re.compile(r"^Workspace: ([^\n]+)$", re.MULTILINE)


def workspace_of(text: str) -> str | None:
    """Return the workspace the editor named in a text."""
    found = _WORKSPACE.search(text)
    return found[1] if found else None


def quoted_paths(text: str) -> tuple[str, ...]:
    """Name the files a text quotes, each once."""
    return tuple(dict.fromkeys(match["path"] for match in _QUOTED.finditer(text)))


def without_private(text: str, is_private: Callable[[str], bool]) -> tuple[str, tuple[str, ...]]:
    """Take private files out of a text, and what a linter said of them; return what is left, and their paths."""
    withheld: dict[str, None] = {}

    def quote(match: re.Match[str]) -> str:
        if not is_private(match["path"]):
            return match[0]
        withheld.setdefault(match["path"])
        return f"File {match['path']} is private and is not shown."

    def diagnostic(match: re.Match[str]) -> str:
        return "- (about a private file)" if match["path"] in withheld or is_private(match["path"]) else match[0]

    text = _QUOTED.sub(quote, text)
    if "\nDiagnostics:\n" in f"\n{text}":
        text = _DIAGNOSTIC.sub(diagnostic, text)
    return text, tuple(withheld)
