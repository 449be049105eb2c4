"""Which model, how much context, how many threads: decided from the machine before a worker is started.

Reads the model's header and the machine's state and decides; nothing is loaded here.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from andiron_models.configuration import LocalConfiguration
from andiron_models.errors import ModelDoesNotFitError
from andiron_models.library.gguf_header import GgufHeader, read_gguf_header
from andiron_models.library.hardware import LARGE_MODEL_CORES, Machine, this_machine
from andiron_models.library.memory import need_of_header
from andiron_models.library.shelf import InstalledModel
from andiron_models.library.tuned import tuned_file
from andiron_models.local import wire

INSTALL_HINT = "Get one with `andiron models pull qwen2.5-coder-0.5b`."
_LARGE_MACHINE_BYTES = 12_000_000_000
_CONTEXTS = (16384, 8192, 4096, 2048)
_GIB = 1024**3


class NoRoomBesideError(ModelDoesNotFitError):
    """The model would fit if the other loaded models left."""


def default_model(
    models: Sequence[InstalledModel], role: Literal["completion", "chat"], cores: int | None = None
) -> InstalledModel:
    """Choose among what is installed when nothing was said: one that can infill, the largest that is quick."""
    fitting = [model for model in models if _suits(model, role)] or list(models)
    infilling = [model for model in fitting if model.entry is not None and model.entry.infill is not None]
    candidates = infilling or fitting
    many_cores = (cores or this_machine().physical_cores) >= LARGE_MODEL_CORES
    limit = 2 * _GIB if many_cores else _GIB
    quick = [model for model in candidates if model.size_bytes <= limit]
    return max(quick, key=lambda m: m.size_bytes) if quick else min(candidates, key=lambda m: m.size_bytes)


def plan(
    model: InstalledModel,
    configuration: LocalConfiguration,
    *,
    loaded_bytes: int = 0,
    machine: Machine | None = None,
) -> wire.Load:
    """Decide how a model is loaded: a tuned file where there is one, the context the memory allows.

    Raises:
        ModelFileError: the file is missing, foreign or broken.
        ModelDoesNotFitError: it needs more memory than is free; `NoRoomBesideError` when others could leave.
    """
    machine = machine or this_machine()
    path = tuned_file(configuration.models_folder, model.id, model.path) or model.path
    header = read_gguf_header(path)
    context = _context(header, model, configuration.context_length, machine, loaded_bytes)
    return wire.Load(
        path=str(path),
        context_length=context,
        threads=configuration.threads or machine.physical_cores,
        gpu_layers=-1 if configuration.gpu_layers is None else configuration.gpu_layers,
        queue_limit=configuration.queue_limit,
        state_cache_bytes=min(configuration.state_cache_bytes, machine.total_bytes // 16),
        state_folder=str(states_folder(configuration)) if configuration.keeps_states_on_disk else None,
        layout=model.entry.infill if model.entry is not None else None,
    )


def states_folder(configuration: LocalConfiguration) -> Path:
    """Name the folder evaluated prompts are kept in across restarts, where that is asked for."""
    return configuration.cache_folder / "states"


def _context(header: GgufHeader, model: InstalledModel, configured: int, machine: Machine, loaded_bytes: int) -> int:
    """Choose the longest context that fits in what is free now."""
    trained = header.number("context_length") or _CONTEXTS[0]
    if configured:
        wanted = [min(configured, trained)]
    else:
        largest = _CONTEXTS[0] if machine.total_bytes >= _LARGE_MACHINE_BYTES else _CONTEXTS[1]
        wanted = sorted({min(context, trained) for context in _CONTEXTS if context <= largest}, reverse=True)
    for context in wanted:
        if need_of_header(header, context).total_bytes <= machine.available_bytes:
            return context
    needed = need_of_header(header, wanted[-1]).total_bytes
    error = NoRoomBesideError if needed <= machine.available_bytes + loaded_bytes else ModelDoesNotFitError
    raise error(
        f"{model.id} needs {needed / _GIB:.1f} GiB of memory for {wanted[-1]} tokens of context, "
        f"{machine.available_bytes / _GIB:.1f} GiB are free",
        hint="Close other programs, choose a smaller model, or lower ANDIRON_CONTEXT_LENGTH.",
        details={
            "needed_bytes": needed,
            "free_bytes": machine.available_bytes,
            "loaded_bytes": loaded_bytes,
            "context_length": wanted[-1],
        },
    )


def _suits(model: InstalledModel, role: Literal["completion", "chat"]) -> bool:
    return role == "completion" or model.entry is None or model.entry.can_chat
