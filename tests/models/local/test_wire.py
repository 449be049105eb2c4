"""Frames: every message comes out as it went in; what is none ends the other side."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from andiron_models.errors import ContextTooLongError, InvalidRequestError, ModelError
from andiron_models.layout import InfillLayout
from andiron_models.local import wire
from andiron_models.types import ChatRequest, ExtraFile, Finish, InfillRequest, Message, Sampling, Timings, Usage
from andiron_testing.fake_worker import INFO

TO_WORKER: tuple[wire.ToWorker, ...] = (
    wire.Load(
        path="/models/ä.gguf",
        context_length=8192,
        threads=2,
        gpu_layers=-1,
        layout=InfillLayout(prefix_token="<P>", suffix_token="<S>", middle_token="<M>"),
    ),
    wire.Chat(
        id=1,
        request=ChatRequest(
            messages=(Message(role="user", content="日本"),),
            sampling=Sampling(json_schema={"type": "object", "properties": {"a": {"enum": [1, None, "x"]}}}),
        ),
    ),
    wire.Infill(id=2, request=InfillRequest(prefix="a", extra=(ExtraFile(path="b", content="c"),)), plainly=True),
    wire.Cancel(id=2**40),
    wire.Measure(id=3, text="text"),
    wire.Quantize(id=4, source="a", target="b", quantization="Q8_0", threads=2),
    wire.Stop(),
)
FROM_WORKER: tuple[wire.FromWorker, ...] = (
    wire.Loading(fraction=0.5),
    wire.Ready(info=INFO),
    wire.LoadFailed(message="no", hint=None),
    wire.Taken(id=1),
    wire.Piece(id=1, text="é", usage=Usage(prompt_tokens=1)),
    wire.Done(id=1, finish=Finish(reason="stop", usage=Usage(), timings=Timings(total_ms=0.25))),
    wire.failed(1, ContextTooLongError("too long", hint="less", details={"prompt_tokens": 9})),
    wire.Measured(
        id=1,
        prompt_tokens_per_second=1.0,
        generate_tokens_per_second=2.0,
        slices={8: 1.5},
        mean_loss=0.5,
    ),
    wire.Quantized(id=1, size_bytes=5),
)


def _stream(*frames: bytes) -> io.BytesIO:
    return io.BytesIO(b"".join(frames))


def test_messages_for_the_worker_come_out_as_they_went_in() -> None:
    stream = _stream(*(wire.encode(message) for message in TO_WORKER))
    assert tuple(iter(lambda: wire.read_message(stream), None)) == TO_WORKER


@pytest.mark.parametrize("message", FROM_WORKER, ids=lambda message: type(message).__name__)
def test_messages_for_the_daemon_come_out_as_they_went_in(message: wire.FromWorker) -> None:
    frame = wire.encode(message)
    assert wire.frame_length(frame[: wire.HEADER.size]) == len(frame) - wire.HEADER.size
    assert wire.from_worker_decoder.decode(frame[wire.HEADER.size :]) == message


def test_the_end_of_the_stream_is_no_message() -> None:
    assert wire.read_message(_stream()) is None


@pytest.mark.parametrize("length", [1, 3, 4, 5, -1])
def test_a_stream_that_ends_inside_a_message_is_broken(length: int) -> None:
    with pytest.raises(wire.BrokenPipeProtocolError, match="ended inside"):
        wire.read_message(_stream(wire.encode(TO_WORKER[1])[:length]))


def test_a_frame_over_the_limit_is_refused_before_it_is_read() -> None:
    header = wire.HEADER.pack(wire.FRAME_LIMIT_BYTES + 1)
    with pytest.raises(wire.BrokenPipeProtocolError, match="announced"):
        wire.read_message(_stream(header))
    assert wire.frame_length(wire.HEADER.pack(wire.FRAME_LIMIT_BYTES)) == wire.FRAME_LIMIT_BYTES


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"text",
        wire.encode(wire.Taken(id=1))[4:],  # a message of the other direction
        wire.encode(wire.Cancel(id=1))[4:] + b"\x00",
    ],
)
def test_a_frame_that_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(wire.BrokenPipeProtocolError, match="could not be read"):
        wire.read_message(_stream(wire.HEADER.pack(len(body)), body))


@given(some.binary(max_size=200))
def test_any_bytes_are_a_message_the_end_or_refused(data: bytes) -> None:
    stream = _stream(data)
    try:
        while wire.read_message(stream) is not None:
            pass
    except wire.BrokenPipeProtocolError:
        pass


def test_an_error_crosses_with_its_code_its_hint_and_its_details() -> None:
    error = wire.failed(7, ContextTooLongError("too long", hint="less", details={"n": 1})).error()
    assert type(error) is ContextTooLongError
    assert (error.code, error.message, error.hint, error.details) == (
        "context_too_long",
        "too long",
        "less",
        {"n": 1},
    )


def test_an_error_of_an_unknown_code_is_an_internal_one() -> None:
    error = wire.Failed(id=1, code="from_the_future", message="?").error()
    assert type(error) is ModelError
    assert type(wire.failed(1, InvalidRequestError("x")).error()) is InvalidRequestError
