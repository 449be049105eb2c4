"""`/v1/completions` as Continue, Zed and Tabby send it, and Mistral's `/v1/fim/completions`."""

import asyncio

import pytest

from andiron_daemon.settings import Settings
from andiron_models.types import InfillRequest
from andiron_testing.capable import CapableBackend
from andiron_testing.daemons import TOKEN, DaemonClient, StartDaemon
from andiron_testing.dialects import read_data

COMPLETIONS = "/v1/completions"
QWEN = "<|fim_prefix|>def add(a, b):\n    return <|fim_suffix|>\n\nprint(add(1, 2))\n<|fim_middle|>"


@pytest.fixture
def backend() -> CapableBackend:
    return CapableBackend("local")


def gap_asked(backend: CapableBackend) -> InfillRequest:
    asked = backend.requests[-1]
    assert isinstance(asked, InfillRequest)
    return asked


async def test_continues_prompt_with_its_own_tokens_is_a_gap(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue("a + b")
    body = {
        "model": "scripted-1",
        "prompt": QWEN,
        "max_tokens": 4096,
        "temperature": 0.01,
        "stream": True,
        "stop": ["<|endoftext|>", "<|fim_prefix|>", "<|file_sep|>", "\n\n"],
    }
    events = await read_data(await daemon.post(COMPLETIONS, json=body))
    assert "".join(event["choices"][0]["text"] for event in events[:-1]) == "a + b"
    assert (events[-2]["choices"][0]["finish_reason"], events[-1]) == ("stop", "[DONE]")
    assert gap_asked(backend).prefix == "def add(a, b):\n    return "
    assert gap_asked(backend).max_tokens < 4096
    assert not backend.texts


async def test_zed_finds_every_field_it_requires(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue("a + b")
    body = {"model": "scripted-1", "prompt": QWEN, "max_tokens": 64, "temperature": None, "stop": ["<|endoftext|>"]}
    answer = await (await daemon.post(COMPLETIONS, json=body)).json()
    assert {"id", "object", "created", "model", "choices", "usage"} <= set(answer)
    assert isinstance(answer["created"], int)
    assert answer["choices"][0]["text"] == "a + b"
    assert set(answer["usage"]) >= {"prompt_tokens", "completion_tokens", "total_tokens"}


async def test_a_users_newer_request_supersedes_the_older(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue([asyncio.Event()], "new")
    body = {"prompt": "x = ", "suffix": "\n", "user": "editor-1"}
    older = asyncio.ensure_future(daemon.post(COMPLETIONS, json=body))
    await backend.arrived(1)
    newer = await (await daemon.post(COMPLETIONS, json={**body, "prompt": "y = "})).json()
    assert newer["choices"][0]["text"] == "new"
    assert (await (await older).json())["reason"] == "superseded"


async def test_a_gap_of_no_tokens_warms_up(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.hold()
    response = await daemon.post(COMPLETIONS, json={"prompt": "x = ", "suffix": "\n", "max_tokens": 0})
    assert (await response.json())["choices"][0]["text"] == ""
    await backend.arrived(1)


async def test_several_candidates_are_told_apart(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue("one", "two")
    body = {"prompt": "x = ", "suffix": "\n", "n": 2, "echo": True}
    answer = await (await daemon.post(COMPLETIONS, json=body)).json()
    assert [(choice["index"], choice["text"]) for choice in answer["choices"]] == [(0, "x = one"), (1, "x = two")]


async def test_continued_texts_are_streamed_with_their_echo(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue("one two")
    body = {"prompt": "zero ", "echo": True, "stream": True, "stream_options": {"include_usage": True}}
    events = await read_data(await daemon.post(COMPLETIONS, json=body))
    assert "".join(c["text"] for event in events[:-1] for c in event["choices"]) == "zero one two"
    assert events[-2]["choices"] == []
    assert events[-2]["usage"]["completion_tokens"] == 2


async def test_a_continued_text_has_its_time_too(start_daemon: StartDaemon, backend: CapableBackend) -> None:
    hurried = await start_daemon(Settings(token=TOKEN, answer_seconds=0.05))
    backend.enqueue([asyncio.Event()])
    response = await hurried.post(COMPLETIONS, json={"prompt": "x"})
    assert (response.status, (await response.json())["error"]["code"]) == (504, "timeout")
    await backend.was_cancelled()


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": [QWEN, QWEN]}, "prompt"),
        ({"prompt": "x", "suffix": "y", "logprobs": 1}, "logprobs"),
        ({"prompt": "x", "suffix": "y", "logit_bias": {"7": 1}}, "logit_bias"),
        ({"prompt": "x", "logit_bias": {"7": 101}}, "logit_bias"),
        ({"prompt": "x", "best_of": 3}, "best_of"),
        ({"prompt": "x", "n": 0}, "n"),
        ({"prompt": "x", "max_tokens": -7}, "max_tokens"),
        ({"prompt": "x", "logprobs": 99}, "logprobs"),
    ],
)
async def test_what_cannot_be_meant_names_its_field(daemon: DaemonClient, body: dict[str, object], param: str) -> None:
    response = await daemon.post(COMPLETIONS, json=body)
    error = (await response.json())["error"]
    assert (response.status, error["type"], error["param"]) == (400, "invalid_request_error", param)
    assert error["request_id"] == response.headers["X-Request-Id"]


async def test_mistrals_gap_is_answered_like_a_chat(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue("a + b", "a - b")
    body = {"model": "default", "prompt": "def add(a, b):\n    return ", "suffix": "\n", "max_tokens": 30}
    answer = await (await daemon.post("/v1/fim/completions", json=body)).json()
    assert answer["choices"][0]["message"]["content"] == "a + b"
    body["prompt"] = "def sub(a, b):\n    return "
    events = await read_data(await daemon.post("/v1/fim/completions", json={**body, "stream": True}))
    assert "".join(event["choices"][0]["delta"].get("content", "") for event in events[:-1]) == "a - b"
    assert events[-2]["choices"][0]["finish_reason"] == "stop"


async def test_closers_an_editor_put_there_are_not_inserted_again(
    daemon: DaemonClient, backend: CapableBackend
) -> None:
    backend.enqueue("xs, key=len)")
    body = {"prompt": "ys = sorted(", "suffix": ")\nprint(ys)\n"}
    assert (await (await daemon.post(COMPLETIONS, json=body)).json())["choices"][0]["text"] == "xs, key=len"


async def test_tabbys_segments_are_a_gap_with_a_path(daemon: DaemonClient, backend: CapableBackend) -> None:
    backend.enqueue("a + b")
    body = {
        "language": "python",
        "segments": {
            "prefix": "def add(a, b):\n    return ",
            "suffix": "\n\nprint(add(1, 2))\n",
            "filepath": "shop/add.py",
            "declarations": [{"filepath": "shop/sub.py", "body": "def add_all(xs):\n    return add(*xs)\n"}],
        },
        "mode": "standard",
        "temperature": 0.1,
    }
    answer = await (await daemon.post(COMPLETIONS, json=body)).json()
    assert [(choice["index"], choice["text"]) for choice in answer["choices"]] == [(0, "a + b")]
    assert gap_asked(backend).path == "shop/add.py"
    for kind in ("view", "select", "other"):
        event = {"type": kind, "completion_id": answer["id"], "choice_index": 0, "elapsed": 10}
        assert (await daemon.post("/v1/events", json=event)).status == 200
    status = await (await daemon.get("/api/v1/status")).json()
    assert "completion" in status
    gone = {"type": "select", "completion_id": "cmpl-gone", "choice_index": 0}
    assert (await daemon.post("/v1/events", json=gone)).status == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_tabbys_health_has_a_version(daemon: DaemonClient, method: str) -> None:
    health = await (await daemon.request(method, "/v1/health")).json()
    assert tuple(map(int, health["version"]["git_describe"].removeprefix("v").split("."))) >= (0, 9, 0)
    assert (health["model"], health["cuda_devices"], health["status"]) == ("scripted-1", [], "ok")
