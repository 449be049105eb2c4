from pathlib import Path

import msgspec
import pytest

from andiron_models.configuration import LocalConfiguration
from andiron_models.errors import ModelDoesNotFitError, ModelFileError
from andiron_models.layout import InfillLayout
from andiron_models.library.catalogue import load_catalogue
from andiron_models.library.hardware import Machine
from andiron_models.library.shelf import InstalledModel
from andiron_models.library.tuned import Tuned, tuned_path, write_tuned
from andiron_models.local.placement import NoRoomBesideError, default_model, plan
from andiron_testing.gguf_files import SMALL, gguf_bytes

GIB = 1024**3


@pytest.fixture
def model(tmp_path: Path) -> InstalledModel:
    path = tmp_path / "small.gguf"
    path.write_bytes(gguf_bytes({**SMALL, "llama.context_length": 32768}))
    return InstalledModel(id="small", path=path, size_bytes=path.stat().st_size)


def machine(available: float = 16, total: float = 24, cores: int = 2) -> Machine:
    return Machine(total_bytes=int(total * GIB), available_bytes=int(available * GIB), physical_cores=cores)


def configuration(folder: Path, **values: object) -> LocalConfiguration:
    plain = LocalConfiguration(models_folder=folder, cache_folder=folder / "cache")
    return msgspec.structs.replace(plain, **values)


def installed(model_id: str, gigabytes: float, folder: Path) -> InstalledModel:
    entry = load_catalogue().get(model_id)
    return InstalledModel(id=model_id, path=folder / model_id, size_bytes=int(gigabytes * 1e9), entry=entry)


def test_a_large_machine_gets_a_long_context_and_all_its_cores(tmp_path: Path, model: InstalledModel) -> None:
    load = plan(model, configuration(tmp_path), machine=machine(cores=8))
    assert (load.context_length, load.threads, load.gpu_layers) == (16384, 8, -1)


def test_a_small_machine_gets_a_shorter_context(tmp_path: Path, model: InstalledModel) -> None:
    assert plan(model, configuration(tmp_path), machine=machine(available=6, total=8)).context_length == 8192


def test_the_context_shrinks_to_what_is_free(tmp_path: Path) -> None:
    path = tmp_path / "wide.gguf"
    path.write_bytes(
        gguf_bytes({**SMALL, "llama.context_length": 32768, "llama.block_count": 32, "llama.embedding_length": 4096})
    )
    wide = InstalledModel(id="wide", path=path, size_bytes=path.stat().st_size)
    contexts = [
        plan(wide, configuration(tmp_path), machine=machine(available=free)).context_length for free in (8, 4, 2)
    ]
    assert contexts == sorted(contexts, reverse=True)
    assert contexts[-1] < contexts[0]


def test_what_was_configured_is_taken_up_to_what_the_model_knows(tmp_path: Path, model: InstalledModel) -> None:
    chosen = configuration(tmp_path, context_length=3000, threads=3, gpu_layers=7)
    load = plan(model, chosen, machine=machine())
    assert (load.context_length, load.threads, load.gpu_layers) == (3000, 3, 7)
    assert plan(model, configuration(tmp_path, context_length=99999), machine=machine()).context_length == 32768


def test_a_model_that_cannot_fit_is_refused_with_the_numbers(tmp_path: Path, model: InstalledModel) -> None:
    with pytest.raises(ModelDoesNotFitError, match=r"small needs .* GiB are free") as caught:
        plan(model, configuration(tmp_path), machine=machine(available=0.01))
    assert caught.value.code == "backend_unavailable"
    assert caught.value.hint
    assert caught.value.details["needed_bytes"] > caught.value.details["free_bytes"]
    assert not isinstance(caught.value, NoRoomBesideError)


def test_a_model_that_would_fit_without_the_others_says_so(tmp_path: Path, model: InstalledModel) -> None:
    with pytest.raises(NoRoomBesideError):
        plan(model, configuration(tmp_path), loaded_bytes=4 * GIB, machine=machine(available=0.01))


def test_a_configured_context_is_never_shortened_in_silence(tmp_path: Path, model: InstalledModel) -> None:
    with pytest.raises(ModelDoesNotFitError, match="32768 tokens"):
        plan(model, configuration(tmp_path, context_length=32768), machine=machine(available=0.01))


@pytest.mark.parametrize("content", [b"", b"GGUF", b"PK\x03\x04 something else entirely"])
def test_a_file_that_is_no_model_is_refused_before_a_worker_starts(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        plan(InstalledModel(id="broken", path=path, size_bytes=1), configuration(tmp_path), machine=machine())
    assert caught.value.hint


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    missing = InstalledModel(id="gone", path=tmp_path / "gone.gguf", size_bytes=1)
    with pytest.raises(ModelFileError):
        plan(missing, configuration(tmp_path), machine=machine())


def test_a_tuned_file_is_loaded_instead(tmp_path: Path, model: InstalledModel) -> None:
    tuned = tuned_path(tmp_path, "small", "Q8_0")
    tuned.parent.mkdir()
    tuned.write_bytes(model.path.read_bytes())
    found = model.path.stat()
    decision = Tuned(
        quantization="Q8_0",
        source_size_bytes=found.st_size,
        source_mtime_ns=found.st_mtime_ns,
        prompt_tokens_per_second=1.0,
        generate_tokens_per_second=1.0,
        mean_loss=1.0,
    )
    write_tuned(tmp_path, "small", decision)
    assert plan(model, configuration(tmp_path), machine=machine()).path == str(tuned)


def test_the_layout_comes_from_the_catalogue(tmp_path: Path, model: InstalledModel) -> None:
    entry = load_catalogue()["qwen2.5-coder-0.5b"]
    load = plan(msgspec.structs.replace(model, entry=entry), configuration(tmp_path), machine=machine())
    assert isinstance(load.layout, InfillLayout)
    assert load.layout == entry.infill


def test_kept_states_are_bounded_by_the_machine(tmp_path: Path, model: InstalledModel) -> None:
    load = plan(model, configuration(tmp_path, state_cache_bytes=10 * GIB), machine=machine())
    assert load.state_cache_bytes == 24 * GIB // 16


def test_states_go_to_disk_only_when_asked(tmp_path: Path, model: InstalledModel) -> None:
    assert plan(model, configuration(tmp_path), machine=machine()).state_folder is None
    kept = plan(model, configuration(tmp_path, keeps_states_on_disk=True), machine=machine())
    assert kept.state_folder == str(tmp_path / "cache" / "states")


def test_a_model_that_can_infill_is_the_default_for_both(tmp_path: Path) -> None:
    models = [installed("smollm2-135m", 0.1, tmp_path), installed("qwen2.5-coder-0.5b", 0.5, tmp_path)]
    assert default_model(models, "completion", cores=2).id == "qwen2.5-coder-0.5b"
    assert default_model(models, "chat", cores=2).id == "qwen2.5-coder-0.5b"


def test_few_cores_get_the_smaller_of_two_coders_and_many_the_larger(tmp_path: Path) -> None:
    models = [installed("qwen2.5-coder-0.5b", 0.5, tmp_path), installed("qwen2.5-coder-1.5b", 1.1, tmp_path)]
    assert default_model(models, "completion", cores=2).id == "qwen2.5-coder-0.5b"
    assert default_model(models, "completion", cores=8).id == "qwen2.5-coder-1.5b"


def test_the_only_model_is_the_default_whatever_it_is(tmp_path: Path) -> None:
    models = [InstalledModel(id="unknown", path=tmp_path / "unknown", size_bytes=9 * GIB)]
    assert default_model(models, "completion", cores=1).id == "unknown"
