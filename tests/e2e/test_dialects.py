"""Clients that exist already, against the real daemon with a real, small model: unmodified but for the address."""

import json
import socket
import sys
from collections.abc import Iterator

import httpx
import ollama
import openai
import pytest

from andiron_daemon.paths import find_paths
from andiron_testing.daemon_process import DaemonProcess, put_model
from andiron_testing.models import SMOLLM2, smollm2

pytestmark = pytest.mark.model

PIRATE = [{"role": "system", "content": "You are a pirate. " * 20}, {"role": "user", "content": "Name one colour."}]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    """A daemon that embeds, with a second port."""
    paths = find_paths(str(tmp_path_factory.mktemp("dialects")))
    put_model(smollm2(), paths)
    variables = {"ANDIRON_EMBEDDING_MODEL": SMOLLM2, "ANDIRON_EXTRA_PORTS": str(free_port())}
    started = DaemonProcess(paths, (), variables)
    yield started
    started.kill()
    sys.stdout.write(started.said() + started.log())


@pytest.fixture
def client(daemon: DaemonProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{daemon.record.url}/v1", api_key=daemon.token, max_retries=0) as made:
        yield made


@pytest.fixture
def lama(daemon: DaemonProcess) -> Iterator[ollama.Client]:
    made = ollama.Client(host=daemon.record.url, headers={"Authorization": f"Bearer {daemon.token}"})
    yield made
    inner: httpx.Client = made._client  # noqa: SLF001 -- it has no way to be closed
    inner.close()


def test_openais_client_chats_with_the_local_model(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=SMOLLM2, messages=[{"role": "user", "content": "Say hi."}], max_tokens=6, logprobs=True, top_logprobs=2
    )
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert 1 <= answer.usage.completion_tokens <= 6
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    assert all(len(one.top_logprobs) == 2 and one.logprob <= 0 for one in logprobs.content)


def test_an_answer_keeps_to_its_schema(client: openai.OpenAI) -> None:
    schema: dict[str, object] = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    answer = client.chat.completions.create(
        model=SMOLLM2,
        messages=[{"role": "user", "content": "Is the sky blue?"}],
        response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}},
        max_tokens=40,
        temperature=0,
    )
    said = json.loads(answer.choices[0].message.content or "")
    assert said in ({"ok": True}, {"ok": False})


def test_a_second_turn_uses_what_the_first_one_evaluated(daemon: DaemonProcess) -> None:
    first = daemon.client.post("/v1/chat/completions", {"messages": PIRATE, "max_tokens": 4})
    said = first["choices"][0]["message"]["content"]
    grown = [*PIRATE, {"role": "assistant", "content": said}, {"role": "user", "content": "Another."}]
    second = daemon.client.post("/v1/chat/completions", {"messages": grown, "max_tokens": 4})
    cached = second["usage"]["prompt_tokens_details"]["cached_tokens"]
    assert cached >= first["usage"]["prompt_tokens"] - 1


def test_nothing_of_it_is_kept_as_a_conversation(daemon: DaemonProcess) -> None:
    daemon.client.post("/v1/chat/completions", {"messages": PIRATE, "max_tokens": 1})
    assert daemon.client.get("/api/v1/chat/conversations")["conversations"] == []


def test_texts_are_continued_tokenized_and_embedded(client: openai.OpenAI, daemon: DaemonProcess) -> None:
    text = client.completions.create(model=SMOLLM2, prompt="Once upon a", max_tokens=4, temperature=0).choices[0].text
    assert text.strip()
    tokens = daemon.client.post("/tokenize", {"content": "Once upon a"})["tokens"]
    assert daemon.client.post("/detokenize", {"tokens": tokens}) == {"content": "Once upon a"}
    vectors = client.embeddings.create(model=SMOLLM2, input=["a cat", "a dog"]).data
    assert len(vectors[0].embedding) == len(vectors[1].embedding) > 100


def test_ollamas_client_chats_generates_and_unloads(lama: ollama.Client) -> None:
    assert [model.model for model in lama.list().models] == [f"{SMOLLM2}:latest"]
    shown = lama.show(SMOLLM2)
    assert (shown.modelinfo or {})["general.architecture"] == "llama"
    assert shown.capabilities is not None
    assert "tools" not in shown.capabilities
    options = {"num_predict": 5, "temperature": 0}
    assert lama.chat(SMOLLM2, [{"role": "user", "content": "hi"}], options=options).message.content
    parts = list(lama.generate(SMOLLM2, "Once", raw=True, options=options, stream=True))
    assert "".join(part.response or "" for part in parts).strip()
    assert [model.model for model in lama.ps().models] == [f"{SMOLLM2}:latest"]
    assert lama.generate(SMOLLM2, keep_alive=0).done_reason == "unload"
    assert lama.ps().models == []


def test_a_gap_is_filled_by_each_protocol(daemon: DaemonProcess, lama: ollama.Client) -> None:
    prefix, suffix = "colours = ['red', 'green', ", "]\nprint(colours)\n"
    infilled = daemon.client.post("/infill", {"input_prefix": prefix, "input_suffix": suffix, "n_predict": 12})
    completed = daemon.client.post("/v1/completions", {"prompt": prefix, "suffix": suffix, "max_tokens": 12})
    generated = lama.generate(SMOLLM2, prefix, suffix=suffix, options={"num_predict": 12})
    segments = {"prefix": prefix, "suffix": suffix}
    tabbed = daemon.client.post("/v1/completions", {"segments": segments})
    assert infilled["content"] == completed["choices"][0]["text"] == generated.response
    assert isinstance(tabbed["choices"][0]["text"], str)


def test_the_second_port_is_the_same_daemon(daemon: DaemonProcess) -> None:
    port = daemon.client.get("/api/v1/status")["settings"]["extra_ports"][0]
    answer = httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)
    assert answer.json()["status"] == "ok"
