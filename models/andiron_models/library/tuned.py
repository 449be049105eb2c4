"""The re-quantized file of a model that was tuned for this machine, where it is and whether it still holds.

Making one is `tune`'s affair. It lies beside the records, never listed as a model of its own, and is passed
over when the model's own file has changed since.
"""

from pathlib import Path

import msgspec

from andiron_models.library.json_file import write_json

_FOLDER = ".tuned"


class Tuned(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided for one model: `quantization` is None where its own file is the best."""

    quantization: str | None
    source_size_bytes: int
    source_mtime_ns: int
    prompt_tokens_per_second: float
    generate_tokens_per_second: float
    mean_loss: float


def tuned_path(models_folder: Path, model_id: str, quantization: str) -> Path:
    """Name the file a tuned model is kept in."""
    return models_folder / _FOLDER / f"{_plain(model_id)}.{quantization.lower()}.gguf"


def read_tuned(models_folder: Path, model_id: str, source: Path) -> Tuned | None:
    """Read what was decided; None when nothing was, or the model's file is another now."""
    try:
        tuned = msgspec.json.decode(_file(models_folder, model_id).read_bytes(), type=Tuned)
        found = source.stat()
    except (OSError, msgspec.MsgspecError):
        return None
    same = (tuned.source_size_bytes, tuned.source_mtime_ns) == (found.st_size, found.st_mtime_ns)
    return tuned if same else None


def write_tuned(models_folder: Path, model_id: str, tuned: Tuned) -> None:
    """Replace what was decided, in one step."""
    write_json(_file(models_folder, model_id), tuned)


def tuned_file(models_folder: Path, model_id: str, source: Path) -> Path | None:
    """Find the file to load instead of the model's own, if one was made and still holds."""
    tuned = read_tuned(models_folder, model_id, source)
    if tuned is None or tuned.quantization is None:
        return None
    path = tuned_path(models_folder, model_id, tuned.quantization)
    return path if path.is_file() else None


def forget_tuned(models_folder: Path, model_id: str) -> None:
    """Remove a model's tuned files and what was decided."""
    folder = models_folder / _FOLDER
    for file in (*folder.glob(f"{_plain(model_id)}.*.gguf"), _file(models_folder, model_id)):
        file.unlink(missing_ok=True)


def _file(models_folder: Path, model_id: str) -> Path:
    return models_folder / _FOLDER / f"{_plain(model_id)}.json"


def _plain(model_id: str) -> str:
    return model_id.replace(":", "_").replace("/", "_")
