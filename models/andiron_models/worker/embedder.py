"""llama.cpp for vectors: a model in a context of its own kind, which evaluates a text whole and keeps nothing of it."""

import ctypes
from pathlib import Path
from typing import Any

import numpy
from llama_cpp import llama_cpp
from numpy.typing import NDArray

from andiron_models.errors import ContextTooLongError, ModelError, ModelFileError
from andiron_models.worker.engine import last_words, listen_to_log, load_model

_LONGEST_TEXT_TOKENS = 2048
_NO_POOLING = 0
_MEAN_POOLING = 1


class Embedder:
    """A loaded model that embeds; `close` frees it. One thread uses it."""

    def __init__(self, path: Path, *, context_length: int, threads: int, gpu_layers: int) -> None:
        """Load the model.

        Raises:
            ModelFileError: llama.cpp refuses the file, or cannot make a context for it.
        """
        listen_to_log()
        llama_cpp.llama_backend_init()
        self._path = path
        self._threads = threads
        self._model = load_model(path, gpu_layers, lambda _: None)
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self.trained_context_length = int(llama_cpp.llama_model_n_ctx_train(self._model))
        self.context_length = min(self.trained_context_length, context_length, _LONGEST_TEXT_TOKENS)
        self._width = int(llama_cpp.llama_model_n_embd(self._model))
        self._context = self._make_context()
        if llama_cpp.llama_pooling_type(self._context) == _NO_POOLING:
            # A model that was made to generate has no way of its own; the mean over its tokens serves.
            llama_cpp.llama_free(self._context)
            self._context = self._make_context(_MEAN_POOLING)
        self._batch = llama_cpp.llama_batch_init(self.context_length, 0, 1)

    @property
    def size_bytes(self) -> int:
        """Bytes of all tensors."""
        return int(llama_cpp.llama_model_size(self._model))

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return int(llama_cpp.llama_model_n_params(self._model))

    def embed(self, text: str, *, cuts: bool) -> tuple[tuple[float, ...], int]:
        """Give a text's vector, of length 1, and how many tokens it has.

        Raises:
            ContextTooLongError: it is longer than the context, and not to be cut.
        """
        tokens = self._tokenize(text)
        if len(tokens) > self.context_length:
            if not cuts:
                raise ContextTooLongError(
                    f"a text of {len(tokens)} tokens is longer than the {self.context_length} that can be embedded",
                    hint="Cut it into parts.",
                    details={"prompt_tokens": len(tokens), "context_length": self.context_length},
                )
            tokens = tokens[: self.context_length]
        self._evaluate(tokens)
        pointer = llama_cpp.llama_get_embeddings_seq(self._context, 0)
        if not pointer:
            raise ModelError(f"{self._path.name} gives no vector for a text")
        vector = numpy.ctypeslib.as_array(pointer, shape=(self._width,)).astype(numpy.float64)
        length = float(numpy.linalg.norm(vector))
        return tuple((vector / (length or 1.0)).tolist()), len(tokens)

    def close(self) -> None:
        """Free the context and the model."""
        if self._context:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_free(self._context)
            llama_cpp.llama_model_free(self._model)
            self._context = None

    def _make_context(self, pooling: int | None = None) -> Any:
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = self.context_length
        parameters.n_threads = parameters.n_threads_batch = self._threads
        parameters.embeddings = True
        if pooling is not None:
            parameters.pooling_type = pooling
        context = llama_cpp.llama_init_from_model(self._model, parameters)
        if not context:
            llama_cpp.llama_model_free(self._model)
            raise ModelFileError(f"{self._path.name} cannot embed: {last_words()}", hint="Choose another model.")
        return context

    def _tokenize(self, text: str) -> list[int]:
        data = text.encode("utf-8", errors="replace")
        room = len(data) + 16
        buffer: NDArray[numpy.int32] = numpy.empty(room, dtype=numpy.int32)
        pointer = buffer.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token))
        count = llama_cpp.llama_tokenize(self._vocab, data, len(data), pointer, room, True, False)
        return [int(token) for token in buffer[: max(0, count)]] or [int(llama_cpp.llama_vocab_eos(self._vocab))]

    def _evaluate(self, tokens: list[int]) -> None:
        memory = llama_cpp.llama_get_memory(self._context)
        if memory:
            llama_cpp.llama_memory_clear(memory, True)
        self._batch.n_tokens = len(tokens)
        for row, token in enumerate(tokens):
            self._batch.token[row] = token
            self._batch.pos[row] = row
            self._batch.n_seq_id[row] = 1
            self._batch.seq_id[row][0] = 0
            self._batch.logits[row] = True
        evaluate = llama_cpp.llama_decode if memory else llama_cpp.llama_encode
        result = evaluate(self._context, self._batch)
        if result != 0:
            raise ModelError(f"a text of {len(tokens)} tokens could not be embedded: llama.cpp returned {result}")
