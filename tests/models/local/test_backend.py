import asyncio
import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
import pytest

from andiron_models.configuration import LocalConfiguration
from andiron_models.errors import (
    BackendUnavailableError,
    InvalidRequestError,
    ModelFileError,
    ModelNotFoundError,
    WorkerDiedError,
)
from andiron_models.library.records import read_record, update_record
from andiron_models.local import placement, wire
from andiron_models.local.backend import LocalBackend
from andiron_models.local.selftest import PROBES
from andiron_models.types import ChatRequest, Delta, InfillRequest, Message, Priority, Sampling, TextRequest
from andiron_testing.fake_worker import FakeLaunch, FakeWorker
from andiron_testing.gguf_files import gguf_bytes

QUESTION = ChatRequest(messages=(Message(role="user", content="hi"),))
GAP = InfillRequest(prefix="x = ")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "small.gguf").write_bytes(gguf_bytes())
    return tmp_path


def configured(folder: Path, **values: object) -> LocalConfiguration:
    plain = LocalConfiguration(models_folder=folder / "models", cache_folder=folder / "cache", idle_seconds=0)
    return msgspec.structs.replace(plain, **values)


def filling(*answers: str) -> FakeLaunch:
    """Workers that answer infills with these texts in turn, then with the last, and all else with `hello`."""
    left = list(answers)

    class Launch(FakeLaunch):
        def _react(self, worker: FakeWorker, message: wire.ToWorker) -> None:
            if isinstance(message, wire.Infill):
                worker.answer(message.id, left.pop(0) if len(left) > 1 else left[0])
            elif isinstance(message, wire.Chat | wire.Continue):
                worker.answer(message.id, "hello")
            else:
                super()._react(worker, message)

    return Launch()


async def text_of(deltas: AsyncGenerator[Delta, None]) -> str:
    return "".join([delta.text async for delta in deltas])


def infills(launch: FakeLaunch) -> list[wire.Infill]:
    return [message for message in launch.last.heard(wire.Infill) if isinstance(message, wire.Infill)]


async def test_another_model_chosen_answers_everything_of_its_verb(folder: Path) -> None:
    (folder / "models" / "zweit.gguf").write_bytes(gguf_bytes())
    backend = LocalBackend(configured(folder, completion_model="zweit"), filling("1"))

    async def asked() -> list[str]:
        answers = (backend.infill(GAP), backend.continue_text(TextRequest(prompt="x", max_tokens=0)))
        models = []
        for answer in answers:
            async with contextlib.aclosing(answer):
                models.append((await anext(answer)).model)
        return models

    assert await asked() == ["zweit", "zweit"]
    backend.choose("infill", "small")
    assert await asked() == ["small", "small"]
    backend.choose("infill", "zweit")
    backend.choose("infill", None)
    (folder / "models" / "zweit.gguf").unlink()
    assert await asked() == ["small", "small"]
    await backend.aclose()


async def test_a_gpu_that_is_wanted_and_cannot_be_used_is_said(folder: Path) -> None:
    details = []
    for layers in (None, 0, 20):
        backend = LocalBackend(configured(folder, gpu_layers=layers), filling("1"))
        await text_of(backend.chat(QUESTION))
        details.append((await backend.status()).detail)
        await backend.aclose()
    assert details == [None, None, "ANDIRON_GPU_LAYERS is 20, and this build of llama.cpp uses the processor alone"]


async def test_a_bias_of_tokens_is_refused_before_anything_is_loaded(folder: Path) -> None:
    launch = FakeLaunch()
    backend = LocalBackend(configured(folder), launch)
    biased = Sampling(logit_bias={7: 1.0})
    for answer in (
        backend.chat(msgspec.structs.replace(QUESTION, sampling=biased)),
        backend.infill(msgspec.structs.replace(GAP, sampling=biased)),
        backend.continue_text(TextRequest(prompt="x", sampling=biased)),
    ):
        with pytest.raises(InvalidRequestError, match="takes no logit_bias") as caught:
            await text_of(answer)
        assert "openai" in (caught.value.hint or "")
    assert not launch.workers


async def test_a_model_is_asked_to_fill_gaps_before_it_is_trusted_to(folder: Path) -> None:
    launch = filling(*(probe.name for probe in PROBES), "1")
    backend = LocalBackend(configured(folder), launch)
    assert await text_of(backend.infill(GAP)) == "1"
    assert [message.plainly for message in infills(launch)] == [False] * (len(PROBES) + 1)
    assert read_record(folder / "models", "small").infill_ok is True
    await backend.aclose()


