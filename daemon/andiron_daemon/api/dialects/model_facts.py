"""What a local model's file says of itself, for protocols whose clients ask; read once as long as the file stays."""

import asyncio
import datetime
import functools
from pathlib import Path

import msgspec

from andiron_daemon.services import Services
from andiron_models.errors import ModelError
from andiron_models.library.gguf_header import read_gguf_header

_BILLION = 1e9
_MILLION = 1e6
_CALL_TAG = "<tool_call>"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Of one model; what nobody knows is empty."""

    modified_at: str
    architecture: str = "unknown"
    basename: str = ""
    template: str = ""
    quantization: str = "unknown"
    parameters: int = 0
    context_length: int | None = None
    embedding_length: int | None = None
    fim_tokens: dict[str, str] = {}
    path: str = ""

    @property
    def calls_tools(self) -> bool:
        """Whether its template tells it of tools, in the way its answers are read."""
        return "tools" in self.template and _CALL_TAG in self.template

    @property
    def size_in_words(self) -> str:
        """The number of parameters as people say it."""
        if self.parameters >= _BILLION:
            return f"{self.parameters / _BILLION:.1f}B"
        return f"{self.parameters / _MILLION:.0f}M" if self.parameters else ""


async def all_facts(services: Services) -> dict[str, Facts]:
    """Read what there is to know of every local model, by id."""
    rows = await services.library.models()
    return await asyncio.to_thread(lambda: {row.id: _facts(row.path) for row in rows if row.path is not None})


def _facts(path: str) -> Facts:
    try:
        status = Path(path).stat()
        return _of_file(path, status.st_size, status.st_mtime_ns)
    except (OSError, ModelError):
        return Facts(modified_at=_time(0.0))  # a broken file is listed all the same


@functools.lru_cache(maxsize=64)
def _of_file(path: str, size_bytes: int, modified_ns: int) -> Facts:
    """Read a file; its size and time are part of what is remembered by."""
    header = read_gguf_header(Path(path))
    basename = header.metadata.get("general.basename") or header.name or ""
    return Facts(
        modified_at=_time(modified_ns / 1e9),
        architecture=header.architecture,
        basename=str(basename),
        template=header.chat_template or "",
        quantization=header.quantization,
        parameters=header.parameters,
        context_length=header.context_length,
        embedding_length=header.number("embedding_length"),
        fim_tokens=header.fim_tokens,
        path=path,
    )


def _time(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()
