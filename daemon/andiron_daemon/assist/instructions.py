"""The texts that tell a model what an assist wants, each a file a person may put another in place of.

Those of the config folder's `prompts/assist` come before the ones that are shipped; all are read once, at start.
`$name` in them stands for what a request brings; the code itself always comes in by `$code`, in a fence.
"""

import string
from importlib import resources
from pathlib import Path

import msgspec

from andiron_daemon.errors import ConfigurationError

_LONGEST_BYTES = 64 * 1024


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
    return AssistInstructions(**{name: _read(name, folder) for name in AssistInstructions.__struct_fields__})


def _read(name: str, folder: Path | None) -> str:
    shipped = resources.files("andiron_daemon.assist").joinpath(f"prompts/{name}.md")
    own = folder / f"{name}.md" if folder is not None else None
    if own is None or not own.exists():
        return shipped.read_text(encoding="utf-8").strip()
    try:
        with own.open("rb") as stream:
            content = stream.read(_LONGEST_BYTES + 1)
        if len(content) > _LONGEST_BYTES:
            raise ConfigurationError(f"{own}: is larger than {_LONGEST_BYTES} bytes", hint="Shorten it.")
        return content.decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"{own}: cannot be read: {reason}", hint="Mend or remove it; without it the usual text is taken."
        ) from error
