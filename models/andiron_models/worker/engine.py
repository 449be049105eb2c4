"""llama.cpp, and nothing else of it anywhere: the model, its context, its KV memory, its samplers.

Low-level calls only (`llama_cpp.llama_cpp`): llama-cpp-python's `Llama` class keeps one sequence and cannot be
interrupted. An evaluation is interrupted through llama.cpp's abort callback; the callback is libc's own
`strlen` over a two-byte buffer, empty or not, so that asking it some hundred times per batch costs no Python.

One thread evaluates. `interrupt` may be called from any thread, and so may everything that only reads the
vocabulary (`tokenize`, `sampler`).
"""

import collections
import ctypes
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy
from llama_cpp import llama_cpp
from llama_cpp.llama_grammar import DOT, PRIMITIVE_RULES, SchemaConverter
from numpy.typing import NDArray

from andiron_models.errors import InvalidRequestError, ModelError, ModelFileError
from andiron_models.types import Sampling
from andiron_models.worker.sampling import Candidates, Logits, TokenSampler
from andiron_models.worker.scheduler import Entry
from andiron_models.worker.vocabulary import Vocabulary

BATCH_LIMIT = 1024
_MICRO_BATCH = 512
_PENALTY_WINDOW = 64
_GRAMMAR_LIMIT_CHARACTERS = 200_000
_INTERRUPTED = 2
_NO_ROOM = 1
_LOG_ERROR = 3
_MENDED_RULES = {
    PRIMITIVE_RULES["char"].content: PRIMITIVE_RULES["char"].content.replace(r'[^"\\]', r'[^"\\\x00-\x1F\x7F]'),
    DOT: r'[^"\\\x00-\x1F\x7F]',
}
_recent_log: collections.deque[str] = collections.deque(maxlen=40)


class EngineOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to load: context cells, threads, layers on the GPU (-1 is all), sequences."""

    context_length: int
    threads: int
    gpu_layers: int = -1
    sequences: int = 4


def _take_log(level: int, text: bytes, _: Any) -> None:
    line = text.decode("utf-8", errors="replace").rstrip()
    if level == _LOG_ERROR and line:
        _recent_log.append(line)
        sys.stderr.write(f"llama.cpp: {line}\n")


_log = llama_cpp.llama_log_callback(_take_log)


def listen_to_log() -> None:
    """Have what llama.cpp logs come here."""
    llama_cpp.llama_log_set(_log, ctypes.c_void_p(0))


class LlamaEngine:
    """A loaded model and one context with several sequences; `close` frees both."""

    def __init__(
        self, path: Path, options: EngineOptions, on_progress: Callable[[float], None] = lambda _: None
    ) -> None:
        """Load the model.

        Raises:
            ModelFileError: llama.cpp refuses the file, or cannot make a context for it.
        """
        listen_to_log()
        llama_cpp.llama_backend_init()
        self.path = path
        self.options = options
        self.can_offload = bool(llama_cpp.llama_supports_gpu_offload())
        self._model = load_model(path, options.gpu_layers if self.can_offload else 0, on_progress)
        self._vocab = _present(llama_cpp.llama_model_get_vocab(self._model))
        self._context = self._make_context(options)
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._stop_flag = (ctypes.c_char * 2)()
        self._install_interrupt()
        self._batch = _Batch(BATCH_LIMIT)
        self._size = int(llama_cpp.llama_vocab_n_tokens(self._vocab))
        self._vocabulary = Vocabulary([self._piece(token) for token in range(self._size)])
        self._ends = frozenset(t for t in range(self._size) if llama_cpp.llama_vocab_is_eog(self._vocab, t))

    # -- what it is

    @property
    def context_length(self) -> int:
        """Cells in all."""
        return int(llama_cpp.llama_n_ctx(self._context))

    @property
    def trained_context_length(self) -> int:
        """The longest context the model was trained for."""
        return int(llama_cpp.llama_model_n_ctx_train(self._model))

    @property
    def batch_limit(self) -> int:
        """Entries one batch may have."""
        return BATCH_LIMIT

    @property
    def vocabulary(self) -> Vocabulary:
        """Token bytes."""
        return self._vocabulary

    @property
    def size_bytes(self) -> int:
        """Bytes of all tensors."""
        return int(llama_cpp.llama_model_size(self._model))

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return int(llama_cpp.llama_model_n_params(self._model))

    @property
    def description(self) -> str:
        """Architecture, size and quantization in llama.cpp's words."""
        buffer = ctypes.create_string_buffer(256)
        llama_cpp.llama_model_desc(self._model, buffer, 256)
        return buffer.value.decode("utf-8", errors="replace")

    @property
    def chat_template(self) -> str | None:
        """The template in the file."""
        source = llama_cpp.llama_model_chat_template(self._model, None)
        return source.decode("utf-8", errors="replace") if source else None

    @property
    def begin_token(self) -> int | None:
        """The token every text begins with, where the model wants one."""
        if not llama_cpp.llama_vocab_get_add_bos(self._vocab):
            return None
        token = int(llama_cpp.llama_vocab_bos(self._vocab))
        return token if token >= 0 else None

    def special_text(self, name: str) -> str:
        """Return the text of the model's `bos` or `eos` token."""
        token = int({"bos": llama_cpp.llama_vocab_bos, "eos": llama_cpp.llama_vocab_eos}[name](self._vocab))
        return self.token_text(token) if token >= 0 else ""

    def infill_token_ids(self) -> tuple[int, int, int] | None:
        """Return the ids of the prefix, suffix and middle tokens the file names, if it names all."""
        ids = tuple(
            int(find(self._vocab))
            for find in (
                llama_cpp.llama_vocab_fim_pre,
                llama_cpp.llama_vocab_fim_suf,
                llama_cpp.llama_vocab_fim_mid,
            )
        )
        return (ids[0], ids[1], ids[2]) if min(ids) >= 0 else None

    def token_text(self, token: int) -> str:
        """Return the vocabulary's own text of a token."""
        text: bytes = llama_cpp.llama_vocab_get_text(self._vocab, token)
        return text.decode("utf-8", errors="replace")

    def token_id(self, text: str) -> int | None:
        """Find the single special token of that text."""
        tokens = self.tokenize(text, special=True)
        return tokens[0] if len(tokens) == 1 and self.token_text(tokens[0]) == text else None

    def is_end(self, token: int) -> bool:
        """Tell whether a token ends an answer."""
        return token in self._ends

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Turn text into tokens; only with `special` may control tokens come of it."""
        if not text:
            return []
        data = text.encode("utf-8", errors="replace")
        room = len(data) + 8
        buffer: NDArray[numpy.int32] = numpy.empty(room, dtype=numpy.int32)
        pointer = buffer.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token))
        count = llama_cpp.llama_tokenize(self._vocab, data, len(data), pointer, room, False, special)
        if count < 0:
            raise ModelError(f"a text of {len(data)} bytes could not be tokenized")
        return [int(token) for token in buffer[:count]]

    # -- evaluating

    def decode(self, entries: Sequence[Entry]) -> bool:
        """Evaluate a batch; `False` when it was interrupted."""
        self._batch.fill(entries)
        result = llama_cpp.llama_decode(self._context, self._batch.native)
        self._stop_flag[0] = b"\0"
        if result == 0:
            return True
        if result == _INTERRUPTED:
            return False
        what = "there is no room in the KV cache" if result == _NO_ROOM else f"llama.cpp returned {result}"
        raise ModelError(f"a batch of {len(entries)} tokens could not be evaluated: {what}")

    def interrupt(self) -> None:
        """Break off the evaluation under way; one that has not begun is broken off as it begins."""
        self._stop_flag[0] = b"x"

    def logits(self, row: int) -> Logits:
        """Return a view of the logits behind an entry of the last batch, valid until the next."""
        pointer = llama_cpp.llama_get_logits_ith(self._context, row)
        return numpy.ctypeslib.as_array(pointer, shape=(self._size,))

    def trim(self, sequence: int, length: int) -> bool:
        """Forget all but the first `length` tokens of a sequence."""
        return bool(llama_cpp.llama_memory_seq_rm(self._memory, sequence, length, -1))

    def copy(self, source: int, target: int, length: int) -> None:
        """Let an empty sequence share the first `length` tokens of another."""
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def save(self, sequence: int) -> bytes:
        """Copy a sequence's data out."""
        size = llama_cpp.llama_state_seq_get_size(self._context, sequence)
        buffer = (ctypes.c_uint8 * size)()
        written = llama_cpp.llama_state_seq_get_data(self._context, buffer, size, sequence)
        return bytes(buffer)[:written]

    def restore(self, sequence: int, data: bytes) -> bool:
        """Put saved data into an empty sequence."""
        buffer = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
        return bool(llama_cpp.llama_state_seq_set_data(self._context, buffer, len(data), sequence))

    # -- choosing

    def sampler(self, sampling: Sampling) -> TokenSampler:
        """Make a request's sampler.

        Raises:
            InvalidRequestError: the grammar or the schema cannot be understood.
        """
        source = sampling.grammar
        if sampling.json_schema is not None:
            source = schema_grammar(sampling.json_schema)
        grammar = _Grammar(self._vocab, source) if source is not None else None
        return TokenSampler(sampling, _chain(sampling, self._size), grammar)

    def close(self) -> None:
        """Free the context and the model."""
        if self._context:
            llama_cpp.llama_free(self._context)
            llama_cpp.llama_model_free(self._model)
            self._context = None

    # -- inside

    def _make_context(self, options: EngineOptions) -> Any:
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = options.context_length
        parameters.n_batch = BATCH_LIMIT
        parameters.n_ubatch = _MICRO_BATCH
        parameters.n_seq_max = options.sequences
        parameters.n_outputs_max = max(8, options.sequences)
        parameters.kv_unified = True
        parameters.n_threads = options.threads
        parameters.n_threads_batch = options.threads
        parameters.no_perf = True
        context = llama_cpp.llama_init_from_model(self._model, parameters)
        if not context:
            llama_cpp.llama_model_free(self._model)
            raise ModelFileError(
                f"{self.path.name}: no context of {options.context_length} tokens can be made: {last_words()}",
                hint="Lower ANDIRON_CONTEXT_LENGTH.",
            )
        return context

    def _install_interrupt(self) -> None:
        library = ctypes.CDLL("msvcrt") if os.name == "nt" else ctypes.CDLL(None)
        address = ctypes.cast(library.strlen, ctypes.c_void_p).value
        self._interrupt_callback = llama_cpp.ggml_abort_callback(address or 0)
        data = ctypes.cast(self._stop_flag, ctypes.c_void_p)
        llama_cpp.llama_set_abort_callback(self._context, self._interrupt_callback, data)

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(64)
        length = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, 64, 0, False)
        if length < 0:
            buffer = ctypes.create_string_buffer(-length)
            length = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, -length, 0, False)
        return buffer.raw[: max(0, length)]


