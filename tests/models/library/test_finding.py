import json
import os
from pathlib import Path

import pytest

from andiron_models.library.catalogue import CatalogueEntry
from andiron_models.library.finding import find_models
from andiron_testing.gguf_files import write_gguf

SHA256 = "a" * 64
KNOWN = {"known": CatalogueEntry(id="known", file="Known-Model.gguf", sha256=SHA256)}


def ollama_model(home: Path, name: str, digest: str, *, space: str = "library") -> Path:
    model, tag = name.split(":")
    manifest = home / ".ollama/models/manifests/registry.ollama.ai" / space / model / tag
    manifest.parent.mkdir(parents=True)
    layers = [
        {"mediaType": "application/vnd.ollama.image.template", "digest": f"sha256:{'b' * 64}", "size": 1},
        {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}", "size": 1},
    ]
    manifest.write_text(json.dumps({"schemaVersion": 2, "layers": layers}))
    return write_gguf(home / ".ollama/models/blobs" / f"sha256-{digest}")


def test_a_machine_without_other_programs_has_none(tmp_path: Path) -> None:
    assert find_models(KNOWN, home=tmp_path, environment={}) == ()


def test_a_model_of_ollama_is_known_by_its_checksum(tmp_path: Path) -> None:
    blob = ollama_model(tmp_path, "qwen2.5-coder:0.5b", SHA256)
    (found,) = find_models(KNOWN, home=tmp_path, environment={})
    assert (found.keeper, found.id, found.path, found.entry) == ("Ollama", "known", blob, KNOWN["known"])


def test_a_model_of_ollama_nobody_knows_keeps_its_name(tmp_path: Path) -> None:
    ollama_model(tmp_path, "llama3:8b", "c" * 64)
    ollama_model(tmp_path, "own:latest", "d" * 64, space="someone")
    assert [found.id for found in find_models(KNOWN, home=tmp_path, environment={})] == [
        "llama3:8b",
        "someone-own:latest",
    ]


def test_ollama_may_keep_its_models_elsewhere(tmp_path: Path) -> None:
    ollama_model(tmp_path, "llama3:8b", "c" * 64)
    elsewhere = tmp_path / "disk"
    (tmp_path / ".ollama/models").rename(elsewhere)
    assert find_models(KNOWN, home=tmp_path, environment={}) == ()
    assert len(find_models(KNOWN, home=tmp_path, environment={"OLLAMA_MODELS": str(elsewhere)})) == 1


@pytest.mark.parametrize(
    "manifest",
    ["", "[]", "{", '{"layers": 3}', '{"layers": [{"digest": "sha256:../../etc/passwd"}]}', "\0"],
)
def test_a_broken_manifest_is_passed_over(tmp_path: Path, manifest: str) -> None:
    blob = ollama_model(tmp_path, "llama3:8b", "c" * 64)
    broken = tmp_path / ".ollama/models/manifests/registry.ollama.ai/library/broken/latest"
    broken.parent.mkdir()
    broken.write_text(manifest)
    assert [found.path for found in find_models(KNOWN, home=tmp_path, environment={})] == [blob]


def test_a_digest_that_leads_elsewhere_is_passed_over(tmp_path: Path) -> None:
    ollama_model(tmp_path, "llama3:8b", "c" * 64)
    manifest = tmp_path / ".ollama/models/manifests/registry.ollama.ai/library/llama3/8b"
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:../../../secret"}
    manifest.write_text(json.dumps({"layers": [layer]}))
    assert find_models(KNOWN, home=tmp_path, environment={}) == ()


def test_a_manifest_whose_blob_is_gone_is_passed_over(tmp_path: Path) -> None:
    ollama_model(tmp_path, "llama3:8b", "c" * 64).unlink()
    assert find_models(KNOWN, home=tmp_path, environment={}) == ()


def test_models_of_lm_studio_are_found(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / ".lmstudio/models/someone/repo/Known-Model.gguf")
    write_gguf(tmp_path / ".lmstudio/models/someone/repo/mmproj-model.gguf")
    write_gguf(tmp_path / ".cache/lm-studio/models/someone/repo/older.gguf")
    older, known = sorted(find_models(KNOWN, home=tmp_path, environment={}), key=lambda found: found.id, reverse=True)
    assert (known.keeper, known.id, known.path, known.entry) == ("LM Studio", "known", path, KNOWN["known"])
    assert older.id == "older"


def test_lm_studio_may_keep_its_models_elsewhere(tmp_path: Path) -> None:
    write_gguf(tmp_path / "disk/someone/repo/mine.gguf")
    settings = tmp_path / ".lmstudio/settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"downloadsFolder": str(tmp_path / "disk")}))
    assert [found.id for found in find_models(KNOWN, home=tmp_path, environment={})] == ["mine"]


def test_models_of_the_hugging_face_cache_are_known_by_their_blob(tmp_path: Path) -> None:
    repository = tmp_path / ".cache/huggingface/hub/models--someone--repo"
    blob = write_gguf(repository / "blobs" / SHA256)
    link = repository / "snapshots" / "0123" / "Renamed.gguf"
    link.parent.mkdir(parents=True)
    link.symlink_to(os.path.relpath(blob, link.parent))
    (found,) = find_models(KNOWN, home=tmp_path, environment={})
    assert (found.keeper, found.id, found.path) == ("Hugging Face", "known", link)
    assert find_models(KNOWN, home=tmp_path, environment={"HF_HOME": str(tmp_path / "none")}) == ()


def test_models_of_llama_cpp_are_found(tmp_path: Path) -> None:
    write_gguf(tmp_path / ".cache/llama.cpp/someone_repo_file.gguf")
    (found,) = find_models(KNOWN, home=tmp_path, environment={})
    assert (found.keeper, found.id) == ("llama.cpp", "someone_repo_file")


def test_a_file_two_programs_share_is_found_once(tmp_path: Path) -> None:
    blob = ollama_model(tmp_path, "llama3:8b", "c" * 64)
    link = tmp_path / ".lmstudio/models/someone/repo/llama3.gguf"
    link.parent.mkdir(parents=True)
    link.symlink_to(blob)
    assert len(find_models(KNOWN, home=tmp_path, environment={})) == 1


def test_a_name_that_cannot_be_an_id_is_mended(tmp_path: Path) -> None:
    write_gguf(tmp_path / ".lmstudio/models/someone/repo/My model (final)!.gguf")
    (found,) = find_models(KNOWN, home=tmp_path, environment={})
    assert found.id == "My-model-final"