async def test_a_model_that_fills_no_gaps_continues_the_text_and_says_so(folder: Path) -> None:
    launch = filling("nonsense", "nonsense", "nonsense", "1")
    backend = LocalBackend(configured(folder), launch)
    await text_of(backend.infill(GAP))
    assert infills(launch)[-1].plainly
    status = await backend.status()
    assert status.engine["workers"][0]["infill_test"]["passed"] is False
    await backend.aclose()


async def test_what_was_found_of_a_model_is_not_tried_again(folder: Path) -> None:
    update_record(folder / "models", "small", infill_ok=True, infill_detail="3 of 3")
    launch = filling("1")
    backend = LocalBackend(configured(folder), launch)
    await text_of(backend.infill(GAP))
    await text_of(backend.infill(GAP))
    assert len(infills(launch)) == 2
    await backend.aclose()


async def test_many_first_requests_share_one_test(folder: Path) -> None:
    launch = filling(*(probe.name for probe in PROBES), "1")
    backend = LocalBackend(configured(folder), launch)
    await asyncio.gather(*(text_of(backend.infill(GAP)) for _ in range(5)))
    assert len(launch.workers) == 1
    assert len(infills(launch)) == len(PROBES) + 5
    await backend.aclose()


async def test_no_model_is_said_with_how_to_get_one(tmp_path: Path) -> None:
    backend = LocalBackend(configured(tmp_path), FakeLaunch())
    with pytest.raises(BackendUnavailableError, match="no model is installed") as caught:
        await text_of(backend.chat(QUESTION))
    assert caught.value.hint == placement.INSTALL_HINT
    status = await backend.status()
    assert (status.state, status.hint) == ("unconfigured", placement.INSTALL_HINT)


async def test_an_unknown_model_is_never_replaced_by_another(folder: Path) -> None:
    backend = LocalBackend(configured(folder), FakeLaunch())
    with pytest.raises(ModelNotFoundError):
        await text_of(backend.chat(msgspec.structs.replace(QUESTION, model="big")))


async def test_a_model_configured_by_its_path_is_listed(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.gguf"
    elsewhere.write_bytes(gguf_bytes())
    backend = LocalBackend(configured(folder, chat_model=str(elsewhere)), FakeLaunch())
    assert {model.id for model in await backend.models()} == {"small", "elsewhere"}


async def test_completion_and_chat_may_have_a_model_each(folder: Path) -> None:
    (folder / "models" / "other.gguf").write_bytes(gguf_bytes())
    launch = filling("math")
    backend = LocalBackend(configured(folder, completion_model="small", chat_model="other"), launch)
    await text_of(backend.infill(GAP))
    assert await text_of(backend.chat(QUESTION)) == "hello"
    assert len(launch.alive) == 2
    await backend.aclose()
    assert launch.alive == []


async def test_an_idle_model_leaves_when_there_is_no_room_beside_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "models" / "other.gguf").write_bytes(gguf_bytes())
    launch = filling("math")
    backend = LocalBackend(configured(folder), launch)
    await backend.load("small")
    refusals = [placement.NoRoomBesideError("other does not fit beside small")]
    planned = placement.plan

    def plan(*arguments: object, **named: object) -> wire.Load:
        if refusals:
            raise refusals.pop()
        return planned(*arguments, **named)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(placement, "plan", plan)
    await backend.load("other")
    assert len(launch.alive) == 1
    assert [model.state for model in await backend.models() if model.id == "other"] == ["loaded"]
    await backend.aclose()


async def test_a_model_at_work_leaves_for_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "models" / "other.gguf").write_bytes(gguf_bytes())
    launch = FakeLaunch()
    backend = LocalBackend(configured(folder), launch)
    await backend.load("small")
    heard = asyncio.Event()
    launch.last.on_sent = lambda message: heard.set() if isinstance(message, wire.Chat) else None
    asking = asyncio.create_task(text_of(backend.chat(msgspec.structs.replace(QUESTION, model="small"))))
    await heard.wait()

    def plan(*_: object, **__: object) -> wire.Load:
        raise placement.NoRoomBesideError("other does not fit beside small")

    monkeypatch.setattr(placement, "plan", plan)
    with pytest.raises(placement.NoRoomBesideError):
        await backend.load("other")
    launch.last.answer(1, "hello")
    assert await asking == "hello"
    await backend.aclose()


