"""The environment tests start from: the caller's, without anything Andiron or what it uses would take up."""

import os

from andiron_daemon.settings import SETTINGS

_VARIABLES = frozenset(setting.variable for setting in SETTINGS)
_PREFIXES = ("ANDIRON_", "OPENAI_", "LLAMA_", "HF_", "HUGGING")
_PROXIES = frozenset(("http_proxy", "https_proxy", "all_proxy", "no_proxy"))


def foreign_variables() -> tuple[str, ...]:
    """Name the variables that are set and must not reach a test."""
    return tuple(
        name for name in os.environ if name in _VARIABLES or name.startswith(_PREFIXES) or name.lower() in _PROXIES
    )


def own_variables(home: str) -> dict[str, str]:
    """Return the variables every test sets: its home, and no keyring of whoever runs it."""
    return {"ANDIRON_HOME": home, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
