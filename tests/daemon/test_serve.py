"""What start-up may cost; its life is tested on the real process in e2e."""

import subprocess
import sys
from pathlib import Path

import pytest

_LATE = (
    "dotenv",
    "huggingface_hub",
    "jinja2",
    "keyring",
    "llama_cpp",
    "numpy",
    "openai",
    "psutil",
    "rich",
    "sqlite_utils",
)


def _loaded_by(statement: str) -> set[str]:
    script = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    return set(done.stdout.split())


def test_what_is_used_late_is_not_imported_at_the_start() -> None:
    loaded = _loaded_by("import andiron_daemon.cli.serve, andiron_daemon.serve, andiron_daemon.app")
    assert loaded.isdisjoint(_LATE)


@pytest.mark.parametrize("statement", ["import andiron_daemon.client", "import andiron_daemon.cli.main"])
def test_the_client_and_the_command_itself_are_small(statement: str) -> None:
    assert _loaded_by(statement).isdisjoint((*_LATE, "aiohttp", "asyncio"))


def test_setting_up_the_log_takes_no_terminal_library_along(tmp_path: Path) -> None:
    statement = (
        "import pathlib; from andiron_daemon.logs import set_up_logging; "
        f"set_up_logging(pathlib.Path({str(tmp_path / 'log')!r}), log_format='json')"
    )
    assert "rich" not in _loaded_by(statement)
