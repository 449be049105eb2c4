"""Which model, how much context, how many threads: decided from the machine before a worker is started.

Pure functions over what is installed and what is free; nothing is loaded here.
"""

from collections.abc import Sequence
from typing import Literal

import psutil

from andiron_models.configuration import LocalConfiguration
from andiron_models.errors import ModelDoesNotFitError
from andiron_models.library.shelf import InstalledModel
from andiron_models.local import wire

INSTALL_HINT = "Get one with `andiron models pull qwen2.5-coder-0.5b`."
_DEFAULT_CONTEXT = 8192
_LARGE_CONTEXT = 16384
_GIB = 1024**3


class NoRoomBesideError(ModelDoesNotFitError):
    """The model would fit if the other loaded models left."""


def default_model(models: Sequence[InstalledModel], role: Literal["completion", "chat"]) -> InstalledModel:
    """Choose among what is installed when nothing was said: one that can infill, the largest that is quick."""
    fitting = [model for model in models if _suits(model, role)] or list(models)
    infilling = [model for model in fitting if model.entry is not None and model.entry.infill is not None]
    candidates = infilling or fitting
    limit = 2 * _GIB if physical_cores() >= 6 else _GIB
    quick = [model for model in candidates if model.size_bytes <= limit]
    return max(quick, key=lambda m: m.size_bytes) if quick else min(candidates, key=lambda m: m.size_bytes)


def _suits(model: InstalledModel, role: Literal["completion", "chat"]) -> bool:
    return role == "completion" or model.entry is None or model.entry.can_chat


def physical_cores() -> int:
    """Count the cores that compute; hyper-threads make matrix products slower, not faster."""
    return psutil.cpu_count(logical=False) or psutil.cpu_count() or 1


def plan(model: InstalledModel, configuration: LocalConfiguration, *, loaded_bytes: int = 0) -> wire.Load:
    """Decide how a model is loaded.

    Raises:
        ModelDoesNotFitError: it needs more memory than is free; `NoRoomBesideError` when others could leave.
    """
    free = psutil.virtual_memory().available
    context = configuration.context_length or (_LARGE_CONTEXT if free > 12 * _GIB else _DEFAULT_CONTEXT)
    entry = model.entry
    if entry is not None and entry.context_length:
        context = min(context, entry.context_length)
    needed = model.size_bytes + context * 64 * 1024
    if needed > free:
        _refuse(model, needed, free, loaded_bytes)
    return wire.Load(
        path=str(model.path),
        context_length=context,
        threads=configuration.threads or physical_cores(),
        gpu_layers=-1 if configuration.gpu_layers is None else configuration.gpu_layers,
        queue_limit=configuration.queue_limit,
        state_cache_bytes=configuration.state_cache_bytes,
        state_folder=str(configuration.cache_folder / "states") if configuration.keeps_states_on_disk else None,
        layout=entry.infill if entry is not None else None,
    )


def _refuse(model: InstalledModel, needed: int, free: int, loaded_bytes: int) -> None:
    error = NoRoomBesideError if needed <= free + loaded_bytes else ModelDoesNotFitError
    raise error(
        f"{model.id} needs {needed / _GIB:.1f} GiB of memory, {free / _GIB:.1f} GiB are free",
        hint="Close other programs, choose a smaller model, or lower ANDIRON_CONTEXT_LENGTH.",
        details={"needed_bytes": needed, "free_bytes": free, "loaded_bytes": loaded_bytes},
    )
