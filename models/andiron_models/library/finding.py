"""Models that other programs on this machine keep: found, never copied, never changed.

Ollama keeps blobs named by their checksum behind manifests, LM Studio and llama.cpp keep plain files, the Hugging Face
cache keeps snapshots of links to blobs. A checksum in a name tells which model of the catalogue a file is.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from andiron_models.library.catalogue import CatalogueEntry
from andiron_models.library.shelf import id_of, is_first_file

Keeper = Literal["Ollama", "LM Studio", "Hugging Face", "llama.cpp"]
_MODEL_LAYER = "application/vnd.ollama.image.model"
_DIGEST = re.compile(r"sha256[:-]([0-9a-f]{64})")
_MANIFEST_LIMIT_BYTES = 1024 * 1024
_UNSUITABLE = re.compile(r"[^A-Za-z0-9._:-]+")


class FoundModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model another program keeps; `id` is what it would be called here, `entry` what the catalogue knows."""

    keeper: Keeper
    id: str
    path: Path
    size_bytes: int
    entry: CatalogueEntry | None = None


class _Layer(msgspec.Struct):
    media_type: str = msgspec.field(name="mediaType", default="")
    digest: str = ""


class _Manifest(msgspec.Struct):
    layers: list[_Layer] = []


def find_models(
    catalogue: Mapping[str, CatalogueEntry],
    *,
    home: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[FoundModel, ...]:
    """Look where Ollama, LM Studio, llama.cpp and the Hugging Face cache keep models; skip what cannot be read."""
    folder = home or Path.home()
    variables = os.environ if environment is None else environment
    by_sha256 = {entry.sha256: entry for entry in catalogue.values() if entry.sha256}
    found: dict[Path, FoundModel] = {}
    for keeper, name, path, digest in (
        *_ollama(folder, variables),
        *_lm_studio(folder),
        *_hugging_face(folder, variables),
        *_llama_cpp(folder, variables),
    ):
        try:
            size_bytes, place = path.stat().st_size, path.resolve()
        except OSError:
            continue
        entry = by_sha256.get(digest) if digest else None
        model_id = entry.id if entry else name or id_of(path, catalogue)
        model = FoundModel(
            keeper=keeper,
            id=_UNSUITABLE.sub("-", model_id).strip("-._:")[:100] or "model",
            path=path,
            size_bytes=size_bytes,
            entry=entry or catalogue.get(model_id),
        )
        found.setdefault(place, model)
    return tuple(sorted(found.values(), key=lambda model: (model.keeper, model.id)))


_Row = tuple[Keeper, str | None, Path, str | None]


def _ollama(home: Path, variables: Mapping[str, str]) -> Iterator[_Row]:
    named = variables.get("OLLAMA_MODELS")
    folders = [Path(named)] if named else [home / ".ollama/models", Path("/usr/share/ollama/.ollama/models")]
    for folder in folders:
        for file in _files(folder / "manifests"):
            digest = _ollama_digest(file)
            if digest is None:
                continue
            *_, space, model, tag = file.relative_to(folder).parts
            name = f"{model}:{tag}" if space == "library" else f"{space}-{model}:{tag}"
            yield "Ollama", name, folder / "blobs" / f"sha256-{digest}", digest


def _ollama_digest(manifest: Path) -> str | None:
    try:
        if manifest.stat().st_size > _MANIFEST_LIMIT_BYTES:
            return None
        layers = msgspec.json.decode(manifest.read_bytes(), type=_Manifest).layers
    except (OSError, msgspec.MsgspecError):
        return None
    for layer in layers:
        match = _DIGEST.fullmatch(layer.digest)
        if layer.media_type == _MODEL_LAYER and match:
            return match[1]
    return None


def _lm_studio(home: Path) -> Iterator[_Row]:
    folders = [home / ".lmstudio/models", home / ".cache/lm-studio/models"]
    for settings in (home / ".lmstudio/settings.json", home / ".cache/lm-studio/settings.json"):
        try:
            named = msgspec.json.decode(settings.read_bytes(), type=dict[str, object]).get("downloadsFolder")
        except (OSError, msgspec.MsgspecError):
            continue
        if isinstance(named, str) and named:
            folders.append(Path(named))
    for folder in folders:
        for path in _models_below(folder):
            yield "LM Studio", None, path, None


def _hugging_face(home: Path, variables: Mapping[str, str]) -> Iterator[_Row]:
    root = Path(variables["HF_HOME"]) if variables.get("HF_HOME") else home / ".cache/huggingface"
    folder = Path(variables["HF_HUB_CACHE"]) if variables.get("HF_HUB_CACHE") else root / "hub"
    if not folder.is_dir():
        return
    for repository in sorted(folder.glob("models--*/snapshots")):
        for path in _models_below(repository):
            blob = path.resolve().name
            yield "Hugging Face", None, path, blob if re.fullmatch(r"[0-9a-f]{64}", blob) else None


def _llama_cpp(home: Path, variables: Mapping[str, str]) -> Iterator[_Row]:
    named = variables.get("LLAMA_CACHE")
    for folder in [Path(named)] if named else [home / ".cache/llama.cpp", home / "Library/Caches/llama.cpp"]:
        for path in _models_below(folder):
            yield "llama.cpp", None, path, None


def _models_below(folder: Path) -> Iterator[Path]:
    for path in _files(folder, ".gguf"):
        if is_first_file(path) and not path.name.lower().startswith("mmproj"):
            yield path


def _files(folder: Path, ending: str = "") -> list[Path]:
    """List the files below a folder; os.walk passes over what cannot be read or has just gone."""
    files = [Path(place, name) for place, _, names in os.walk(folder) for name in names if name.endswith(ending)]
    return sorted(path for path in files if path.is_file())
