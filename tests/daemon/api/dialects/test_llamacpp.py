"""llama.cpp's protocol, by the requests its editors' plug-ins really send."""

import asyncio
import re

import pytest

from andiron_daemon.settings import Settings
from andiron_models.errors import BackendUnavailableError
from andiron_models.types import InfillRequest
from andiron_testing.capable import CapableBackend
from andiron_testing.daemons import TOKEN, DaemonClient, StartDaemon
from andiron_testing.dialects import read_data

# As llama.vim writes it with json_encode, from a buffer of three lines; `time` is a reltime.
VIM = (
    b'{"prompt":"    return ","id_slot":0,"input_prefix":"def add(a, b):\\n","input_suffix":"\\nprint(add(1, 2))\\n",'
    b'"input_extra":[{"text":"def sub(a, b):\\n    return a - b\\n","time":[36,-284736],"filename":"sub.py"}],'
    b'"n_predict":128,"stop":[],"n_indent":4,"top_k":40,"top_p":0.9,"samplers":["top_k","top_p","infill"],'
    b'"stream":false,"cache_prompt":true,"t_max_prompt_ms":500,"t_max_predict_ms":1000,"response_fields":["content",'
    b'"timings/prompt_n","timings/prompt_ms","timings/prompt_per_token_ms","timings/prompt_per_second",'
    b'"timings/predicted_n","timings/predicted_ms","timings/predicted_per_token_ms","timings/predicted_per_second",'
    b'"truncated","tokens_cached"]}'
)
VIM_WARM_UP = (
    b'{"input_prefix":"","input_suffix":"","input_extra":[{"text":"x = 1\\n","time":[36,1],"filename":"a.py"}],'
    b'"prompt":"","n_predict":0,"temperature":0.0,"stream":false,"samplers":[],"cache_prompt":true,'
    b'"t_max_prompt_ms":1,"t_max_predict_ms":1,"response_fields":[""]}'
)
CODE = {
    "id_slot": 0,
    "input_prefix": "def add(a, b):\n",
    "input_suffix": "\nprint(add(1, 2))\n",
    "input_extra": [],
    "prompt": "    return ",
    "n_predict": 128,
    "n_cmpl": 3,
    "top_k": 40,
    "top_p": 0.99,
    "stream": False,
    "samplers": ["top_k", "top_p", "infill"],
    "cache_prompt": True,
    "t_max_prompt_ms": 500,
    "t_max_predict_ms": 500,
}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def backend() -> CapableBackend:
    return CapableBackend("local")