class _Batch:
    """llama.cpp's batch with its arrays seen through numpy, so that filling it is a few slices."""

    def __init__(self, limit: int) -> None:
        self.native = llama_cpp.llama_batch_init(limit, 0, 1)
        self._token = numpy.ctypeslib.as_array(self.native.token, shape=(limit,))
        self._position = numpy.ctypeslib.as_array(self.native.pos, shape=(limit,))
        self._logits = numpy.ctypeslib.as_array(self.native.logits, shape=(limit,))
        counts = numpy.ctypeslib.as_array(self.native.n_seq_id, shape=(limit,))
        counts[:] = 1

    def fill(self, entries: Sequence[Entry]) -> None:
        count = len(entries)
        self.native.n_tokens = count
        self._token[:count] = [entry.token for entry in entries]
        self._position[:count] = [entry.position for entry in entries]
        self._logits[:count] = [entry.wants_logits for entry in entries]
        sequences = self.native.seq_id
        for row, entry in enumerate(entries):
            sequences[row][0] = entry.sequence


class _Chain:
    """llama.cpp samplers in a row; frees them with itself."""

    def __init__(self, samplers: Sequence[Any]) -> None:
        self._native = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
        for sampler in samplers:
            llama_cpp.llama_sampler_chain_add(self._native, sampler)

    def choose(self, candidates: Candidates) -> int:
        array = _native_array(candidates)
        llama_cpp.llama_sampler_apply(self._native, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def accept(self, token: int) -> None:
        llama_cpp.llama_sampler_accept(self._native, token)

    def __del__(self) -> None:
        llama_cpp.llama_sampler_free(self._native)


class _Grammar:
    """llama.cpp's grammar sampler; frees it with itself."""

    def __init__(self, vocab: Any, source: str) -> None:
        if len(source) > _GRAMMAR_LIMIT_CHARACTERS:
            raise InvalidRequestError(f"a grammar of {len(source)} characters is too long", hint="Make it smaller.")
        _recent_log.clear()
        self._native = llama_cpp.llama_sampler_init_grammar(vocab, source.encode("utf-8"), b"root")
        if not self._native:
            raise InvalidRequestError(
                f"the grammar cannot be understood: {last_words()}",
                hint="It must be GBNF with a rule named `root` and no left recursion.",
            )

    def apply(self, candidates: Candidates) -> None:
        array = _native_array(candidates)
        llama_cpp.llama_sampler_apply(self._native, ctypes.byref(array))

    def accept(self, token: int) -> None:
        llama_cpp.llama_sampler_accept(self._native, token)

    def __del__(self) -> None:
        if getattr(self, "_native", None):
            llama_cpp.llama_sampler_free(self._native)


class _SchemaConverter(SchemaConverter):
    """llama-cpp-python's converter, mended where its grammars allow what is no JSON, or say another value."""

    def __init__(self) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # it has no types
            prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False
        )

    def _format_literal(self, literal: str) -> str:
        """Quote a JSON text for a grammar; the original leaves backslashes as they are, which changes values."""
        text = json.dumps(json.loads(literal), ensure_ascii=False)
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def _visit_pattern(self, pattern: str, name: str) -> str:
        """Make a rule of a regular expression; its text stands in a JSON string, so it must need no escaping."""
        if '"' in pattern or r"\\" in pattern:
            raise ValueError("a pattern with quotes or backslashes")
        plain = pattern.replace("[^", r'[^"\\\x00-\x1F')
        return str(super()._visit_pattern(plain, name))  # type: ignore[no-untyped-call]  # it has no types

    def _add_rule(self, name: str, rule: str) -> str:
        mended = _MENDED_RULES.get(rule, rule)
        return str(super()._add_rule(name, mended))  # type: ignore[no-untyped-call]  # it has no types


