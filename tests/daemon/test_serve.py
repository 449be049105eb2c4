"""What start-up may cost; its life is tested on the real process in e2e."""

import subprocess
import sys

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
