"""The main job on the real process with a real, small model: chat, completion, and what must survive a kill."""

import os
import signal
import socket
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from andiron_daemon.client import ClientError
from andiron_daemon.paths import Paths
from andiron_testing.daemon_process import DaemonProcess, StartDaemon, andiron, put_model

pytestmark = pytest.mark.model

_SHORT = {"message": "Name one colour.", "max_tokens": 8, "temperature": 0}
_LONG = {"message": "Tell me a very long story about a fire.", "max_tokens": 1000}
_ONE_MODEL_IN_THE_FOLDER = "smollm2-135m"


def test_a_message_is_answered_and_says_by_whom_and_at_what_cost(shared_daemon: DaemonProcess) -> None:
    answer = shared_daemon.client.post("/api/v1/chat/message", _SHORT)
    assert answer["message"]["role"] == "assistant"
    assert answer["message"]["content"].strip()
    assert (answer["backend"], answer["model"]) == ("local", _ONE_MODEL_IN_THE_FOLDER)
    assert answer["finish_reason"] in ("stop", "length")
    usage = answer["usage"]
    assert usage["prompt_tokens"] == usage["prompt_tokens_cached"] + usage["prompt_tokens_evaluated"]
    assert 1 <= usage["completion_tokens"] <= 8
    assert answer["timings"]["total_ms"] > 0
    assert shared_daemon.client.health()["model"] == "loaded"


def test_a_stream_is_the_answer_in_pieces(shared_daemon: DaemonProcess) -> None:
    events = list(shared_daemon.client.stream("/api/v1/chat/stream", _SHORT))
    assert [event.name for event in events[:1] + events[-1:]] == ["start", "done"]
    assert {event.name for event in events[1:-1]} == {"delta"}
    text = "".join(event.data["text"] for event in events if event.name == "delta")
    done = events[-1].data
    assert text == done["message"]["content"]
    assert done["conversation_id"] == events[0].data["conversation_id"]
    assert done["message"]["id"] == events[0].data["message_id"]


def test_a_second_turn_uses_what_the_first_one_evaluated(shared_daemon: DaemonProcess) -> None:
    first = shared_daemon.client.post("/api/v1/chat/message", _SHORT)
    second = shared_daemon.client.post(
        "/api/v1/chat/message", {**_SHORT, "conversation_id": first["conversation_id"], "message": "And another."}
    )
    assert second["usage"]["prompt_tokens_cached"] >= first["usage"]["prompt_tokens"] - 1


def test_later_turns_evaluate_only_what_is_new(shared_daemon: DaemonProcess) -> None:
    source = "".join(f"def price_{number}(x):\n    return x * {number}\n\n" for number in range(40))
    selection = {"start": {"line": 3, "character": 0}, "end": {"line": 4, "character": 5}}
    files = [{"path": "shop.py", "language": "python", "content": source, "selection": selection}]
    body = {**_SHORT, "context": {"files": files, "workspace": "shop", "language": "python"}}
    first = shared_daemon.client.post("/api/v1/chat/message", body)
    whole = first["usage"]["prompt_tokens"]
    assert whole > 400
    for message in ("What does it return?", "And the next one?"):
        later = {**body, "message": message, "conversation_id": first["conversation_id"]}
        usage = shared_daemon.client.post("/api/v1/chat/message", later)["usage"]
        assert usage["prompt_tokens"] > whole
        # The answer before, the marked lines once more, and the question.
        assert usage["prompt_tokens_evaluated"] < 120, usage


def test_code_is_completed_at_the_cursor(shared_daemon: DaemonProcess) -> None:
    body = {"prefix": "def add(a, b):\n    return a", "suffix": "\n\nprint(add(1, 2))\n", "path": "add.py"}
    answer = shared_daemon.client.post("/api/v1/code/complete", body)
    assert answer["backend"] == "local"
    assert answer["completions"] or answer["reason"]
    for completion in answer["completions"]:
        assert completion["range"]["start"] == {"line": 1, "character": 12}


def test_what_was_acknowledged_survives_a_kill(model_daemon: DaemonProcess, start_daemon: StartDaemon) -> None:
    answer = model_daemon.client.post("/api/v1/chat/message", _SHORT)
    model_daemon.kill()
    again = start_daemon()
    kept = again.client.get(f"/api/v1/chat/conversations/{answer['conversation_id']}")
    assert [message["role"] for message in kept["messages"]] == ["user", "assistant"]
    assert kept["messages"][0]["content"] == _SHORT["message"]
    assert kept["messages"][1]["content"] == answer["message"]["content"]
    assert kept["messages"][1]["backend"] == "local"