def schema_grammar(schema: dict[str, Any]) -> str:
    """Turn a JSON schema into a grammar by llama-cpp-python's converter.

    Raises:
        InvalidRequestError: the schema is none, or uses what a grammar cannot express.
    """
    try:
        converter: Any = _SchemaConverter()
        converter.visit(converter.resolve_refs(json.loads(msgspec.json.encode(schema)), "schema"), "")
        return str(converter.format_grammar())
    except (LookupError, ValueError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        raise InvalidRequestError(
            f"the JSON schema cannot be turned into a grammar: {error}",
            hint="Use type, properties, required, items, enum, const, anyOf and $ref within the schema.",
        ) from error


def quantize(source: Path, target: Path, quantization: str, threads: int) -> int:
    """Write a model anew in another quantization (`Q8_0`, `Q4_0` …); returns the new size in bytes.

    Raises:
        InvalidRequestError: llama.cpp knows no such quantization.
        ModelFileError: it cannot be written.
    """
    kind = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{quantization}", None)
    if kind is None:
        raise InvalidRequestError(f"there is no quantization {quantization!r}", hint="Try Q8_0 or Q4_0.")
    listen_to_log()
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.nthread = threads
    parameters.ftype = kind
    parameters.allow_requantize = True
    result = llama_cpp.llama_model_quantize(os.fsencode(source), os.fsencode(target), ctypes.byref(parameters))
    if result != 0:
        raise ModelFileError(f"{source.name} cannot be written as {quantization}: {last_words()}")
    return target.stat().st_size


def _chain(sampling: Sampling, vocabulary_size: int) -> _Chain | None:
    """Make the samplers in llama.cpp's usual order; `None` when greedy choice needs none."""
    penalized = sampling.repeat_penalty != 1.0 or sampling.frequency_penalty != 0.0 or sampling.presence_penalty != 0.0
    if sampling.temperature <= 0 and not penalized:
        return None
    samplers = []
    if penalized:
        samplers.append(
            llama_cpp.llama_sampler_init_penalties(
                vocabulary_size,
                _PENALTY_WINDOW,
                sampling.repeat_penalty,
                sampling.frequency_penalty,
                sampling.presence_penalty,
            )
        )
    if sampling.temperature <= 0:
        samplers.append(llama_cpp.llama_sampler_init_greedy())
        return _Chain(samplers)
    if sampling.top_k:
        samplers.append(llama_cpp.llama_sampler_init_top_k(sampling.top_k))
    if sampling.top_p < 1.0:
        samplers.append(llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1))
    if sampling.min_p > 0.0:
        samplers.append(llama_cpp.llama_sampler_init_min_p(sampling.min_p, 1))
    samplers.append(llama_cpp.llama_sampler_init_temp(sampling.temperature))
    seed = sampling.seed if sampling.seed is not None else int.from_bytes(os.urandom(4), "little") & 0x7FFFFFFF
    samplers.append(llama_cpp.llama_sampler_init_dist(seed))
    return _Chain(samplers)


def _native_array(candidates: Candidates) -> llama_cpp.llama_token_data_array:
    data = candidates.ctypes.data_as(llama_cpp.llama_token_data_p)
    return llama_cpp.llama_token_data_array(data=data, size=len(candidates), selected=-1, sorted=False)


def load_model(path: Path, gpu_layers: int, on_progress: Callable[[float], None]) -> Any:
    """Load a file; raises a ModelFileError if llama.cpp refuses it."""

    def progress(fraction: float, _: Any) -> bool:
        on_progress(fraction)
        return True

    callback = llama_cpp.llama_progress_callback(progress)

    parameters = llama_cpp.llama_model_default_params()
    parameters.n_gpu_layers = gpu_layers if gpu_layers >= 0 else 0x7FFFFFFF
    parameters.progress_callback = callback
    _recent_log.clear()
    model = llama_cpp.llama_model_load_from_file(os.fsencode(path), parameters)
    if not model:
        raise ModelFileError(
            f"{path.name} cannot be loaded: {last_words()}",
            hint="Is it a whole GGUF file? `andiron models verify` tells; `andiron models pull` gets it anew.",
        )
    return model


def _present(pointer: Any) -> Any:
    if not pointer:
        raise ModelFileError("the model has no vocabulary")
    return pointer


def last_words() -> str:
    """Say what llama.cpp complained of lately."""
    return "; ".join(list(_recent_log)[-3:]) or "llama.cpp gave no reason"
