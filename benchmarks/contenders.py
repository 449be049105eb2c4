"""What the local engine is compared with: the same model by other means."""

import http.client
import json
import statistics
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy
from llama_cpp import Llama

from andiron_models.worker.engine import EngineOptions, LlamaEngine
from andiron_models.worker.scheduler import Entry


@dataclass
class Result:
    """One contender's row; a figure it cannot have stays 0."""

    prompt: float = 0.0
    generate_1: float = 0.0
    generate_2: float = 0.0
    generate_4: float = 0.0
    cold_ms: float = 0.0
    warm_ms: float = 0.0

    def row(self) -> list[str]:
        """Show the figures, `-` for those there are none of."""
        figures = (self.prompt, self.generate_1, self.generate_2, self.generate_4, self.cold_ms, self.warm_ms)
        return [f"{figure:.1f}" if figure else "-" for figure in figures]


class Bare:
    """`llama_decode` in the tightest loop that still chooses tokens: the ceiling."""

    def __init__(self, model: Path, threads: int, context: int) -> None:
        self._engine = LlamaEngine(model, EngineOptions(context_length=context, threads=threads))

    def measure(self, text: str, rounds: int) -> Result:
        """Measure prompts and generation with 1, 2 and 4 sequences."""
        tokens = self._engine.tokenize(text)[:900]
        prompt, cold, warm = [], [], []
        for _ in range(rounds):
            self._clear()
            started = time.perf_counter()
            self._decode([Entry(t, p, 0, p == len(tokens) - 1) for p, t in enumerate(tokens)])
            seconds = time.perf_counter() - started
            prompt.append(len(tokens) / seconds)
            cold.append(1000 * seconds)
            self._engine.trim(0, len(tokens) - 1)
            started = time.perf_counter()
            self._decode([Entry(tokens[-1], len(tokens) - 1, 0, True)])
            warm.append(1000 * (time.perf_counter() - started))
        result = Result(prompt=statistics.median(prompt))
        rates = {count: self._generate(count, tokens[:60], rounds) for count in (1, 2, 4)}
        result.generate_1, result.generate_2, result.generate_4 = rates[1], rates[2], rates[4]
        self._engine.close()
        return result

    def _generate(self, sequences: int, tokens: list[int], rounds: int) -> float:
        rates = []
        for _ in range(rounds):
            self._clear()
            for sequence in range(sequences):
                self._decode([Entry(t, p, sequence, p == len(tokens) - 1) for p, t in enumerate(tokens)])
            following = [tokens[-1]] * sequences
            started = time.perf_counter()
            for step in range(64):
                position = len(tokens) + step
                self._decode([Entry(token, position, s, True) for s, token in enumerate(following)])
                following = [int(numpy.argmax(self._engine.logits(row))) for row in range(sequences)]
            rates.append(64 * sequences / (time.perf_counter() - started))
        return statistics.median(rates)

    def _decode(self, entries: list[Entry]) -> None:
        assert self._engine.decode(entries)

    def _clear(self) -> None:
        for sequence in range(4):
            self._engine.trim(sequence, 0)


class HighLevel:
    """llama-cpp-python's `Llama`: one sequence, one prefix."""

    def __init__(self, model: Path, threads: int, context: int) -> None:
        self._llama = Llama(
            str(model), n_ctx=context, n_threads=threads, n_threads_batch=threads, verbose=False, n_batch=512
        )

    def measure(self, text: str, rounds: int) -> Result:
        """Measure prompts, generation, and the first token with a cold and a warm prefix."""
        tokens = self._llama.tokenize(text.encode())[:900]
        cold, warm, rates = [], [], []
        for _ in range(rounds):
            self._llama.n_tokens = 0
            cold.append(self._first(tokens))
            warm.append(self._first(tokens))
            generator = self._llama.generate(tokens[:60], temp=0.0)
            next(generator)
            started = time.perf_counter()
            for _, _ in zip(range(64), generator, strict=False):
                pass
            rates.append(64 / (time.perf_counter() - started))
        cold_ms = statistics.median(cold)
        return Result(
            prompt=1000 * len(tokens) / cold_ms,
            generate_1=statistics.median(rates),
            cold_ms=cold_ms,
            warm_ms=statistics.median(warm),
        )

    def _first(self, tokens: list[int]) -> float:
        started = time.perf_counter()
        next(self._llama.generate(tokens, temp=0.0))
        return 1000 * (time.perf_counter() - started)


class LlamaServer:
    """A llama.cpp server, by its `/completion`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 8080

    def measure(self, text: str, story: str, rounds: int) -> Result:
        """Measure by the server's own timings, and the first token by the clock."""
        prompt, rates, cold, warm = [], [], [], []
        for number in range(rounds):
            opening = f"{number} {time.time_ns()} "
            answer = self._ask(opening + text[:3000] + story, 64)
            prompt.append(answer["timings"]["prompt_per_second"])
            rates.append(answer["timings"]["predicted_per_second"])
            cold.append(self._first(f"{opening}x" + text[:3000]))
            warm.append(self._first(f"{opening}x" + text[:3000]))
        return Result(
            prompt=statistics.median(prompt),
            generate_1=statistics.median(rates),
            generate_2=self._streams(2, story),
            generate_4=self._streams(4, story),
            cold_ms=statistics.median(cold),
            warm_ms=statistics.median(warm),
        )

    def _streams(self, count: int, story: str) -> float:
        self._at_once(count, story)
        answers, seconds = self._at_once(count, story)
        return sum(answers) / seconds

    def _at_once(self, count: int, story: str) -> tuple[list[float], float]:
        answers: list[float] = []

        def ask(number: int) -> None:
            answers.append(self._ask(f"Version {number}. {story}", 96)["timings"]["predicted_n"])

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(count)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers, time.perf_counter() - started

    def _first(self, prompt: str) -> float:
        started = time.perf_counter()
        self._ask(prompt, 1)
        return 1000 * (time.perf_counter() - started)

    def _ask(self, prompt: str, tokens: int) -> dict[str, dict[str, float]]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=300)
        body = {"prompt": prompt, "n_predict": tokens, "temperature": 0, "cache_prompt": True, "ignore_eos": True}
        connection.request("POST", "/completion", json.dumps(body), {"Content-Type": "application/json"})
        answer: dict[str, dict[str, float]] = json.loads(connection.getresponse().read())
        connection.close()
        return answer
