"""What a worker told the daemon, kept by request; checked as it comes: nothing is said about what is over."""

from andiron_models.errors import ModelError
from andiron_models.local import wire
from andiron_models.types import Finish, TokenLogprob


class Told:
    """Hears every message; `messages` are all of them in order."""

    def __init__(self) -> None:
        self.messages: list[wire.FromWorker] = []
        self._over: dict[int, wire.Done | wire.Failed] = {}

    def hear(self, message: wire.FromWorker) -> None:
        """Take one message."""
        if isinstance(message, wire.Taken | wire.Piece | wire.Done | wire.Failed):
            assert message.id not in self._over, f"{message} after the end"
        if isinstance(message, wire.Done | wire.Failed):
            self._over[message.id] = message
        self.messages.append(message)

    def text(self, request_id: int) -> str:
        """The deltas so far, joined."""
        return "".join(piece.text for piece in self._pieces(request_id))

    def logprobs(self, request_id: int) -> list[TokenLogprob]:
        """The tokens so far with their probabilities."""
        return [logprob for piece in self._pieces(request_id) for logprob in piece.logprobs]

    def is_over(self, request_id: int) -> bool:
        """Whether the request ended, well or not."""
        return request_id in self._over

    def finish(self, request_id: int) -> Finish:
        """How a request ended that did not fail."""
        end = self._over[request_id]
        assert isinstance(end, wire.Done), end
        return end.finish

    def error(self, request_id: int) -> ModelError:
        """Why a request failed."""
        end = self._over[request_id]
        assert isinstance(end, wire.Failed), end
        return end.error()

    def was_taken(self, request_id: int) -> bool:
        """Whether the request was queued."""
        return wire.Taken(id=request_id) in self.messages

    def ends(self) -> list[int]:
        """The requests in the order they ended."""
        return list(self._over)

    def _pieces(self, request_id: int) -> list[wire.Piece]:
        return [message for message in self.messages if isinstance(message, wire.Piece) and message.id == request_id]