async def test_vim_finds_what_it_looks_for(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue("a + b")
    response = await daemon.post("/infill", data=VIM, headers=JSON)
    raw = await response.text()
    # What the plug-in's fim_on_response asks of the text before it decodes it.
    assert re.match(r"\s*{", raw)
    assert re.search(r'"content"\s*:"', raw)
    answer = await response.json()
    assert answer["content"] == "a + b"
    assert set(answer) == {
        "content",
        "truncated",
        "tokens_cached",
        *(
            f"timings/{part}_{unit}"
            for part in ("prompt", "predicted")
            for unit in ("n", "ms", "per_token_ms", "per_second")
        ),
    }
    asked = backend.requests[0]
    assert isinstance(asked, InfillRequest)
    assert asked.prefix == "def add(a, b):\n    return "
    assert asked.suffix.endswith("print(add(1, 2))\n")


async def test_vims_warm_up_is_answered_with_nothing_at_once(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.hold()
    response = await daemon.post("/infill", data=VIM_WARM_UP, headers=JSON)
    assert (response.status, await response.text()) == (200, "{}")


async def test_a_warm_up_with_text_does_not_wait_for_the_engine(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.hold()
    body = {"input_prefix": "x = 1\n", "prompt": "y", "n_predict": 0}
    assert await (await daemon.post("/infill", json=body)).json() == {}
    await backend.arrived(1)
    assert backend.requests[0].max_tokens == 0


async def test_several_are_a_list_and_one_is_whole(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue("a + b", "b + a", "a + b")
    several = await (await daemon.post("/infill", json=CODE)).json()
    assert [one["content"] for one in several] == ["a + b", "b + a"]
    backend.enqueue("a * b")
    answer = await (await daemon.post("/infill", json={**CODE, "n_cmpl": 1, "prompt": "    y = "})).json()
    assert answer["content"] == "a * b"
    assert answer["generation_settings"]["n_ctx"] == 4096
    assert {"prompt_n", "prompt_ms", "predicted_n", "predicted_per_second"} <= set(answer["timings"])
    assert (answer["stop"], answer["stop_type"], answer["truncated"]) == (True, "eos", False)
    assert isinstance(answer["tokens_cached"], int)


async def test_a_newer_request_of_a_slot_supersedes_the_older(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue([asyncio.Event()], "new")
    one = {**CODE, "n_cmpl": 1}
    older = asyncio.ensure_future(daemon.post("/infill", json=one))
    await backend.arrived(1)
    newer = await daemon.post("/infill", json={**one, "input_prefix": "def other():\n"})
    assert (await (await older).json())["content"] == ""
    assert (await newer.json())["content"] == "new"


async def test_requests_without_a_slot_leave_each_other_alone(daemon: DaemonClient, backend: CapableBackend) -> None:
    go = asyncio.Event()
    backend.enqueue([go, "one"], "two")
    first = asyncio.ensure_future(daemon.post("/infill", json={"input_prefix": "x = "}))
    await backend.arrived(1)
    second = await (await daemon.post("/infill", json={"input_prefix": "y = "})).json()
    go.set()
    assert (second["content"], (await (await first).json())["content"]) == ("two", "one")


async def test_typing_on_is_answered_from_the_cache(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue("alpha + beta")
    one = {**CODE, "n_cmpl": 1}
    await daemon.post("/infill", json=one)
    answer = await (await daemon.post("/infill", json={**one, "prompt": "    return alp"})).json()
    assert answer["content"] == "ha + beta"
    assert len(backend.requests) == 1


async def test_a_stop_string_ends_it(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue("alpha + beta")
    answer = await (await daemon.post("/infill", json={**CODE, "n_cmpl": 1, "stop": [" +"]})).json()
    assert (answer["content"], answer["stop_type"], answer["stopping_word"]) == ("alpha", "word", " +")


async def test_time_that_is_up_gives_the_lines_that_are_there(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue(["total = 0\n", "    for x in xs:\n", "        total += x\n", "    retu", asyncio.Event()])
    body = {"input_prefix": "def f(xs):\n", "prompt": "    ", "t_max_predict_ms": 50}
    answer = await (await daemon.post("/infill", json=body)).json()
    assert answer["content"].startswith("total = 0\n")
    assert (answer["stop_type"], answer["has_new_line"]) == ("limit", True)
    await backend.was_cancelled()


async def test_an_infill_comes_in_pieces(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue("a + b")
    events = await read_data(await daemon.post("/infill", json={**CODE, "n_cmpl": 1, "stream": True}))
    assert "".join(event["content"] for event in events) == "a + b"
    assert [event["stop"] for event in events] == [False, True]
    assert events[-1]["timings"]["predicted_n"] == 3


@pytest.mark.parametrize("path", ["/completion", "/completions"])
async def test_a_text_is_continued(daemon: DaemonClient, backend: CapableBackend, path: str) -> None:
    backend.enqueue("upon a time")
    answer = await (await daemon.post(path, json={"prompt": "<|im_start|>Once", "n_predict": 7, "seed": -1})).json()
    assert (answer["content"], answer["stop_type"], answer["tokens_predicted"]) == ("upon a time", "eos", 3)
    text = backend.texts[0]
    assert (text.prompt, text.max_tokens, text.sampling.seed) == ("<|im_start|>Once", 7, None)


async def test_a_prompt_made_for_a_gap_is_one(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue("a + b")
    prompt = "<fim_prefix>def add(a, b):\n    return <fim_suffix>\n\nprint(add(1, 2))\n<fim_middle>"
    answer = await (await daemon.post("/completion", json={"prompt": prompt, "n_predict": 64})).json()
    assert (answer["content"], answer["prompt"], backend.texts) == ("a + b", prompt, [])


async def test_every_event_of_a_continuation_has_content_and_stop(
    daemon: DaemonClient, backend: CapableBackend
) -> None:
    backend.enqueue("one two")
    events = await read_data(await daemon.post("/completion", json={"prompt": "x", "stream": True}))
    assert [(event["content"], event["stop"]) for event in events] == [("one ", False), ("two", False), ("", True)]


async def test_a_prompt_may_be_tokens_and_texts(daemon: DaemonClient, backend: CapableBackend) -> None:
    await daemon.post("/completion", json={"prompt": [72, "ell", 111]})
    await daemon.post("/completion", json={"prompt": [72, 105]})
    assert [text.prompt for text in backend.texts] == ["Hello", "Hi"]


async def test_tokens_and_texts_of_them(daemon: DaemonClient) -> None:
    plain = await daemon.post("/tokenize", json={"content": "Hi", "add_special": True})
    assert await plain.json() == {"tokens": [0, 72, 105]}
    pieces = await daemon.post("/tokenize", json={"content": "H", "with_pieces": True})
    assert await pieces.json() == {"tokens": [{"id": 72, "piece": "H"}]}
    assert await (await daemon.post("/detokenize", json={"tokens": [72, 105]})).json() == {"content": "Hi"}


async def test_a_conversation_is_written_as_the_model_is_shown_it(daemon: DaemonClient) -> None:
    body = {
        "messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"type": "function", "function": {"name": "weather"}}],
    }
    assert await (await daemon.post("/apply-template", json=body)).json() == {"prompt": "tool: weather\nuser: Hi"}


async def test_props_and_slots_and_health(daemon: DaemonClient) -> None:
    props = await (await daemon.get("/props?model=scripted-1&autoload=false")).json()
    assert props["default_generation_settings"]["n_ctx"] == 4096
    assert props["model_alias"] == "scripted-1"
    assert await (await daemon.get("/slots")).json() == []
    assert (await (await daemon.get("/health")).json())["status"] == "ok"


async def test_models_look_like_llama_cpps(daemon: DaemonClient) -> None:
    body = await (await daemon.get("/v1/models")).json()
    assert body["data"][0]["owned_by"] == "llamacpp"
    assert body["data"][0]["meta"]["n_ctx"] == 4096


async def test_vims_instructions_are_streamed(daemon: DaemonClient, backend: CapableBackend) -> None:
    body = {
        "id_slot": 0,
        "messages": [{"role": "system", "content": "Edit."}, {"role": "user", "content": "Rename x."}],
        "min_p": 0.1,
        "temperature": 0.1,
        "samplers": ["min_p", "temperature"],
        "stream": True,
        "cache_prompt": True,
    }
    backend.enqueue("y = 1")
    events = await read_data(await daemon.post("/v1/chat/completions", json=body))
    assert events[-1] == "[DONE]"
    assert "".join(event["choices"][0]["delta"].get("content", "") for event in events[:-1]) == "y = 1"
    warm = await daemon.post("/v1/chat/completions", json={**body, "stream": False, "n_predict": 0})
    assert warm.status == 200
    assert backend.requests[1].max_tokens == 0


@pytest.mark.parametrize(
    ("path", "body", "status", "kind"),
    [
        ("/infill", {"input_prefix": 1}, 400, "invalid_request_error"),
        ("/infill", {"input_prefix": "x", "n_predict": -5}, 400, "invalid_request_error"),
        ("/infill", {"input_prefix": "x", "model": "gpt-9"}, 404, "not_found_error"),
        ("/infill", {"input_prefix": "x", "logit_bias": [[7, 1]]}, 400, "invalid_request_error"),
        ("/completion", {"prompt": "x", "logit_bias": [[7, False]]}, 400, "invalid_request_error"),
        ("/completion", {}, 400, "invalid_request_error"),
        ("/completion", {"prompt": "x", "n_cmpl": 99}, 400, "invalid_request_error"),
        ("/detokenize", {"tokens": [-1]}, 400, "invalid_request_error"),
        ("/apply-template", {"messages": []}, 400, "invalid_request_error"),
    ],
)
async def test_errors_have_llama_cpps_shape(
    daemon: DaemonClient, path: str, body: dict[str, object], status: int, kind: str
) -> None:
    response = await daemon.post(path, json=body)
    error = (await response.json())["error"]
    assert (response.status, error["code"], error["type"]) == (status, status, kind)
    assert error["message"]


async def test_a_failure_on_the_way_is_told_in_the_stream(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue(["first", BackendUnavailableError("gone")])
    events = await read_data(await daemon.post("/completion", json={"prompt": "x", "stream": True}))
    assert events[-1]["error"]["type"] == "unavailable_error"


async def test_the_token_is_asked_for(start_daemon: StartDaemon) -> None:
    stranger = await start_daemon(Settings(token=TOKEN), token=None)
    response = await stranger.post("/infill", json=CODE)
    assert response.status == 401
    assert (await response.json())["error"]["type"] == "authentication_error"


async def test_a_client_that_leaves_cancels_its_gap(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue([asyncio.Event()])
    asked = asyncio.ensure_future(daemon.post("/infill", json=CODE))
    await backend.arrived(1)
    asked.cancel()
    await backend.was_cancelled()
