"""What is being generated now, and who answered last: noted by the router, read by whoever shows it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from andiron_models.errors import ModelError
from andiron_models.types import Finish

# The speed of fewer tokens says more of the first one than of the model.
_TELLING_TOKENS = 4


class LastAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Who gave the last whole answer, and how fast it was written where that can be told."""

    backend: str
    model: str
    tokens_per_second: float | None = None


class Activity:
    """One for a router. Both callables run on the event loop and must not raise.

    `listener` is called after every change, `complainant` with each error a backend answered with.
    """

    def __init__(self) -> None:
        self.running = 0
        self.last: LastAnswer | None = None
        self.listener: Callable[[], None] = lambda: None
        self.complainant: Callable[[ModelError], None] = lambda _: None

    @contextmanager
    def generating(self) -> Iterator[None]:
        """Count a request as under way."""
        self.running += 1
        self.listener()
        try:
            yield
        except ModelError as error:
            self.complainant(error)
            raise
        finally:
            self.running -= 1
            self.listener()

    def answered(self, backend: str, model: str, finish: Finish) -> None:
        """Note an answer that came to its end; one without text keeps the speed that is known."""
        tokens, milliseconds = finish.usage.completion_tokens, finish.timings.generate_ms
        speed = tokens / milliseconds * 1000 if tokens >= _TELLING_TOKENS and milliseconds > 0 else None
        if speed is None and self.last is not None and (self.last.backend, self.last.model) == (backend, model):
            speed = self.last.tokens_per_second
        self.last = LastAnswer(backend=backend, model=model, tokens_per_second=speed)
