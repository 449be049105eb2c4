"""Files quoted in a chat are found again in the form the chat gives them."""

import pytest

from andiron_daemon.chat.quotation import quote_context
from andiron_daemon.chat.types import ChatContext, ContextDiagnostic, ContextFile
from andiron_daemon.positions import Position, Range
from andiron_daemon.privacy.quotes import quoted_paths, without_private, workspace_of

SELECTION = Range(start=Position(line=1, character=0), end=Position(line=2, character=0))


def _quoted(budget: int = 10_000, selection: Range | None = None) -> str:
    files = (
        ContextFile(path="deploy/.env", content="A=1\nPASSWORD=marker\nB=2\n```\nfence\n", selection=selection),
        ContextFile(path="main.py", content="print('kept')\n", language="python"),
    )
    diagnostics = (ContextDiagnostic(message="marker is odd", path="deploy/.env", severity="error"),)
    context = ChatContext(files=files, diagnostics=diagnostics, workspace="/srv/project")
    return quote_context(context, budget).text + "\n\nWhat is this?"


@pytest.mark.parametrize("selection", [None, SELECTION])
@pytest.mark.parametrize("budget", [10_000, 400])
def test_a_private_file_is_taken_out_whole(selection: Range | None, budget: int) -> None:
    text = _quoted(budget, selection)
    assert "marker" in text
    left, withheld = without_private(text, lambda path: path.endswith(".env"))
    assert withheld == ("deploy/.env",)
    assert "marker" not in left
    assert "PASSWORD" not in left
    assert "print('kept')" in left
    assert left.endswith("What is this?")


def test_paths_and_workspace_are_found() -> None:
    text = _quoted()
    assert quoted_paths(text) == ("deploy/.env", "main.py")
    assert workspace_of(text) == "/srv/project"
    assert workspace_of("no workspace here") is None


def test_a_text_without_private_files_stays_as_it_is() -> None:
    text = _quoted()
    assert without_private(text, lambda path: False) == (text, ())
