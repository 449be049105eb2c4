"""Gaps filled through the completions endpoint where there is one, else by chat."""

import contextlib
from collections.abc import AsyncIterator

import pytest

from andiron_models.configuration import OpenAIConfiguration
from andiron_models.errors import ContextTooLongError, InvalidRequestError, ModelError, ModelNotFoundError
from andiron_models.openai import OpenAIBackend, hole_filler
from andiron_models.openai.connection import Connection
from andiron_models.openai.hole_filler import Gap, clean, finished, gap_within
from andiron_models.openai.wire import chat_arguments, check_request, first_line
from andiron_models.types import ExtraFile, Finish, InfillRequest, Message, Sampling
from andiron_testing.openai_stub import OpenAIStub, Reply, failure, openai_stub

COMPLETIONS = "/v1/completions"
CHAT = "/v1/chat/completions"


async def no_key(user: str) -> str | None:
    return None


@contextlib.asynccontextmanager
async def opened(*, has_suffix: bool = True) -> AsyncIterator[tuple[OpenAIStub, OpenAIBackend]]:
    async with openai_stub(has_suffix=has_suffix) as stub:
        configuration = OpenAIConfiguration(base_url=stub.base_url, model="stub-1")
        backend = OpenAIBackend(configuration, Connection(configuration, read_key=no_key))
        yield stub, backend
        await backend.aclose()


async def filled(backend: OpenAIBackend, request: InfillRequest) -> tuple[str, Finish]:
    deltas = [delta async for delta in backend.infill(request)]
    assert deltas[-1].finish is not None
    return "".join(delta.text for delta in deltas), deltas[-1].finish


async def test_a_server_with_suffixes_gets_prefix_and_suffix() -> None:
    async with opened() as (stub, backend):
        text, finish = await filled(backend, InfillRequest(prefix="abc", suffix="de", max_tokens=9))
        assert (text, finish.reason) == ("fill(3, 2)", "stop")
        [seen] = stub.requests
        assert seen.path == COMPLETIONS
        assert (seen.body["prompt"], seen.body["suffix"], seen.body["max_tokens"]) == ("abc", "de", 9)


async def test_a_single_line_ends_before_the_break_that_follows_text() -> None:
    async with opened() as (stub, backend):
        stub.enqueue(Reply(pieces=("\n  x", " = 1\r", "\ny = 2", "\n")))
        text, finish = await filled(backend, InfillRequest(prefix="a", single_line=True))
        assert text == "\n  x = 1"
        assert finish.reason == "stop"
        assert finish.usage.completion_tokens == 0


async def test_a_server_without_suffixes_is_found_out_once_and_chats_instead() -> None:
    async with opened(has_suffix=False) as (stub, backend):
        stub.enqueue(Reply(pieces=("```python\n", "return a + b\n", "```")))
        text, _ = await filled(backend, InfillRequest(prefix="def add(a, b):\n    ", suffix="\n", path="add.py"))
        assert text == "return a + b"
        [seen] = stub.requests
        assert seen.path == CHAT
        assert seen.body["messages"][1]["content"] == f"add.py:\ndef add(a, b):\n    {hole_filler.MARK}\n"


@pytest.mark.parametrize("status", [400, 404, 405, 422, 501])
async def test_a_refused_suffix_is_not_tried_again(status: int) -> None:
    async with opened() as (stub, backend):
        stub.enqueue(failure(status, "suffix is not currently supported"))
        await filled(backend, InfillRequest(prefix="a"))
        await filled(backend, InfillRequest(prefix="a"))
        assert [seen.path for seen in stub.requests] == [COMPLETIONS, CHAT, CHAT]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (failure(401, "no"), ModelError),
        (failure(400, "long", "context_length_exceeded"), ContextTooLongError),
        (Reply(raw="data: {\n\n"), ModelError),
    ],
)
async def test_other_faults_are_not_taken_for_a_missing_endpoint(fault: Reply, kind: type[ModelError]) -> None:
    async with opened() as (stub, backend):
        stub.enqueue(fault)
        with pytest.raises(kind):
            await filled(backend, InfillRequest(prefix="a"))
        assert [seen.path for seen in stub.requests] == [COMPLETIONS]


async def test_an_unknown_model_is_unknown_on_either_way() -> None:
    async with opened() as (_, backend):
        with pytest.raises(ModelNotFoundError) as caught:
            await filled(backend, InfillRequest(prefix="a", model="giant"))
        assert caught.value.hint is not None
        assert "stub-1" in caught.value.hint


async def test_warming_up_asks_the_server_nothing() -> None:
    async with opened() as (stub, backend):
        assert (await filled(backend, InfillRequest(prefix="a", max_tokens=0)))[0] == ""
        assert stub.requests == []


async def test_fewer_than_no_tokens_are_refused() -> None:
    async with opened() as (stub, backend):
        with pytest.raises(InvalidRequestError, match="max_tokens is -1"):
            await filled(backend, InfillRequest(prefix="a", max_tokens=-1))
        assert stub.requests == []


