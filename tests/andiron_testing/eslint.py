"""A real ESLint for tests, fetched once by npm and kept between runs; no wheel brings one.

Folder and environment are taken when this module is imported, before any fixture moves HOME.
"""

import os
import shutil
import subprocess
from pathlib import Path

from platformdirs import user_cache_dir

_ENVIRONMENT = dict(os.environ)
_FOLDER = Path(user_cache_dir("andiron-tests", appauthor=False)).absolute() / "eslint"


def eslint_program() -> Path:
    """Give the path of ESLint, fetching it first if need be; npm must then reach its registry."""
    program = _FOLDER / "node_modules" / ".bin" / "eslint"
    if not program.exists():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        (_FOLDER / "package.json").write_text('{"private": true}', encoding="utf-8")
        npm = shutil.which("npm", path=_ENVIRONMENT["PATH"])
        assert npm is not None, "the tests of ESLint need npm; install nodejs and npm"
        command = [npm, "install", "--no-audit", "--no-fund", "--silent", "eslint@^9.20"]
        subprocess.run(command, cwd=_FOLDER, env=_ENVIRONMENT, check=True, timeout=110, stdin=subprocess.DEVNULL)
    return program
