"""Checks of the running daemon, through its own API: what it says of itself, and whether it completes."""

import time
from collections.abc import Iterator
from typing import Any

from andiron_daemon.client import Client, ClientError
from andiron_daemon.doctor.verdict import Check, Verdict

_SLOW_TOKENS_PER_SECOND = 5.0
_PREFIX = "def add(first, second):\n    return first"


def running_checks(client: Client | None) -> Iterator[Check]:
    """Ask the daemon; without one there is one line that says so."""
    if client is None:
        yield Check(
            name="daemon",
            verdict="warn",
            said="not running; the engine was not tried",
            hint="Start it with `andiron serve --detach`, or add --start.",
        )
        return
    try:
        yield self_test(client)
        status = client.status()
    except ClientError as error:
        yield Check(name="daemon", verdict="fail", said=error.message, hint=error.hint or "See `andiron logs`.")
        return
    yield from _backends(status)
    yield from _workers(status)
    yield _storage(status["storage"])
    yield _errors(status["last_errors"])


def self_test(client: Client) -> Check:
    """Have a line completed by the local engine, loading its model if need be."""
    started = time.monotonic()
    body = {"prefix": _PREFIX, "suffix": "\n", "path": "doctor.py", "backend": "local", "max_tokens": 16}
    try:
        answer = client.post("/api/v1/code/complete", body)
    except ClientError as error:
        return Check(name="infill", verdict="fail", said=error.message, hint=error.hint or "See `andiron logs`.")
    seconds = time.monotonic() - started
    if not answer["completions"]:
        return Check(
            name="infill",
            verdict="warn",
            said=f"nothing was suggested for `{_PREFIX.splitlines()[-1].strip()}` ({answer.get('reason')})",
            hint="A larger model suggests more: `andiron models`.",
        )
    text = answer["completions"][0]["text"].strip().splitlines()
    said = f"{answer['model']} went on with `{text[0] if text else ''}` in {seconds:.2f} s"
    return Check(name="infill", verdict="ok", said=said)


def _backends(status: dict[str, Any]) -> Iterator[Check]:
    policy = status["settings"]["backend"]
    for backend in status["backends"]:
        said = ": ".join(part for part in (backend["state"], backend.get("detail") or "") if part)
        is_wanted = backend["name"] == "local" or policy in (backend["name"], "auto")
        is_bad = backend["state"] in ("failed", "unreachable") or (is_wanted and backend["state"] == "unconfigured")
        verdict: Verdict = "fail" if is_bad and backend["name"] in ("local", policy) else "warn" if is_bad else "ok"
        hint = (backend.get("hint") or "") if is_bad else ""
        yield Check(name=f"backend {backend['name']}", verdict=verdict, said=said, hint=hint)


def _workers(status: dict[str, Any]) -> Iterator[Check]:
    for worker in status["local_engine"].get("workers", ()):
        name = f"speed of {worker['model']}"
        generated = worker.get("generate_tokens_per_second")
        if generated is None:
            yield Check(name=name, verdict="ok", said=f"not measured ({worker['state']})")
            continue
        prompt = worker.get("prompt_tokens_per_second", 0.0)
        said = f"{prompt:.0f} tokens a second read, {generated:.0f} written, {worker.get('threads')} threads"
        if generated < _SLOW_TOKENS_PER_SECOND:
            yield Check(name=name, verdict="warn", said=said, hint="Take a smaller model, or `andiron models tune`.")
        else:
            yield Check(name=name, verdict="ok", said=said)
        verdict = worker.get("infill_test")
        if verdict is not None and not verdict["passed"]:
            hint = "Choose a model made for code: `andiron models`."
            yield Check(name=f"infill of {worker['model']}", verdict="warn", said=verdict["detail"], hint=hint)


def _storage(storage: dict[str, Any]) -> Check:
    error = storage.get("error")
    if error:
        return Check(name="database", verdict="fail", said=error["message"], hint=error.get("hint") or "")
    return Check(name="database", verdict="ok", said=f"{storage['conversations']} conversations")


def _errors(errors: list[dict[str, Any]]) -> Check:
    ours = [error for error in errors if error["code"] in ("internal", "backend_unavailable", "timeout")]
    if not ours:
        return Check(name="errors", verdict="ok", said="none lately")
    last = ours[-1]
    return Check(
        name="errors",
        verdict="warn",
        said=f"{len(ours)} lately, the last at {last['at'][:19]}: {last['message']}",
        hint=last.get("hint") or f"`andiron logs --request {last['request_id']}` tells more.",
    )
