"""What a backend is told when it is made.

The daemon fills this from its settings; nothing here is read from the environment.
"""

from pathlib import Path

import msgspec


class LocalConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """How the local engine is to run; `None` and 0 mean: chosen from the machine.

    `completion_model` and `chat_model` are ids of the library or paths of GGUF files; `None` takes the one
    that is installed. Without an `embedding_model` nothing is embedded. `idle_seconds` is
    how long an unused model stays in memory, 0 for ever.
    """

    models_folder: Path
    cache_folder: Path
    catalogue_folder: Path | None = None
    completion_model: str | None = None
    chat_model: str | None = None
    embedding_model: str | None = None
    context_length: int = 0
    threads: int = 0
    gpu_layers: int | None = None
    idle_seconds: float = 900.0
    queue_limit: int = 64
    state_cache_bytes: int = 256 * 1024 * 1024
    keeps_states_on_disk: bool = False


class OpenAIConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach OpenAI or a compatible server; no key means: look in the system keyring."""

    api_key: str | None = None
    base_url: str | None = None
    model: str = "gpt-4o-mini"
    max_tokens: int = 2048
    connect_timeout_seconds: float = 5.0
    read_timeout_seconds: float = 60.0

    def __repr__(self) -> str:
        """Show everything but the key."""
        key = "set" if self.api_key else "not set"
        return f"OpenAIConfiguration(api_key={key}, base_url={self.base_url!r}, model={self.model!r})"


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """All that any backend may know. `extra` carries a plug-in's own `ANDIRON_<NAME>_…` values."""

    local: LocalConfiguration
    openai: OpenAIConfiguration = OpenAIConfiguration()
    extra: dict[str, str] = {}
