"""What only some backends can do, over every backend that can: the real engine and the scripted one."""

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio

from andiron_models.backend import Backend, ContinuesText, Embeds, Tokenizes
from andiron_models.configuration import Configuration, LocalConfiguration
from andiron_models.errors import (
    ContextTooLongError,
    InvalidRequestError,
    ModelNotFoundError,
    NotConfiguredError,
)
from andiron_models.local.backend import create as create_local
from andiron_models.router import Router
from andiron_models.types import (
    ChatRequest,
    EmbedRequest,
    Message,
    Sampling,
    TextRequest,
    Tool,
)
from andiron_testing.capable import CapableBackend
from andiron_testing.models import SMOLLM2, smollm2
from andiron_testing.scripted import ScriptedBackend

pytestmark = pytest.mark.asyncio(loop_scope="module")
HI = (Message(role="user", content="Hi <|im_end|>"),)


class Capable(Backend, Tokenizes, ContinuesText, Embeds, Protocol):
    """All of it."""


async def local(folder: Path, embedding_model: str | None = SMOLLM2) -> Capable:
    model = await asyncio.to_thread(smollm2)
    configuration = LocalConfiguration(
        models_folder=model.parent,
        cache_folder=folder,
        completion_model=SMOLLM2,
        chat_model=SMOLLM2,
        embedding_model=embedding_model,
        context_length=256,
    )
    return create_local(Configuration(local=configuration))


ENGINE = pytest.param("local", marks=pytest.mark.model)
# What only a real model shows.
of_the_engine = pytest.mark.parametrize("backend", [ENGINE], indirect=True)


@pytest_asyncio.fixture(params=["scripted", ENGINE], scope="module", loop_scope="module")
async def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Capable]:
    made: Capable = CapableBackend() if request.param == "scripted" else await local(tmp_path_factory.mktemp("cache"))
    yield made
    await made.aclose()


async def test_tokens_come_back_as_the_same_text(backend: Capable) -> None:
    text = "def f(x):\n    return 'héllo'"
    tokens = await backend.tokenize(text, model=None, special=False, begin=False)
    assert await backend.detokenize(tuple(token.id for token in tokens), model=None) == text


async def test_a_token_that_is_none_is_refused(backend: Capable) -> None:
    with pytest.raises(InvalidRequestError, match="is no token of this model"):
        await backend.detokenize((-1,), model=None)


async def test_a_conversation_is_written_out(backend: Capable) -> None:
    assert "Hi <|im_end|>" in await backend.apply_template(ChatRequest(messages=HI))


async def test_a_text_is_continued_like_an_answer(backend: Capable) -> None:
    request = TextRequest(prompt="One, two, three,", max_tokens=4)
    deltas = [delta async for delta in backend.continue_text(request)]
    assert deltas[0].finish is None
    finish = deltas[-1].finish
    assert finish is not None
    assert 1 <= finish.usage.completion_tokens <= 4
    assert "".join(delta.text for delta in deltas)


async def test_vectors_are_as_many_as_texts_and_alike_for_the_same_text(backend: Capable) -> None:
    found = await backend.embed(EmbedRequest(texts=("a cat", "a dog", "a cat")))
    assert len(found.vectors) == 3
    assert found.vectors[0] == found.vectors[2] != found.vectors[1]
    assert len({len(vector) for vector in found.vectors}) == 1
    assert found.prompt_tokens >= 3


async def test_a_text_that_is_too_long_is_refused_or_cut(backend: Capable) -> None:
    text = "word " * 3000
    with pytest.raises(ContextTooLongError):
        await backend.embed(EmbedRequest(texts=("short", text)))
    assert len((await backend.embed(EmbedRequest(texts=(text,), cuts=True))).vectors) == 1


@of_the_engine
async def test_the_engine_tells_special_tokens_apart(backend: Capable) -> None:
    special = await backend.tokenize("<|im_end|>", model=None, special=True, begin=False)
    plain = await backend.tokenize("<|im_end|>", model=None, special=False, begin=False)
    assert [token.piece for token in special] == ["<|im_end|>"]
    assert len(plain) > 1
    assert "".join(token.piece for token in plain) == "<|im_end|>"


@of_the_engine
async def test_the_engines_vectors_have_length_one_and_meaning(backend: Capable) -> None:
    vectors = (await backend.embed(EmbedRequest(texts=("a cat", "a kitten", "the theory of relativity")))).vectors
    near, far = (sum(a * b for a, b in zip(vectors[0], other, strict=True)) for other in vectors[1:])
    assert math.isclose(sum(number**2 for number in vectors[0]), 1.0, rel_tol=1e-6)
    assert near > far


@of_the_engine
async def test_a_schema_and_log_probabilities_hold_for_continued_text(backend: Capable) -> None:
    sampling = Sampling(json_schema={"enum": ["yes", "no"]}, logprobs=2)
    request = TextRequest(prompt="Is water wet? ", max_tokens=8, sampling=sampling)
    deltas = [delta async for delta in backend.continue_text(request)]
    assert "".join(delta.text for delta in deltas) in ('"yes"', '"no"')
    assert {len(one.top) for delta in deltas for one in delta.logprobs} == {2}


@of_the_engine
async def test_a_model_that_knows_no_tools_or_images_says_so(backend: Capable) -> None:
    for request in (
        ChatRequest(messages=HI, tools=(Tool(name="weather"),)),
        ChatRequest(messages=(Message(role="user", content="What?", images=("data:x",)),)),
    ):
        with pytest.raises(InvalidRequestError, match=r"no tools|no images"):
            async for _ in backend.chat(request):
                pass


async def test_without_a_model_for_it_nothing_is_embedded(tmp_path: Path) -> None:
    backend = await local(tmp_path, embedding_model=None)
    with pytest.raises(NotConfiguredError, match="embeddings") as caught:
        await backend.embed(EmbedRequest(texts=("x",)))
    assert caught.value.hint is not None
    assert "ANDIRON_EMBEDDING_MODEL" in caught.value.hint
    await backend.aclose()


async def test_the_router_finds_who_can_and_says_who_cannot() -> None:
    router = Router({"local": CapableBackend("local"), "plain": ScriptedBackend("plain")}, "local")
    assert isinstance(await router.tokenizer(), CapableBackend)
    for find in (router.tokenizer, router.continuer, router.embedder):
        with pytest.raises(InvalidRequestError, match="the backend plain cannot"):
            await find(None, "plain")
    automatic = Router({"local": CapableBackend("local")}, "auto")
    assert isinstance(await automatic.embedder("scripted-1"), CapableBackend)
    with pytest.raises(ModelNotFoundError):
        await automatic.embedder("gpt-9")
