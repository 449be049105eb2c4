"""A large text is looked at in a process of its own, one for each text.

In a thread, looking through a large tree would take the interpreter's lock again and again, and the event loop would
get it last. The process is bounded as linters are, and ends with the request: cancelled, it is killed, and its memory
is the system's again. What it finds comes without the tree, so our own rules look for theirs in there, too.
"""

import asyncio
import sys
from pathlib import Path

import msgspec

from andiron_daemon.analysis.linters.linter import Found, LinterError
from andiron_daemon.analysis.linters.process import Limits, run_program
from andiron_daemon.analysis.rules.search import search
from andiron_daemon.analysis.static import Looked, analyse, unseen
from andiron_daemon.analysis.types import AnalysisInput, StaticAnalysis
from andiron_daemon.syntax.languages import language_named

# A third of a second of work, which is twice what starting the process takes.
LARGE_CHARACTERS = 128 * 1024
_COMMAND = (sys.executable, "-P", "-m", "andiron_daemon.analysis.aside")
_LIMITS = Limits(seconds=60.0)


class _Given(msgspec.Struct, frozen=True, kw_only=True):
    """What the process reads."""

    code: bytes
    path: str | None
    language: str | None


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """What it writes."""

    analysis: StaticAnalysis
    language: str | None
    rules: Found | None


async def look_aside(request: AnalysisInput, limits: Limits = _LIMITS) -> Looked:
    """Do the static part in another process; where that fails, the answer says so."""
    given = _Given(code=request.code.encode("utf-8", "replace"), path=request.path, language=request.language)
    try:
        told = await _told(msgspec.msgpack.encode(given), limits)
    except LinterError as error:
        reason = f"the process that looked at it failed: {error.message}"
        return await asyncio.to_thread(unseen, request.code, request.path, request.language, reason)
    language = language_named(told.language) if told.language is not None else None
    return Looked(analysis=told.analysis, language=language, syntax=None, rules=told.rules)


async def _told(given: bytes, limits: Limits) -> _Told:
    finished = await run_program(_COMMAND, folder=Path(sys.executable).parent, limits=limits, data=given)
    if finished.status != 0:
        raise LinterError(f"it ended with status {finished.status}: {finished.last_words}")
    return msgspec.msgpack.decode(finished.output, type=_Told)


def main() -> None:
    """Look at the one text that is given, in the process."""
    given = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=_Given)
    looked = analyse(given.code.decode(), given.path, given.language)
    told = _Told(
        analysis=looked.analysis,
        language=looked.language.name if looked.language is not None else None,
        rules=search(looked.syntax) if looked.syntax is not None else None,
    )
    sys.stdout.buffer.write(msgspec.msgpack.encode(told))


if __name__ == "__main__":
    main()
