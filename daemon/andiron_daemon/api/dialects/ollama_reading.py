"""What Ollama's two ways to generate have in common: options, formats, what the last line counts, loading."""

import datetime
import re
from collections.abc import Sequence
from typing import Any

from andiron_daemon.api.dialects import openai_bodies
from andiron_daemon.api.dialects.names import Choice
from andiron_daemon.api.dialects.ollama_bodies import Format, KeepAlive, Options
from andiron_daemon.api.dialects.openai_reading import read_limit, read_sampling
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.services import Services
from andiron_models.router import LOCAL
from andiron_models.types import Finish, Sampling, Timings, Usage

_NANOSECONDS = 1_000_000
_DURATION = re.compile(r"^0*\.?0*(ns|us|ms|s|m|h)?$")
# Where the answer of a chat begins, in the template a gap's clients look at.
FILL_TEMPLATE = "{{- if .Suffix }}{{ .Prompt }}<gap>{{ .Suffix }}{{- else }}{{ .Prompt }}{{- end }}"


def time_now() -> str:
    """Say when it is as Ollama does."""
    return datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z")


def sampling_of(options: Options | None, form: Format) -> Sampling:
    """Read how tokens are chosen, and what form the answer is to have.

    Raises:
        InvalidRequestError: there is no such form.
    """
    given = options or Options()
    fields = openai_bodies.SamplingFields(
        **{name: getattr(given, name) for name in given.__struct_fields__ if not name.startswith("num_")}
    )
    if form in (None, ""):
        return read_sampling(fields)
    if isinstance(form, dict):
        return read_sampling(fields, openai_bodies.ResponseFormat(type="json_object", schema=form))
    if form != "json":
        raise InvalidRequestError(
            f"format is {form!r}, which is neither json nor a JSON schema", details={"field": "format"}
        )
    return read_sampling(fields, openai_bodies.ResponseFormat(type="json_object"))


def limit_of(options: Options | None) -> int | None:
    """Read how long the answer may be; -2 is Ollama's word for the rest of the context."""
    limit = options.num_predict if options is not None else None
    return None if limit is not None and limit < 0 else read_limit(limit)


def costs(usage: Usage, timings: Timings) -> dict[str, int]:
    """Count as the last line does."""
    return {
        "total_duration": _nanoseconds(timings.total_ms),
        "load_duration": 0,
        "prompt_eval_count": usage.prompt_tokens,
        "prompt_eval_duration": _nanoseconds(timings.prompt_ms),
        "eval_count": usage.completion_tokens,
        "eval_duration": _nanoseconds(timings.generate_ms),
    }


def last_line(finish: Finish, backend: str) -> dict[str, Any]:
    """Write the end of an answer down."""
    return {
        "done": True,
        "done_reason": "length" if finish.reason == "length" else "stop",
        "backend": backend,
        "truncated": finish.truncated,
        **costs(finish.usage, finish.timings),
    }


def unloads(keep_alive: KeepAlive) -> bool:
    """Tell whether a model is not to be kept in memory."""
    if isinstance(keep_alive, str):
        return _DURATION.match(keep_alive) is not None and any(sign == "0" for sign in keep_alive)
    return keep_alive == 0 and keep_alive is not None


async def load_or_unload(services: Services, choice: Choice, keep_alive: KeepAlive) -> str:
    """Load a model into memory, or give that back; return the reason the answer tells.

    Raises:
        ModelError: there is no such model, or it cannot be loaded.
    """
    names: Sequence[str] = [choice.model] if choice.model is not None else await loaded_models(services)
    if unloads(keep_alive):
        for name in names:
            await services.library.unload(name)
        return "unload"
    if choice.model is not None and choice.backend in (None, LOCAL):
        await services.library.load(choice.model)
    return "load"


async def loaded_models(services: Services) -> list[str]:
    """List the local models that are in memory."""
    return [info.id for info in await services.router.models() if info.backend == LOCAL and info.state == "loaded"]


def _nanoseconds(milliseconds: float) -> int:
    return round(milliseconds * _NANOSECONDS)
