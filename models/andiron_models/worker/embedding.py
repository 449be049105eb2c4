"""The worker of a model that embeds: one text after the other, as they come over the pipe."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import psutil

from andiron_models.errors import ModelError
from andiron_models.local import wire
from andiron_models.worker.embedder import Embedder

Send = Callable[[wire.FromWorker], None]


def serve_embeddings(load: wire.Load, source: BinaryIO, send: Send) -> None:
    """Serve one daemon until it says stop or goes away."""
    try:
        embedder = Embedder(
            Path(load.path), context_length=load.context_length, threads=load.threads, gpu_layers=load.gpu_layers
        )
    except ModelError as error:
        send(wire.LoadFailed(message=error.message, hint=error.hint))
        return
    process = psutil.Process()
    send(wire.Ready(info=_info(load, embedder)))
    send(_stats(process))
    while (message := wire.read_message(source)) is not None:
        match message:
            case wire.Embed():
                send(_embedded(message, embedder))
                send(_stats(process))
            case wire.Stop():
                break
            case wire.Cancel() | wire.Forget():
                pass  # nothing is under way, and nothing is kept
            case wire.Load():
                raise wire.BrokenPipeProtocolError("a second model was to be loaded")
            case _:
                send(wire.Failed(id=message.id, code="invalid_request", message="this model was loaded to embed"))
    embedder.close()


def _embedded(message: wire.Embed, embedder: Embedder) -> wire.Embedded | wire.Failed:
    vectors: list[tuple[float, ...]] = []
    prompt_tokens = 0
    try:
        for text in message.texts:
            vector, count = embedder.embed(text, cuts=message.cuts)
            vectors.append(vector)
            prompt_tokens += count
    except ModelError as error:
        return wire.failed(message.id, error)
    return wire.Embedded(id=message.id, vectors=tuple(vectors), prompt_tokens=prompt_tokens)


def _info(load: wire.Load, embedder: Embedder) -> wire.EngineInfo:
    return wire.EngineInfo(
        description="embeddings",
        context_length=embedder.context_length,
        trained_context_length=embedder.trained_context_length,
        threads=load.threads,
        gpu_layers=load.gpu_layers,
        slots=1,
        can_chat=False,
        can_infill=False,
        size_bytes=embedder.size_bytes,
        parameters=embedder.parameters,
        prompt_tokens_per_second=0.0,
        generate_tokens_per_second=0.0,
        slice_tokens=embedder.context_length,
        can_embed=True,
    )


def _stats(process: psutil.Process) -> wire.Stats:
    return wire.Stats(
        running=0,
        waiting=0,
        cells_used=0,
        cells=0,
        states_bytes=0,
        states=0,
        prompt_tokens_per_second=0.0,
        generate_tokens_per_second=0.0,
        rss_bytes=int(process.memory_info().rss),
    )
