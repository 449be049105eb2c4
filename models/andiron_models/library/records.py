"""What was learnt about each model on this machine: its pinned checksum, speeds, whether it fills gaps.

One small JSON file a model in `<models folder>/.records`. A broken or missing record only costs learning it again.
"""

from pathlib import Path

import msgspec

from andiron_models.library.json_file import write_json


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one model; `verified_size_bytes` and `verified_mtime_ns` say which file was hashed."""

    sha256: str | None = None
    verified_size_bytes: int | None = None
    verified_mtime_ns: int | None = None
    prompt_tokens_per_second: float | None = None
    generate_tokens_per_second: float | None = None
    infill_ok: bool | None = None
    infill_detail: str | None = None


def read_record(models_folder: Path, model_id: str) -> Record:
    """Read what is known; an empty record when nothing is."""
    try:
        return msgspec.json.decode(_file(models_folder, model_id).read_bytes(), type=Record)
    except (OSError, msgspec.MsgspecError):
        return Record()


def write_record(models_folder: Path, model_id: str, record: Record) -> None:
    """Replace what is known, in one step."""
    write_json(_file(models_folder, model_id), record)


def update_record(models_folder: Path, model_id: str, **changes: object) -> Record:
    """Change some fields and keep the others."""
    record = msgspec.structs.replace(read_record(models_folder, model_id), **changes)
    write_record(models_folder, model_id, record)
    return record


def forget_record(models_folder: Path, model_id: str) -> None:
    """Drop what is known."""
    _file(models_folder, model_id).unlink(missing_ok=True)


def _file(models_folder: Path, model_id: str) -> Path:
    return models_folder / ".records" / f"{model_id.replace(':', '_')}.json"
