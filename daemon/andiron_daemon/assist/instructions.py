"""The texts that tell a model what an assist wants, each a file a person may put another in place of.

Those of the config folder's `prompts/assist` come before the ones that are shipped; all are read once, at start.
`$name` in them stands for what a request brings; the code itself always comes in by `$code`, in a fence.
"""

import string
from pathlib import Path

import msgspec

from andiron_daemon.chat.instructions import read_text


class AssistInstructions(msgspec.Struct, frozen=True, kw_only=True):
    """The texts, each as it stands in its file."""

    system: str
    explain: str
    refactor: str
    refactor_changes: str
    find_bugs: str
    explain_finding: str
    generate_tests: str
    repair: str
    insights: str


def fill(text: str, **values: str) -> str:
    """Put what a request brings into a text."""
    return string.Template(text).safe_substitute(values).strip()


def read_assist_instructions(folder: Path | None = None) -> AssistInstructions:
    """Read every text, a person's own where `folder` has one; it blocks.

    Raises:
        ConfigurationError: if a person's own cannot be read.
    """
    texts = {name: read_text("andiron_daemon.assist", name, folder) for name in AssistInstructions.__struct_fields__}
    return AssistInstructions(**texts)