async def test_a_chat_fills_one_line_up_to_a_stop_string() -> None:
    async with opened(has_suffix=False) as (stub, backend):
        stub.enqueue(Reply(pieces=("one();", " two();\n", "three();")), Reply(pieces=("one; two",)))
        assert (await filled(backend, InfillRequest(prefix="a", single_line=True)))[0] == "one(); two();"
        stopped = InfillRequest(prefix="a", sampling=Sampling(stop=(";",)))
        assert (await filled(backend, stopped))[0] == "one"
        assert all("stop" not in seen.body for seen in stub.requests)


async def test_other_files_left_out_are_told() -> None:
    extra = (ExtraFile(path="b.py", content="x" * 26),)
    async with opened() as (stub, backend):
        _, finish = await filled(backend, InfillRequest(prefix="a", extra=extra))
        assert finish.truncated is not None
        assert (finish.truncated.dropped_tokens, finish.truncated.what) == (10, "other files (estimated)")
    async with opened(has_suffix=False) as (stub, backend):
        _, finish = await filled(backend, InfillRequest(prefix="a", extra=extra))
        assert finish.truncated is None
        assert "Another file, b.py:\nxxx" in stub.requests[0].body["messages"][1]["content"]


@pytest.mark.parametrize(
    ("prefix", "suffix", "most", "kept", "what"),
    [
        ("p" * 30, "s" * 30, None, (30, 30), None),
        ("p" * 30, "s" * 30, 20, (30, 30), None),
        ("p" * 30, "s" * 30, 10, (22, 8), "prefix, suffix (estimated)"),
        ("p" * 300, "s" * 3, 10, (27, 3), "prefix (estimated)"),
        ("p" * 3, "s" * 300, 10, (3, 27), "suffix (estimated)"),
        ("p" * 300, "", 1, (3, 0), "prefix (estimated)"),
    ],
)
def test_text_far_from_the_gap_goes_first(
    prefix: str, suffix: str, most: int | None, kept: tuple[int, int], what: str | None
) -> None:
    numbered = InfillRequest(prefix="<" + prefix[1:], suffix=suffix[:-1] + ">" * bool(suffix), max_prompt_tokens=most)
    gap = gap_within(numbered, takes_extra=True)
    assert (len(gap.prefix), len(gap.suffix)) == kept
    assert (gap.truncated and gap.truncated.what) == what
    assert numbered.prefix.endswith(gap.prefix)
    assert numbered.suffix.startswith(gap.suffix)


@pytest.mark.parametrize(
    ("answer", "prefix", "suffix", "text"),
    [
        ("return x", "def f():\n    ", "\n", "return x"),
        ("```python\nreturn x\n```", "    ", "", "return x"),
        ("```\nreturn x", "    ", "", "return x"),
        ("    return x", "    return ", "", "x"),
        ("return x", "    return ", "", "x"),
        ("return  x", "    return ", "", " x"),
        ("returned", "    return", "", "ed"),
        ("x)", "print(", ")\n", "x"),
        (f"x{hole_filler.MARK}", "print(", "", "x"),
        ("", "print(", ")", ""),
        ("    x = 1\n    y = 2\n", "def f():\n", "", "    x = 1\n    y = 2\n"),
    ],
)
def test_what_a_chat_model_adds_is_cleaned_off(answer: str, prefix: str, suffix: str, text: str) -> None:
    assert clean(answer, Gap(prefix, suffix, False, None)) == text


@pytest.mark.parametrize(
    ("text", "line", "was_cut"),
    [("a\nb", "a", True), ("\n\na\nb", "\n\na", True), ("a", "a", False), ("\n ", "\n ", False), ("", "", False)],
)
def test_a_first_line_has_text(text: str, line: str, was_cut: bool) -> None:
    assert first_line(text) == (line, was_cut)


def test_the_earliest_stop_string_counts() -> None:
    request = InfillRequest(prefix="", sampling=Sampling(stop=("c", "b")))
    assert finished("abc", request) == ("a", True)
    assert finished("xyz", request) == ("xyz", False)


def test_openai_itself_is_asked_in_its_own_words() -> None:
    messages = (Message(role="user", content="hi"),)
    arguments = chat_arguments(messages, "gpt", 9, Sampling(top_k=4, min_p=0.1), is_openai=True)
    assert arguments["max_completion_tokens"] == 9
    assert "max_tokens" not in arguments
    assert "extra_body" not in arguments


def test_openai_takes_four_stop_strings_and_says_so() -> None:
    five = Sampling(stop=("a", "b", "c", "d", "e"))
    with pytest.raises(InvalidRequestError, match="5 stop strings are more than the 4 OpenAI takes"):
        check_request(five, is_openai=True)
    check_request(five, is_openai=False)
