import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from andiron_models.errors import ModelError, WorkerDiedError
from andiron_models.library.errors import DiskSpaceError
from andiron_models.library.records import read_record
from andiron_models.library.shelf import InstalledModel
from andiron_models.library.tuned import tuned_file
from andiron_models.local import wire
from andiron_models.local.process import OnExit, OnMessage
from andiron_models.tune import Reading, choose, tune
from andiron_testing.fake_worker import INFO
from andiron_testing.models import smollm2

Figures = tuple[float, float, float]


class MeasuringWorker:
    """Answers what a worker that measures would: figures by file name, re-quantized files written."""

    def __init__(self, figures: Mapping[str, Figures], on_message: OnMessage, on_exit: OnExit) -> None:
        self.process_id = 1
        self._figures = figures
        self._on_message = on_message
        self._on_exit = on_exit
        self._path = ""

    def send(self, message: wire.ToWorker) -> None:
        match message:
            case wire.Load():
                self._load(message)
            case wire.Measure():
                prompt, generate, loss = self._figures[Path(self._path).name]
                self._on_message(
                    wire.Measured(
                        id=message.id,
                        prompt_tokens_per_second=prompt,
                        generate_tokens_per_second=generate,
                        slices={8: prompt},
                        mean_loss=loss,
                    )
                )
            case wire.Quantize():
                Path(message.target).write_bytes(b"re-quantized")
                self._on_message(wire.Quantized(id=message.id, size_bytes=12))
            case _:
                raise AssertionError(message)

    async def stop(self) -> None:
        self._on_exit("it was told to stop")

    def _load(self, message: wire.Load) -> None:
        self._path = message.path
        if Path(message.path).name not in self._figures:
            self._on_exit("it was ended by SIGSEGV")
            return
        self._on_message(wire.Ready(info=INFO))


class Launching:
    """Starts measuring workers."""

    def __init__(self, figures: Mapping[str, Figures]) -> None:
        self._figures = figures

    async def __call__(self, on_message: OnMessage, on_exit: OnExit) -> MeasuringWorker:
        return MeasuringWorker(self._figures, on_message, on_exit)


@pytest.fixture
def model(tmp_path: Path) -> InstalledModel:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"x" * 100)
    return InstalledModel(id="model", path=path, size_bytes=100)


def reading(quantization: str | None, prompt: float, generate: float, loss: float) -> Reading:
    return Reading(
        quantization=quantization,
        size_bytes=1,
        prompt_tokens_per_second=prompt,
        generate_tokens_per_second=generate,
        mean_loss=loss,
    )


@pytest.mark.parametrize(
    ("others", "chosen"),
    [
        ([reading("Q8_0", 143, 22, 1.5)], "Q8_0"),
        ([reading("Q8_0", 108, 23, 1.5)], None),  # not enough to be worth a file
        ([reading("Q4_0", 165, 25, 1.6)], None),  # quicker, but it lost something
        ([reading("Q8_0", 143, 22, 1.5), reading("Q4_0", 165, 25, 1.505)], "Q4_0"),
        ([reading("Q8_0", 200, 8, 1.4)], None),  # prompts quicker, answers so slow that it does not pay
        ([], None),
    ],
)
def test_the_quickest_file_that_loses_nothing_is_chosen(others: list[Reading], chosen: str | None) -> None:
    assert choose([reading(None, 107, 23, 1.5), *others]).quantization == chosen


async def test_tuning_keeps_the_better_file_and_records_its_speeds(tmp_path: Path, model: InstalledModel) -> None:
    figures = {"model.gguf": (107, 23, 1.5), "model.q8_0.gguf": (143, 22, 1.5), "model.q4_0.gguf": (165, 25, 1.7)}
    said: list[str] = []
    best, readings = await tune(model, tmp_path, launch=Launching(figures), report=said.append)
    assert best.quantization == "Q8_0"
    assert [each.quantization for each in readings] == [None, "Q8_0", "Q4_0"]
    assert tuned_file(tmp_path, "model", model.path) == tmp_path / ".tuned" / "model.q8_0.gguf"
    assert not (tmp_path / ".tuned" / "model.q4_0.gguf").exists()
    assert read_record(tmp_path, "model").prompt_tokens_per_second == 143
    assert said[0] == "measuring model.gguf"


async def test_a_model_that_is_best_as_it_is_keeps_no_other_file(tmp_path: Path, model: InstalledModel) -> None:
    figures = {"model.gguf": (107, 23, 1.5), "model.q8_0.gguf": (90, 20, 1.5), "model.q4_0.gguf": (100, 20, 1.7)}
    best, _ = await tune(model, tmp_path, launch=Launching(figures))
    assert best.quantization is None
    assert list((tmp_path / ".tuned").glob("*.gguf")) == []
    assert tuned_file(tmp_path, "model", model.path) is None


async def test_a_candidate_that_cannot_be_loaded_leaves_nothing_behind(tmp_path: Path, model: InstalledModel) -> None:
    with pytest.raises(WorkerDiedError, match="SIGSEGV"):
        await tune(model, tmp_path, launch=Launching({"model.gguf": (107, 23, 1.5)}))
    assert list((tmp_path / ".tuned").iterdir()) == []


async def test_a_cancelled_tuning_leaves_nothing_behind(tmp_path: Path, model: InstalledModel) -> None:
    class Silent(MeasuringWorker):
        def send(self, message: wire.ToWorker) -> None:
            if isinstance(message, wire.Quantize):
                Path(message.target).write_bytes(b"half of it")
                quantizing.set()
            else:
                super().send(message)

    async def launch(on_message: OnMessage, on_exit: OnExit) -> Silent:
        return Silent({"model.gguf": (107, 23, 1.5)}, on_message, on_exit)

    quantizing = asyncio.Event()
    task = asyncio.create_task(tune(model, tmp_path, launch=launch))
    await quantizing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list((tmp_path / ".tuned").iterdir()) == []


async def test_too_little_room_is_said_before_anything_is_written(
    tmp_path: Path, model: InstalledModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 10

    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage)
    with pytest.raises(DiskSpaceError, match="free in"):
        await tune(model, tmp_path, launch=Launching({"model.gguf": (107, 23, 1.5)}))
    assert list((tmp_path / ".tuned").iterdir()) == []


@pytest.mark.model
@pytest.mark.slow
async def test_a_real_model_is_written_anew_and_measured(tmp_path: Path) -> None:
    path = await asyncio.to_thread(smollm2)
    model = InstalledModel(id="smollm2-135m", path=path, size_bytes=path.stat().st_size)
    best, readings = await tune(model, tmp_path, candidates=["Q8_0"])
    own, eight_bit = readings
    assert eight_bit.size_bytes > own.size_bytes
    assert abs(eight_bit.mean_loss - own.mean_loss) < 0.1 * own.mean_loss
    assert best in readings
    assert (tuned_file(tmp_path, "smollm2-135m", path) is not None) == (best.quantization is not None)


@pytest.mark.model
async def test_a_quantization_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = await asyncio.to_thread(smollm2)
    model = InstalledModel(id="smollm2-135m", path=path, size_bytes=path.stat().st_size)
    with pytest.raises(ModelError, match="no quantization 'Q7_3'") as caught:
        await tune(model, tmp_path, candidates=["Q7_3"])
    assert caught.value.code == "invalid_request"