def test_a_question_killed_in_the_middle_of_its_answer_is_kept(
    model_daemon: DaemonProcess, start_daemon: StartDaemon
) -> None:
    with closing(model_daemon.client.stream("/api/v1/chat/stream", _LONG)) as stream:
        start = next(stream).data
        assert next(stream).name == "delta"
        model_daemon.kill()
        with pytest.raises(ClientError) as caught:
            list(stream)
    assert caught.value.code == "unreachable"
    kept = start_daemon().client.get(f"/api/v1/chat/conversations/{start['conversation_id']}")
    assert kept["messages"][0]["content"] == _LONG["message"]


def test_a_killed_worker_costs_one_answer_and_nothing_else(model_daemon: DaemonProcess) -> None:
    with closing(model_daemon.client.stream("/api/v1/chat/stream", _LONG)) as stream:
        start = next(stream).data
        assert next(stream).name == "delta"
        (worker,) = model_daemon.workers()
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(ClientError) as caught:
            list(stream)
    assert caught.value.code == "backend_unavailable"
    assert caught.value.request_id
    assert model_daemon.client.health()["status"] == "ok"
    answer = model_daemon.client.post("/api/v1/chat/message", {**_SHORT, "conversation_id": start["conversation_id"]})
    assert answer["message"]["content"].strip()
    assert [process.pid for process in model_daemon.workers()] != [worker.pid]


def test_a_client_that_leaves_is_noticed_and_the_next_is_served(shared_daemon: DaemonProcess) -> None:
    with closing(shared_daemon.client.stream("/api/v1/chat/stream", _LONG)) as stream:
        start = next(stream).data
        assert next(stream).name == "delta"
    answer = shared_daemon.client.post("/api/v1/chat/message", _SHORT)
    assert answer["message"]["content"].strip()
    kept = shared_daemon.client.get(f"/api/v1/chat/conversations/{start['conversation_id']}")
    assert kept["messages"][-1]["finish_reason"] == "cancelled"


def test_stop_ends_the_worker_too(model_daemon: DaemonProcess) -> None:
    model_daemon.client.post("/api/v1/chat/message", _SHORT)
    workers = model_daemon.workers()
    assert len(workers) == 1
    assert andiron("stop").returncode == 0
    assert model_daemon.wait() == 0
    assert not any(worker.is_running() for worker in workers)


def test_a_killed_daemon_takes_its_worker_along(model_daemon: DaemonProcess) -> None:
    model_daemon.client.post("/api/v1/chat/message", _SHORT)
    workers = model_daemon.workers()
    model_daemon.process.kill()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []


def test_stop_in_the_middle_of_an_answer_takes_bounded_time(model_daemon: DaemonProcess) -> None:
    with closing(model_daemon.client.stream("/api/v1/chat/stream", _LONG)) as stream:
        assert next(stream).name == "start"
        assert next(stream).name == "delta"
        assert andiron("stop").returncode == 0
    assert model_daemon.wait() == 0


def test_chat_and_complete_work_from_the_command_line(shared_daemon: DaemonProcess, tmp_path: Path) -> None:
    asked = shared_daemon.andiron("chat", "Name one colour.", "--backend", "local", "--model", _ONE_MODEL_IN_THE_FOLDER)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.strip()
    assert f"local · {_ONE_MODEL_IN_THE_FOLDER} · " in asked.stderr
    again = shared_daemon.andiron("chat", "--continue", typed="And another?")
    assert again.returncode == 0, again.stderr
    assert "Continuing: " in again.stderr
    newest = shared_daemon.client.get("/api/v1/chat/conversations?limit=1")["conversations"][0]
    assert newest["message_count"] == 4

    source = tmp_path / "add.py"
    source.write_text("def add(a, b):\n    return a\n", encoding="utf-8")
    done = shared_daemon.andiron("complete", f"{source}:2:13")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() or "No suggestion there" in done.stderr


def test_an_unknown_model_is_an_error_from_the_command_line_as_well(shared_daemon: DaemonProcess) -> None:
    done = shared_daemon.andiron("chat", "hello", "--model", "gone")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert "gone" in done.stderr
    assert "hint: " in done.stderr


def test_auto_falls_back_to_the_local_model_and_says_so(
    start_daemon: StartDaemon, paths: Paths, smollm2_path: Path
) -> None:
    put_model(smollm2_path, paths)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
    daemon = start_daemon(ANDIRON_BACKEND="auto", OPENAI_BASE_URL=nobody, OPENAI_API_KEY="sk-unused-here")
    answer = daemon.client.post("/api/v1/chat/message", _SHORT)
    assert answer["backend"] == "local"
    assert answer["fallback"]["from_backend"] == "openai"
    assert answer["fallback"]["message"]
    asked = andiron("chat", "Name one colour.")
    assert "openai could not answer: " in asked.stderr
