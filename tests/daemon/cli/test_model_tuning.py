from pathlib import Path

import pytest

from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths
from andiron_models import tune as tuning
from andiron_models.library.shelf import InstalledModel
from andiron_models.library.tuned import Tuned, read_tuned, tuned_path, write_tuned
from andiron_models.tune import Reading, Report
from andiron_testing.stub_daemon import stub_daemon

OWN = Reading(
    quantization=None,
    size_bytes=491_400_064,
    prompt_tokens_per_second=107,
    generate_tokens_per_second=23,
    mean_loss=1.5,
)
EIGHT_BIT = Reading(
    quantization="Q8_0",
    size_bytes=675_700_000,
    prompt_tokens_per_second=143,
    generate_tokens_per_second=22,
    mean_loss=1.5,
)


@pytest.fixture
def model(paths: Paths) -> Path:
    path = paths.models / "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"GGUF")
    return path


def test_tuning_shows_every_reading_and_which_is_kept(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def measured(found: InstalledModel, models_folder: Path, *, report: Report) -> tuple[Reading, list[Reading]]:
        assert (found.path, models_folder) == (model, model.parent)
        report("measuring")
        return EIGHT_BIT, [OWN, EIGHT_BIT]

    monkeypatch.setattr(tuning, "tune", measured)
    assert main(["models", "tune", "qwen2.5-coder-0.5b"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[1:] == [
        f"{model.name} (its own)\t491 MB\t107\t23.0\t1.500\t",
        "Q8_0\t676 MB\t143\t22.0\t1.500\tkept",
    ]
    assert shown.err == "measuring\n"


def test_a_model_the_daemon_has_loaded_is_unloaded_first(
    paths: Paths, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def measured(*_: object, **__: object) -> tuple[Reading, list[Reading]]:
        return OWN, [OWN]

    monkeypatch.setattr(tuning, "tune", measured)
    with stub_daemon(paths) as stub:
        stub.routes["POST /api/v1/models/qwen2.5-coder-0.5b/unload"] = (200, {})
        assert main(["models", "tune", "qwen2.5-coder-0.5b"]) == 0
        assert len(stub.bodies("POST /api/v1/models/qwen2.5-coder-0.5b/unload")) == 1


def test_forgetting_goes_back_to_the_models_own_file(paths: Paths, model: Path) -> None:
    tuned = tuned_path(paths.models, "qwen2.5-coder-0.5b", "Q8_0")
    tuned.parent.mkdir()
    tuned.write_bytes(b"tuned")
    found = model.stat()
    decision = Tuned(
        quantization="Q8_0",
        source_size_bytes=found.st_size,
        source_mtime_ns=found.st_mtime_ns,
        prompt_tokens_per_second=1.0,
        generate_tokens_per_second=1.0,
        mean_loss=1.0,
    )
    write_tuned(paths.models, "qwen2.5-coder-0.5b", decision)
    assert main(["models", "tune", "qwen2.5-coder-0.5b", "--forget"]) == 0
    assert not tuned.exists()
    assert read_tuned(paths.models, "qwen2.5-coder-0.5b", model) is None


def test_an_unknown_model_is_refused(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "tune", "nonsense"]) != 0
    assert "nonsense" in capsys.readouterr().err
