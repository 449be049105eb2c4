"""An environment that Andiron's installer did not make, with the same packages as the tests' own.

The tests' own environment may be one that the installer made, and that a removal or an update would touch.
"""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path


def make_environment(folder: Path) -> None:
    """Make it, of links to what is installed here."""
    venv.create(folder, with_pip=False)
    (packages,) = folder.glob("lib/python*/site-packages")
    here = sysconfig.get_path("purelib")
    (packages / "here.pth").write_text(f"import site; site.addsitedir({here!r})\n", encoding="utf-8")


def andiron(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, with the interpreter that `sys.executable` names now."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "andiron_daemon", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        env=os.environ,
        timeout=90,
        check=False,
    )
