"""What a model makes of text, told without evaluating anything: tokens, their text, a conversation as it is shown."""

from typing import Protocol

from andiron_models.errors import InvalidRequestError
from andiron_models.local import wire
from andiron_models.types import Token
from andiron_models.worker.preparation import Preparation
from andiron_models.worker.vocabulary import Vocabulary


class Reader(Protocol):
    """The part of the engine that knows the vocabulary."""

    @property
    def vocabulary(self) -> Vocabulary:
        """Token bytes."""

    @property
    def begin_token(self) -> int | None:
        """The token every text begins with, where the model wants one."""

    def token_text(self, token: int) -> str:
        """Return the vocabulary's own text of a token."""

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Turn text into tokens."""


def tell(message: wire.Asked, reader: Reader, preparation: Preparation) -> wire.Told:
    """Answer what needs no evaluation.

    Raises:
        InvalidRequestError: a token is none, or the conversation is refused by the model's template.
    """
    match message:
        case wire.Tokenize():
            tokens = reader.tokenize(message.text, special=message.special)
            if message.begin and reader.begin_token is not None:
                tokens.insert(0, reader.begin_token)
            told = tuple(Token(id=token, piece=_bytes(token, reader).decode(errors="replace")) for token in tokens)
            return wire.Told(id=message.id, tokens=told)
        case wire.Detokenize():
            data = b"".join(_bytes(token, reader) for token in message.tokens)
            return wire.Told(id=message.id, text=data.decode(errors="replace"))
        case wire.Apply():
            return wire.Told(id=message.id, text=preparation.chat_text(message.request))


def _bytes(token: int, reader: Reader) -> bytes:
    """Give a token's bytes; control tokens, which no answer shows, by their own names."""
    pieces = reader.vocabulary.pieces
    if not 0 <= token < len(pieces):
        raise InvalidRequestError(
            f"{token} is no token of this model",
            hint=f"Tokens are 0 to {len(pieces) - 1}.",
            details={"field": "tokens"},
        )
    return pieces[token] or reader.token_text(token).encode()
