"""How the local engine compares with bare llama.cpp, llama-cpp-python's `Llama`, and a llama.cpp server.

    python -m benchmarks.engine MODEL.gguf [--llama-server URL] [--rounds 3] [--only ROW,…]

All contenders use the same file and threads, one after another in the same run. The llama.cpp server must be
started by hand with the same file, e.g. `llama-server -m MODEL.gguf -t THREADS -c 8192 -np 4 --port 8081`.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import psutil

from andiron_models.configuration import LocalConfiguration
from andiron_models.library.hardware import this_machine
from andiron_models.local.backend import LocalBackend
from andiron_models.types import ChatRequest, Finish, InfillRequest, Message, Priority
from benchmarks.contenders import Bare, HighLevel, LlamaServer, Result
from benchmarks.table import print_table

CODE = Path(__file__).read_text(encoding="utf-8")
CONTEXT = 8192
STORY = "Write a long, detailed story about a blacksmith who forges andirons. Do not stop early."


async def consume(backend: LocalBackend, request: ChatRequest | InfillRequest) -> tuple[Finish, float, float]:
    """Run one request; its finish, seconds to the first text, and seconds in all."""
    started = time.perf_counter()
    first = 0.0
    finish: Finish | None = None
    generator = backend.chat(request) if isinstance(request, ChatRequest) else backend.infill(request)
    async with aclosing(generator) as deltas:
        async for delta in deltas:
            if delta.text and not first:
                first = time.perf_counter() - started
            finish = delta.finish or finish
    assert finish is not None
    return finish, first, time.perf_counter() - started


def story(max_tokens: int, *, opening: str = "") -> ChatRequest:
    """Ask for a long answer."""
    return ChatRequest(messages=(Message(role="user", content=opening + STORY),), max_tokens=max_tokens)


def gap(line: int, *, opening: str = "", max_tokens: int = 24) -> InfillRequest:
    """Ask for a completion at the end of a line of this file."""
    lines = CODE.splitlines(keepends=True)
    prefix = opening + "".join(lines[:line]).rstrip("\n")
    return InfillRequest(
        prefix=prefix[:-3], suffix="\n" + "".join(lines[line : line + 20]), max_tokens=max_tokens, single_line=True
    )


async def prompt_and_generation(backend: LocalBackend, rounds: int) -> Result:
    """Measure prompt speed on a new prompt and generation with 1, 2 and 4 streams."""
    prompt, single = [], []
    for number in range(rounds):
        finish, _, _ = await consume(backend, story(64, opening=f"{number}{time.time_ns()} " + CODE[:3000]))
        prompt.append(finish.usage.prompt_tokens_evaluated / finish.timings.prompt_ms * 1000)
        finish, _, _ = await consume(backend, story(64))
        single.append((finish.usage.completion_tokens - 1) / finish.timings.generate_ms * 1000)
    both = await streams(backend, 2)
    return Result(
        prompt=statistics.median(prompt),
        generate_1=statistics.median(single),
        generate_2=both,
        generate_4=await streams(backend, 4),
    )


async def streams(backend: LocalBackend, count: int) -> float:
    """Measure tokens per second of several generations at once, while all of them run; prompts are warm."""
    requests: list[ChatRequest | InfillRequest] = []
    for number in range(count):
        if number < 2:
            requests.append(story(96, opening=f"Version {number}. "))
        else:
            text = f"# version {number}\nnumbers = [" + ", ".join(str(n) for n in range(40))
            requests.append(InfillRequest(prefix=text, max_tokens=96, priority=Priority.CHAT))
    for request in requests:
        await consume(backend, request)
    times = await asyncio.gather(*(token_times(backend, request) for request in requests))
    begin, end = max(each[0] for each in times), min(each[-1] for each in times)
    return sum(begin < moment <= end for each in times for moment in each) / (end - begin)


async def token_times(backend: LocalBackend, request: ChatRequest | InfillRequest) -> list[float]:
    """Note when each piece of an answer came."""
    moments: list[float] = []
    generator = backend.chat(request) if isinstance(request, ChatRequest) else backend.infill(request)
    async with aclosing(generator) as deltas:
        async for delta in deltas:
            if delta.text:
                moments.append(time.perf_counter())
    return moments


async def first_token(backend: LocalBackend, rounds: int) -> tuple[float, float]:
    """Measure milliseconds to the first text with a cold prefix and with a warm one."""
    cold, warm = [], []
    await consume(backend, gap(5))  # the first infill of a model tests it
    for number in range(rounds):
        opening = f"# {number} {time.time_ns()}\n"
        cold.append(1000 * (await consume(backend, gap(75, opening=opening)))[1])
        warm.append(1000 * (await consume(backend, gap(75, opening=opening)))[1])
    return statistics.median(cold), statistics.median(warm)


async def typing(backend: LocalBackend, count: int, opening: str) -> list[float]:
    """Measure milliseconds of completions as someone types along a line, a character a request."""
    seconds = []
    lines = CODE.splitlines(keepends=True)
    head, line, rest = opening + "".join(lines[:99]), "".join(lines[99:104]), "".join(lines[104:125])
    await consume(backend, InfillRequest(prefix=head, suffix=rest, max_tokens=0))
    for typed in range(1, count + 1):
        request = InfillRequest(prefix=head + line[:typed], suffix=rest, max_tokens=12, single_line=True)
        seconds.append(1000 * (await consume(backend, request))[2])
        await asyncio.sleep(0.02)
    return seconds


async def completion_under_chat(backend: LocalBackend, count: int) -> tuple[list[float], list[float], float]:
    """Measure typing alone and while a chat answer streams; also the chat's tokens per second meanwhile."""
    alone = await typing(backend, count, "# alone\n")
    produced: list[str] = []
    speaking = asyncio.Event()

    async def chat() -> None:
        while True:
            async with aclosing(backend.chat(story(2000))) as deltas:
                async for delta in deltas:
                    produced.append(delta.text)
                    if len(produced) > 5:
                        speaking.set()

    task = asyncio.create_task(chat())
    await speaking.wait()
    before, started = len(produced), time.perf_counter()
    under = await typing(backend, count, "# under\n")
    rate = (len(produced) - before) / (time.perf_counter() - started)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return alone, under, rate


