"""How Andiron starts itself again: as a module of this Python, or as the program of a bundle."""

import sys


def own_command(*arguments: str) -> list[str]:
    """Return the command line that runs `andiron` with these arguments, whatever the working folder."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *arguments]
    # -P: the working folder is some project's, and its modules are not to be run.
    return [sys.executable, "-P", "-m", "andiron_daemon", *arguments]