async def test_a_model_whose_file_elsewhere_is_gone_is_not_asked_any_more(folder: Path) -> None:
    elsewhere = folder / "elsewhere.gguf"
    elsewhere.write_bytes(gguf_bytes())
    backend = LocalBackend(configured(folder, chat_model=str(elsewhere)), filling("math"))
    assert await text_of(backend.chat(QUESTION)) == "hello"
    elsewhere.unlink()
    with pytest.raises(ModelNotFoundError, match=r"elsewhere\.gguf"):
        await text_of(backend.chat(QUESTION))
    await backend.aclose()


async def test_a_model_that_was_unloaded_comes_back_when_it_is_asked(folder: Path) -> None:
    launch = filling("math")
    backend = LocalBackend(configured(folder), launch)
    await backend.load("small")
    await backend.unload("small")
    assert launch.alive == []
    assert await text_of(backend.chat(QUESTION)) == "hello"
    await backend.aclose()


async def test_a_forgotten_place_is_told_to_the_engines_and_leaves_the_disk(folder: Path) -> None:
    launch = filling("math")
    backend = LocalBackend(configured(folder, keeps_states_on_disk=True), launch)
    await backend.load("small")
    kept = folder / "cache" / "states" / "states-0123.bin"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"of some conversation")
    await backend.forget("conversation")
    assert launch.last.heard(wire.Forget) == [wire.Forget(place="conversation")]
    assert not kept.exists()
    await backend.unload("small")
    await backend.forget("conversation")
    await backend.aclose()


async def test_background_work_loads_no_model_but_is_done_by_one_that_is_loaded(folder: Path) -> None:
    launch = filling("math")
    backend = LocalBackend(configured(folder), launch)
    title = msgspec.structs.replace(QUESTION, priority=Priority.BACKGROUND)
    with pytest.raises(BackendUnavailableError, match="not loaded"):
        await text_of(backend.chat(title))
    assert launch.workers == []
    await backend.load("small")
    assert await text_of(backend.chat(title)) == "hello"
    await backend.aclose()


async def test_a_model_added_later_is_found(folder: Path) -> None:
    backend = LocalBackend(configured(folder), filling("math"))
    await backend.load("small")
    (folder / "models" / "late.gguf").write_bytes(gguf_bytes())
    assert (await backend.load("late")).context_length
    await backend.aclose()


async def test_a_worker_that_dies_fails_its_request_and_the_next_gets_another(folder: Path) -> None:
    update_record(folder / "models", "small", infill_ok=True)
    launch = FakeLaunch()
    backend = LocalBackend(configured(folder), launch)
    await backend.load("small")
    heard = asyncio.Event()
    launch.last.on_sent = lambda message: heard.set() if isinstance(message, wire.Chat) else None
    asking = asyncio.create_task(text_of(backend.chat(QUESTION)))
    await heard.wait()
    launch.last.die()
    with pytest.raises(WorkerDiedError, match="SIGKILL"):
        await asking
    launch.answers = ("hello",)
    assert await text_of(backend.chat(QUESTION)) == "hello"
    assert len(launch.workers) == 2
    await backend.aclose()


async def test_a_file_that_failed_once_does_not_stand_for_the_engine_for_good(folder: Path) -> None:
    (folder / "models" / "broken.gguf").write_bytes(b"this is no model")
    backend = LocalBackend(configured(folder), FakeLaunch())
    with pytest.raises(ModelFileError):
        await backend.load("broken")
    failed = await backend.status()
    assert (failed.state, "broken" in (failed.detail or "")) == ("failed", True)
    await backend.load("small")
    assert (await backend.status()).state == "ready"
    await backend.unload("small")
    assert (await backend.status()).state == "idle"
    await backend.aclose()


async def test_unloading_what_failed_ends_the_failure(folder: Path) -> None:
    (folder / "models" / "broken.gguf").write_bytes(b"this is no model")
    backend = LocalBackend(configured(folder), FakeLaunch())
    with pytest.raises(ModelFileError):
        await backend.load("broken")
    await backend.unload("broken")
    status = await backend.status()
    assert (status.state, status.detail) == ("idle", None)
    await backend.aclose()


async def test_another_file_that_goes_by_the_same_name_is_loaded_in_place_of_the_one_before(folder: Path) -> None:
    launch = filling("1")
    backend = LocalBackend(configured(folder), launch)
    elsewhere = folder / "elsewhere" / "small.gguf"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(gguf_bytes())
    for file in (folder / "models" / "small.gguf", elsewhere):
        await text_of(backend.chat(msgspec.structs.replace(QUESTION, model=str(file))))
        (load,) = launch.last.heard(wire.Load)
        assert isinstance(load, wire.Load)
        assert load.path == str(file)
    assert len(launch.alive) == 1
    await backend.aclose()
