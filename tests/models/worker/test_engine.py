"""llama.cpp itself, with a small real model: states, shared cells, interrupts, files that are none."""

import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy
import pytest

from andiron_models.errors import InvalidRequestError, ModelError
from andiron_models.layout import InfillLayout
from andiron_models.types import Sampling
from andiron_models.worker.engine import LlamaEngine
from andiron_models.worker.sampling import Logits
from andiron_models.worker.scheduler import Entry
from andiron_testing.gguf import copy_without_key
from andiron_testing.model_room import LAYOUT, ModelRoom, load_engine

pytestmark = pytest.mark.model

TEXT = "The quick brown fox jumps over the lazy dog. The lazy dog"


@pytest.fixture(autouse=True)
def _empty(engine: LlamaEngine) -> None:
    for sequence in range(4):
        engine.trim(sequence, 0)


def _entries(tokens: Sequence[int], sequence: int = 0, start: int = 0) -> list[Entry]:
    last = len(tokens) - 1
    return [Entry(token, start + place, sequence, place == last) for place, token in enumerate(tokens)]


def _logits_after(engine: LlamaEngine, tokens: Sequence[int], sequence: int = 0, start: int = 0) -> Logits:
    assert engine.decode(_entries(tokens, sequence, start))
    return engine.logits(len(tokens) - 1).copy()


def _continue(engine: LlamaEngine, tokens: list[int], sequence: int, count: int = 8) -> list[int]:
    """Go on greedily from the last of `tokens`, whose others the sequence holds."""
    said: list[int] = []
    for step in range(count):
        following = said[-1] if said else tokens[-1]
        said.append(int(_logits_after(engine, [following], sequence, len(tokens) - 1 + step).argmax()))
    return said


def test_tokens_are_the_text(engine: LlamaEngine) -> None:
    for text in (TEXT, "def f(x):\n\treturn x\r\n", "日本語 naïve 🙂", " leading", ""):
        pieces = engine.vocabulary.pieces
        assert b"".join(pieces[token] for token in engine.tokenize(text)).decode() == text


def test_text_becomes_special_only_where_it_may(engine: LlamaEngine) -> None:
    marked = "<|im_start|>user<|im_end|><file_sep>"
    assert engine.tokenize(marked, special=True)[0] == engine.token_id("<|im_start|>")
    assert not any(engine.is_end(token) for token in engine.tokenize(marked))
    assert engine.token_id("file_sep") is None
    assert engine.token_id("<|im_end|><|im_end|>") is None


def test_a_state_put_back_goes_on_as_the_evaluation_did(engine: LlamaEngine) -> None:
    tokens = engine.tokenize(TEXT)
    _logits_after(engine, tokens[:-1])
    state = engine.save(0)
    expected = _continue(engine, tokens, 0)
    engine.trim(1, 0)
    assert engine.restore(1, state)
    assert _continue(engine, tokens, 1) == expected


def test_shared_cells_go_on_as_the_evaluation_did_and_apart(engine: LlamaEngine) -> None:
    tokens = engine.tokenize(TEXT)
    _logits_after(engine, tokens[:-1])
    engine.copy(0, 1, len(tokens) - 1)
    expected = _continue(engine, tokens, 0)
    assert _continue(engine, tokens, 1) == expected
    engine.trim(0, 0)
    assert engine.trim(1, len(tokens) - 1)
    assert _continue(engine, tokens, 1) == expected


def test_a_trimmed_sequence_has_forgotten_the_rest(engine: LlamaEngine) -> None:
    tokens = engine.tokenize(TEXT)
    half = len(tokens) // 2
    fresh = _logits_after(engine, tokens[:half])
    _logits_after(engine, tokens[half:], 0, half)
    assert engine.trim(0, half - 1)
    assert _logits_after(engine, tokens[half - 1 : half], 0, half - 1) == pytest.approx(fresh, abs=0.2)


@pytest.mark.parametrize("data", [b"", b"x", b"not a state at all" * 50])
def test_what_is_no_state_is_not_put_back(engine: LlamaEngine, data: bytes) -> None:
    assert not engine.restore(0, data)
    tokens = engine.tokenize("Still fine")
    assert numpy.isfinite(_logits_after(engine, tokens)).all()


