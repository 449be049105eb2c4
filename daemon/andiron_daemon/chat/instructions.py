"""The texts that tell a model what to do, each a file a person may put another in place of.

`chat.md` stands above every conversation, `title.md` and `summary.md` below one. Those of the config folder's
`prompts` come before the ones that are shipped; all are read once, at start.
"""

import string
from importlib import resources
from pathlib import Path

import msgspec

from andiron_daemon.errors import ConfigurationError

_LONGEST_BYTES = 64 * 1024


class Instructions(msgspec.Struct, frozen=True, kw_only=True):
    """The texts; `$editor` in `chat` stands for what is known of the person's editor."""

    chat: str
    title: str
    summary: str

    def system_text(self, *, language: str | None = None, workspace: str | None = None) -> str:
        """Return what stands above a conversation that brings nothing of its own."""
        editor = editor_facts(language, workspace)
        return string.Template(self.chat).safe_substitute(editor=editor).strip()


def editor_facts(language: str | None, workspace: str | None) -> str:
    """Say what the editor tells of the place; empty when it tells nothing."""
    facts = [("Workspace", workspace), ("Language", language)]
    return "\n".join(f"{name}: {value}" for name, value in facts if value)


def read_instructions(folder: Path | None = None) -> Instructions:
    """Read every text, a person's own where `folder` has one; it blocks.

    Raises:
        ConfigurationError: if a person's own cannot be read.
    """
    texts = {name: read_text("andiron_daemon.chat", name, folder) for name in Instructions.__struct_fields__}
    return Instructions(**texts)


def read_text(package: str, name: str, folder: Path | None) -> str:
    """Read one text: a person's own where `folder` has one, else that of the package's `prompts`; it blocks.

    Raises:
        ConfigurationError: if a person's own cannot be read.
    """
    shipped = resources.files(package).joinpath(f"prompts/{name}.md")
    if folder is None:
        return shipped.read_text(encoding="utf-8").strip()
    own = folder / f"{name}.md"
    try:
        with own.open("rb") as stream:
            content = stream.read(_LONGEST_BYTES + 1)
        if len(content) > _LONGEST_BYTES:
            raise ConfigurationError(f"{own}: is larger than {_LONGEST_BYTES} bytes", hint="Shorten it.")
        return content.decode("utf-8").strip()
    except FileNotFoundError:
        return shipped.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"{own}: cannot be read: {reason}", hint="Mend or remove it; without it the usual text is taken."
        ) from error
