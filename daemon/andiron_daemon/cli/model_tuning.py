"""`andiron models tune`: find the quantization that is quickest on this machine, and keep it.

A model that the daemon has loaded is unloaded first, so that the figures are the machine's own; it comes back with
the next request.
"""

import asyncio
import contextlib

import click

from andiron_daemon.cli.output import human_bytes, note, print_table
from andiron_daemon.client import find_client
from andiron_daemon.errors import DaemonError
from andiron_daemon.paths import find_paths
from andiron_models.library.catalogue import load_catalogue
from andiron_models.library.shelf import find_model

_HEADERS = ("file", "size", "prompt tok/s", "generation tok/s", "loss", "")


@click.command("tune")
@click.argument("model")
@click.option("--forget", is_flag=True, help="Remove the tuned file and go back to the model's own.")
def tune(model: str, forget: bool) -> None:
    """Measure a model, re-quantize it where that is quicker and loses nothing, and record its speeds."""
    from andiron_models.library.tuned import forget_tuned
    from andiron_models.tune import Reading
    from andiron_models.tune import tune as tune_model

    paths = find_paths()
    found = find_model(paths.models, model, load_catalogue(paths.config))
    client = find_client(paths)
    if client is not None:
        with contextlib.suppress(DaemonError):  # a daemon that cannot unload it has not loaded it
            client.post(f"/api/v1/models/{found.id}/unload")
    if forget:
        forget_tuned(paths.models, found.id)
        note(f"{found.id} is used as it is.")
        return
    best, readings = asyncio.run(tune_model(found, paths.models, report=note))

    def row(reading: Reading) -> tuple[str, ...]:
        return (
            reading.quantization or f"{found.path.name} (its own)",
            human_bytes(reading.size_bytes),
            f"{reading.prompt_tokens_per_second:.0f}",
            f"{reading.generate_tokens_per_second:.1f}",
            f"{reading.mean_loss:.3f}",
            "kept" if reading == best else "",
        )

    print_table(_HEADERS, [row(reading) for reading in readings])