def test_a_state_without_room_is_not_put_back(engine: LlamaEngine) -> None:
    tokens = (engine.tokenize(TEXT) * 100)[: engine.context_length // 2 + 10]
    assert engine.decode(_entries(tokens))
    assert not engine.restore(1, engine.save(0))


def test_a_batch_without_room_is_an_error_and_the_engine_goes_on(engine: LlamaEngine) -> None:
    tokens = (engine.tokenize(TEXT) * 100)[: engine.context_length]
    assert engine.decode(_entries(tokens))
    with pytest.raises(ModelError, match="no room"):
        engine.decode(_entries(tokens[:5], sequence=1))
    engine.trim(0, 0)
    assert engine.decode(_entries(tokens[:5], sequence=1))


def test_an_evaluation_that_was_interrupted_leaves_no_trace(engine: LlamaEngine) -> None:
    tokens = engine.tokenize(TEXT) * 4
    expected = _logits_after(engine, tokens)
    engine.trim(0, 0)
    engine.interrupt()
    assert not engine.decode(_entries(tokens))
    engine.trim(0, 0)
    assert _logits_after(engine, tokens) == pytest.approx(expected, abs=1e-4)


def test_an_evaluation_can_be_interrupted_from_another_thread(engine: LlamaEngine) -> None:
    tokens = (engine.tokenize(TEXT) * 60)[:240]
    begun, ended = threading.Event(), threading.Event()

    def interrupt() -> None:
        begun.wait()
        while not ended.is_set():
            engine.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    begun.set()
    whole = engine.decode(_entries(tokens))
    ended.set()
    thread.join()
    assert not whole
    engine.trim(0, 0)
    engine.decode(_entries(tokens[:4]))  # takes an interrupt that came after the end
    engine.trim(0, 0)
    assert engine.decode(_entries(tokens[:4]))


# -- the whole: scheduler, preparation, engine


def test_answers_are_the_same_beside_each_other_as_alone(engine: LlamaEngine) -> None:
    def chat(room: ModelRoom) -> int:
        return room.chat("What is the capital of France?", max_tokens=8)

    def completion(room: ModelRoom) -> int:
        return room.infill("def add(a, b):\n    ret", max_tokens=6)

    alone = [room.answer(ask(room)) for ask in (chat, completion) for room in [ModelRoom(engine)]]
    room = ModelRoom(engine)
    jobs = chat(room), completion(room)
    assert [room.answer(job) for job in jobs] == alone
    assert alone[1].startswith("urn")


def test_the_same_question_again_is_answered_the_same_from_what_is_kept(room: ModelRoom) -> None:
    question = "Name a fruit."
    first = room.answer(room.chat(question, max_tokens=4))
    again = room.chat(question, max_tokens=4)
    assert room.answer(again) == first
    usage = room.told.finish(again).usage
    assert usage.prompt_tokens_evaluated == 1


def test_what_is_half_typed_is_finished_not_repeated(room: ModelRoom) -> None:
    assert room.answer(room.infill("The capital of France is Par", max_tokens=3)).startswith("is")
    assert room.answer(room.infill("One, two, three, fo", max_tokens=2)).startswith("ur")


def test_bytes_the_model_has_no_token_for_do_not_stop_it(room: ModelRoom) -> None:
    job = room.infill("a = '\x04\x13", max_tokens=3)
    other = room.infill("One, two, three, fo", max_tokens=2)
    room.until_over(job, other)
    assert room.told.finish(job).reason in {"length", "stop"}
    assert room.told.text(other).startswith("ur")


def test_a_layout_of_the_models_own_special_tokens_is_used(engine: LlamaEngine) -> None:
    room = ModelRoom(engine, LAYOUT)
    job = room.infill("x = <file_sep>", "<filename>", max_tokens=4)
    room.until_over(job)
    assert room.told.finish(job).usage.prompt_tokens > 6


def test_a_prompt_longer_than_the_context_is_refused_with_the_numbers(room: ModelRoom) -> None:
    job = room.chat("word " * 2000)
    error = room.told.error(job)
    assert error.code == "context_too_long"
    assert error.details["context_length"] == room.engine.context_length
    assert room.answer(room.infill("One, two, three, fo", max_tokens=2)).startswith("ur")


def test_a_text_far_longer_than_the_context_is_cut_around_the_gap(room: ModelRoom) -> None:
    job = room.infill("x = 1\n" * 2000, max_tokens=2)
    room.until_over(job)
    truncated = room.told.finish(job).truncated
    assert truncated is not None
    assert truncated.what == "prefix"


def test_a_model_without_a_chat_template_still_completes(smollm2_path: Path, tmp_path: Path) -> None:
    path = copy_without_key(smollm2_path, tmp_path / "mute.gguf", "tokenizer.chat_template")
    engine = load_engine(path, context_length=256)
    room = ModelRoom(engine)
    error = room.told.error(room.chat("hello"))
    assert isinstance(error, InvalidRequestError)
    assert "no chat template" in error.message
    assert error.hint
    assert room.answer(room.infill("One, two, three, fo", max_tokens=2)).startswith("ur")
    engine.close()
    engine.close()


@pytest.mark.parametrize("layout", [None, msgspec.structs.replace(LAYOUT, middle_token="<|fim_middle|>")])
def test_a_model_without_infill_tokens_continues(engine: LlamaEngine, layout: InfillLayout | None) -> None:
    assert engine.infill_token_ids() is None
    room = ModelRoom(engine, layout)
    assert room.answer(room.infill("One, two, three, fo", "never seen", max_tokens=2)).startswith("ur")


def test_values_no_sampler_can_work_with_are_refused_by_name(room: ModelRoom) -> None:
    for sampling in (Sampling(temperature=float("nan")), Sampling(top_p=7.0), Sampling(min_p=-1.0)):
        error = room.told.error(room.chat("hello", sampling=sampling))
        assert error.code == "invalid_request"
        assert error.details["field"] in error.message
