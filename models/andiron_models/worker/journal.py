"""What the worker writes of its requests: one line each when it is taken and when it is over, never any text.

Standard error is the way: the daemon reads it line by line and logs these lines under the id of the request they
are about (`local.process`). Other lines are what llama.cpp and Python say.
"""

import sys
import threading
from typing import TextIO

import msgspec

from andiron_models.local import wire
from andiron_models.local.notes import PREFIX, Note


class Journal:
    """The requests under way and their ids; any thread may write."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._lock = threading.Lock()
        self._request_ids: dict[int, str] = {}

    def began(self, message: wire.Chat | wire.Continue | wire.Infill) -> None:
        """Note that a request came."""
        identifier = message.request.request_id
        if identifier is None:
            return
        self._request_ids[message.id] = identifier
        self._write(Note(request_id=identifier, event=f"{type(message).__name__.lower()} taken"))

    def saw(self, message: wire.FromWorker) -> None:
        """Note how a request ended, if that is what is being sent."""
        if not isinstance(message, wire.Done | wire.Failed):
            return
        identifier = self._request_ids.pop(message.id, None)
        if identifier is None:
            return
        if isinstance(message, wire.Failed):
            self._write(
                Note(request_id=identifier, event=f"failed: {message.code}", is_error=message.code == "internal")
            )
            return
        usage, timings = message.finish.usage, message.finish.timings
        told = (
            f"over: {message.finish.reason}, {usage.prompt_tokens_cached} tokens cached, "
            f"{usage.prompt_tokens_evaluated} evaluated, {usage.completion_tokens} written, "
            f"{timings.queue_ms:.0f} + {timings.prompt_ms:.0f} + {timings.generate_ms:.0f} ms"
        )
        self._write(Note(request_id=identifier, event=told))

    def _write(self, note: Note) -> None:
        line = PREFIX + msgspec.json.encode(note).decode() + "\n"
        with self._lock:
            self._stream.write(line)
            self._stream.flush()
