"""A project's configuration is tried first; where a linter cannot use it, that is said, and its own defaults count."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from andiron_daemon.analysis.linters.process import Finished


async def check_configured(
    check: Callable[[Path | None], Awaitable[Finished]],
    configuration: Path | None,
    is_refused: Callable[[Finished], bool],
) -> tuple[Finished, str | None]:
    """Check with a project's configuration, else once more without; the note says why it was not used."""
    finished = await check(configuration)
    if configuration is None or not is_refused(finished):
        return finished, None
    return await check(None), f"the project's configuration was not used: {finished.last_words}"
