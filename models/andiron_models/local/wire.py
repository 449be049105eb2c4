"""The messages between the daemon and its worker, and how they are framed.

A frame is four bytes of length (big-endian) and that many bytes of msgpack: one tagged struct. The daemon
sends `ToWorker`, the worker `FromWorker`. Either side treats a frame it cannot decode as the end of the other.

    Load ─► Loading* ─► Ready | LoadFailed
    Chat, Infill, Continue ─► Taken ─► Piece* ─► Done | Failed          (Failed may come without Taken)
    Cancel ─► Done(cancelled), unless the answer was over
    Tokenize, Detokenize, Apply ─► Told | Failed;  Embed ─► Embedded | Failed
    Measure ─► Measured;  Quantize ─► Quantized | Failed;  Stop ─► the process ends
"""

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from andiron_models.errors import InvalidRequestError, ModelError, error_from_code
from andiron_models.layout import InfillLayout
from andiron_models.types import (
    ChatRequest,
    Finish,
    InfillRequest,
    TextRequest,
    Timings,
    Token,
    TokenLogprob,
    Usage,
)

HEADER = struct.Struct(">I")
FRAME_LIMIT_BYTES = 64 * 1024 * 1024


class Load(msgspec.Struct, frozen=True, kw_only=True, tag="load"):
    """Load this model; `context_length`, `threads` as decided by the daemon. One that `embeds` does nothing else."""

    path: str
    context_length: int
    threads: int
    gpu_layers: int
    completion_slots: int = 2
    chat_slots: int = 2
    queue_limit: int = 64
    state_cache_bytes: int = 0
    state_folder: str | None = None
    layout: InfillLayout | None = None
    embeds: bool = False


class Chat(msgspec.Struct, frozen=True, kw_only=True, tag="chat"):
    """Answer a conversation."""

    id: int
    request: ChatRequest


class Infill(msgspec.Struct, frozen=True, kw_only=True, tag="infill"):
    """Fill a gap; `plainly` by continuing the prefix, for a model that was found unable to infill."""

    id: int
    request: InfillRequest
    plainly: bool = False


class Continue(msgspec.Struct, frozen=True, kw_only=True, tag="continue"):
    """Continue a text as it stands."""

    id: int
    request: TextRequest


class Tokenize(msgspec.Struct, frozen=True, kw_only=True, tag="tokenize"):
    """Cut a text into tokens; `special` and `begin` as in `backend.Tokenizes`."""

    id: int
    text: str
    special: bool
    begin: bool


class Detokenize(msgspec.Struct, frozen=True, kw_only=True, tag="detokenize"):
    """Put tokens together to a text."""

    id: int
    tokens: tuple[int, ...]


class Apply(msgspec.Struct, frozen=True, kw_only=True, tag="apply"):
    """Write a conversation as the model is shown it."""

    id: int
    request: ChatRequest


class Embed(msgspec.Struct, frozen=True, kw_only=True, tag="embed"):
    """Turn texts into vectors; `cuts` those that are too long."""

    id: int
    texts: tuple[str, ...]
    cuts: bool = False


class Cancel(msgspec.Struct, frozen=True, kw_only=True, tag="cancel"):
    """Stop working on a request, wherever it is."""

    id: int


class Forget(msgspec.Struct, frozen=True, kw_only=True, tag="forget"):
    """Drop what is kept of a place; nothing is answered."""

    place: str


class Measure(msgspec.Struct, frozen=True, kw_only=True, tag="measure"):
    """Measure speed and the model's fit to a text; the engine must be idle."""

    id: int
    text: str


class Quantize(msgspec.Struct, frozen=True, kw_only=True, tag="quantize"):
    """Write a GGUF anew in another quantization; needs no loaded model."""

    id: int
    source: str
    target: str
    quantization: str
    threads: int


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """End the process; what runs is dropped."""


class Loading(msgspec.Struct, frozen=True, kw_only=True, tag="loading"):
    """How much of the model is read, 0 to 1."""

    fraction: float


class EngineInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What was loaded and how it will run."""

    description: str
    context_length: int
    trained_context_length: int
    threads: int
    gpu_layers: int
    slots: int
    can_chat: bool
    can_infill: bool
    size_bytes: int
    parameters: int
    prompt_tokens_per_second: float
    generate_tokens_per_second: float
    slice_tokens: int
    infill_note: str | None = None
    can_call_tools: bool = False
    can_embed: bool = False


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """The model is loaded."""

    info: EngineInfo


class LoadFailed(msgspec.Struct, frozen=True, kw_only=True, tag="load_failed"):
    """The model cannot be loaded; the process ends."""

    message: str
    hint: str | None = None


class Taken(msgspec.Struct, frozen=True, kw_only=True, tag="taken"):
    """The request is queued."""

    id: int


class Piece(msgspec.Struct, frozen=True, kw_only=True, tag="piece", omit_defaults=True):
    """Text that was generated, and how the request stands."""

    id: int
    text: str
    logprobs: tuple[TokenLogprob, ...] = ()
    usage: Usage | None = None
    timings: Timings | None = None


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """The request is over."""

    id: int
    finish: Finish


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """The request failed; the others go on."""

    id: int
    code: str
    message: str
    hint: str | None = None
    details: dict[str, Any] = {}

    def error(self) -> ModelError:
        """Make the error this message stands for."""
        return error_from_code(self.code, self.message, self.hint, self.details)


class Measured(msgspec.Struct, frozen=True, kw_only=True, tag="measured"):
    """Speeds in tokens per second, and the mean negative log likelihood of the text in nats per token."""

    id: int
    prompt_tokens_per_second: float
    generate_tokens_per_second: float
    slices: dict[int, float]
    mean_loss: float


class Told(msgspec.Struct, frozen=True, kw_only=True, tag="told", omit_defaults=True):
    """What a text comes to: its tokens, or what tokens or a conversation come to: the text."""

    id: int
    text: str = ""
    tokens: tuple[Token, ...] = ()


class Embedded(msgspec.Struct, frozen=True, kw_only=True, tag="embedded"):
    """A vector of length 1 for each text."""

    id: int
    vectors: tuple[tuple[float, ...], ...]
    prompt_tokens: int


class Quantized(msgspec.Struct, frozen=True, kw_only=True, tag="quantized"):
    """The new file is written whole."""

    id: int
    size_bytes: int


class Stats(msgspec.Struct, frozen=True, kw_only=True, tag="stats"):
    """How the engine is doing, sent when something changed, at most some times a second."""

    running: int
    waiting: int
    cells_used: int
    cells: int
    states_bytes: int
    states: int
    prompt_tokens_per_second: float
    generate_tokens_per_second: float
    rss_bytes: int


Asked = Tokenize | Detokenize | Apply
ToWorker = Load | Chat | Infill | Continue | Asked | Embed | Cancel | Forget | Measure | Quantize | Stop
FromWorker = (
    Loading | Ready | LoadFailed | Taken | Piece | Done | Failed | Told | Embedded | Measured | Quantized | Stats
)


def failed(request_id: int, error: ModelError) -> Failed:
    """Make the message an error crosses the pipe as."""
    return Failed(id=request_id, code=error.code, message=error.message, hint=error.hint, details=error.details)


_encoder = msgspec.msgpack.Encoder()
to_worker_decoder: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
from_worker_decoder: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)


class BrokenPipeProtocolError(Exception):
    """The other side sent something that is not a frame, or stopped inside one."""


def encode(message: ToWorker | FromWorker) -> bytes:
    """Make one frame.

    Raises:
        InvalidRequestError: a number, as in somebody's JSON schema, is larger than any program counts.
    """
    try:
        body = _encoder.encode(message)
    except OverflowError as error:
        raise InvalidRequestError(f"a number in the request is too large: {error}") from error
    return HEADER.pack(len(body)) + body


def frame_length(header: bytes | bytearray) -> int:
    """Read a frame's length.

    Raises:
        BrokenPipeProtocolError: the length is over the limit, so this is not a frame.
    """
    (length,) = HEADER.unpack(header)
    if length > FRAME_LIMIT_BYTES:
        raise BrokenPipeProtocolError(f"a frame of {length} bytes was announced")
    return int(length)


class Frames:
    """Takes bytes as they come and gives the messages they hold; one that is not whole waits for the rest."""

    def __init__(self) -> None:
        self._held = bytearray()

    @property
    def is_inside_a_frame(self) -> bool:
        """Whether the stream would end in the middle of a message."""
        return bool(self._held)

    def take(self, data: bytes) -> Iterator[FromWorker]:
        """Yield the messages that are whole now.

        Raises:
            BrokenPipeProtocolError: what came is no frame, or none of ours.
        """
        self._held += data
        start = 0
        while len(self._held) - start >= HEADER.size:
            begin = start + HEADER.size
            end = begin + frame_length(self._held[start:begin])
            if len(self._held) < end:
                break
            try:
                message = from_worker_decoder.decode(self._held[begin:end])
            except msgspec.MsgspecError as error:
                raise BrokenPipeProtocolError(f"a frame could not be read: {error}") from error
            start = end
            yield message
        del self._held[:start]


def read_message(stream: BinaryIO) -> ToWorker | None:
    """Read the next message for the worker, blocking; `None` at the end of the stream.

    Raises:
        BrokenPipeProtocolError: the stream ended inside a frame, or the frame is none of ours.
    """
    header = stream.read(HEADER.size)
    if not header:
        return None
    if len(header) < HEADER.size:
        raise BrokenPipeProtocolError("the stream ended inside a header")
    length = frame_length(header)
    body = stream.read(length)
    if len(body) < length:
        raise BrokenPipeProtocolError("the stream ended inside a frame")
    try:
        return to_worker_decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise BrokenPipeProtocolError(f"a frame could not be read: {error}") from error