async def cancel_to_idle(backend: LocalBackend, rounds: int) -> list[float]:
    """Measure from closing a request, in its prompt and while generating, until the engine says it is idle."""
    taken = []
    for number in range(rounds):
        for request, after in ((story(400, opening=f"{time.time_ns()}" + CODE * 3), 0.4), (story(400), 0.8)):
            task = asyncio.create_task(consume(backend, request))
            await asyncio.sleep(after + 0.013 * number)
            started = time.perf_counter()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await answer_something(backend)
            taken.append(1000 * (time.perf_counter() - started))
    return taken


async def answer_something(backend: LocalBackend) -> None:
    """Ask for the shortest possible chat, which waits for whatever is being evaluated."""
    await consume(backend, ChatRequest(messages=(Message(role="user", content="a"),), max_tokens=1))


def percentile(values: list[float], share: float) -> float:
    """Return the value at a share of the sorted list."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def memory(pid: int | None = None) -> float:
    """Return the MB of this process, or of it and a worker."""
    return float(psutil.Process(pid).memory_info().rss) / 1e6


def children_memory() -> float:
    """Return the MB of all child processes."""
    return sum(child.memory_info().rss for child in psutil.Process().children(recursive=True)) / 1e6


async def own_engine(model: Path, rounds: int, threads: int) -> tuple[Result, list[tuple[str, str]]]:
    """Measure this engine through its pipe, as the daemon uses it."""
    configuration = LocalConfiguration(
        models_folder=model.parent,
        cache_folder=model.parent,
        completion_model=str(model),
        chat_model=str(model),
        context_length=CONTEXT,
        threads=threads,
        idle_seconds=1.0,
    )
    backend = LocalBackend(configuration)
    before = memory() + children_memory()
    await backend.load()
    loaded = memory() + children_memory()
    result = await prompt_and_generation(backend, rounds)
    result.cold_ms, result.warm_ms = await first_token(backend, rounds)
    alone, under, chat_rate = await completion_under_chat(backend, 25 * rounds)
    cancels = await cancel_to_idle(backend, rounds)
    await asyncio.sleep(1.5)
    after = memory() + children_memory()
    await backend.aclose()
    p50, p95 = statistics.median(alone), percentile(alone, 0.95)
    under50, under95 = statistics.median(under), percentile(under, 0.95)
    return result, [
        ("completion while typing, alone: p50 / p95 ms", f"{p50:.0f} / {p95:.0f}"),
        ("… while a chat answer streams: p50 / p95 ms", f"{under50:.0f} / {under95:.0f}"),
        ("… as a ratio: p50 / p95", f"{under50 / p50:.2f} / {under95 / p95:.2f}"),
        ("chat tokens/s meanwhile", f"{chat_rate:.1f}"),
        ("cancel to idle: median / worst ms", f"{statistics.median(cancels):.0f} / {max(cancels):.0f}"),
        ("RSS before / loaded / after idle stop, MB", f"{before:.0f} / {loaded:.0f} / {after:.0f}"),
    ]


def pipe_overhead(own: Result, bare: Result) -> str:
    """Say what pipe and scheduler add to a token, in ms and as a share."""
    own_ms, bare_ms = 1000 / own.generate_1, 1000 / bare.generate_1
    return f"{own_ms - bare_ms:+.2f} ms ({100 * (own_ms / bare_ms - 1):+.1f} %)"


def main() -> None:
    """Run every contender and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--llama-server")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=this_machine().physical_cores)
    arguments = parser.parse_args()
    model, rounds = arguments.model.absolute(), arguments.rounds
    contenders: list[tuple[str, Callable[[], Result]]] = [
        ("bare llama_decode", lambda: Bare(model, arguments.threads, CONTEXT).measure(CODE, rounds)),
        ("llama_cpp.Llama", lambda: HighLevel(model, arguments.threads, CONTEXT).measure(CODE, rounds)),
    ]
    if arguments.llama_server:
        contenders.append(("llama-server", lambda: LlamaServer(arguments.llama_server).measure(CODE, STORY, rounds)))
    results = {"Andiron": Result()}
    results["Andiron"], details = asyncio.run(own_engine(model, rounds, arguments.threads))
    for name, measure in contenders:
        results[name] = measure()
    print_table(
        ["", "prompt tok/s", "gen 1", "gen 2", "gen 4", "first token cold ms", "warm ms"],
        [[name, *result.row()] for name, result in results.items()],
    )
    bare = results["bare llama_decode"]
    details.insert(
        0, ("single-stream generation against bare", f"{results['Andiron'].generate_1 / bare.generate_1:.3f}")
    )
    details.insert(1, ("pipe and scheduler per token", pipe_overhead(results["Andiron"], bare)))
    print_table(["Andiron", model.name], [list(row) for row in details])


if __name__ == "__main__":
    main()
