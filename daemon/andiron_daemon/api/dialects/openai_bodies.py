"""The bodies of OpenAI's API that are read and written here; fields it has besides are ignored."""

from typing import Annotated, Any, Literal

import msgspec

from andiron_daemon.api.dialects.llamacpp_timings import LlamaTimings
from andiron_models.types import Truncated

TokenId = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
FinishWord = Literal["stop", "length", "tool_calls"]


class ImageUrl(msgspec.Struct, frozen=True, kw_only=True):
    """Where an image is."""

    url: str


class ContentPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a message."""

    type: str
    text: str | None = None
    image_url: ImageUrl | str | None = None


class FunctionCall(msgspec.Struct, frozen=True, kw_only=True):
    """A function, and its arguments as JSON text."""

    name: str = ""
    arguments: str = ""


class CallPart(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a tool."""

    id: str
    function: FunctionCall
    type: Literal["function"] = "function"


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A turn; `developer` is `system` by another name."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[ContentPart] | None = None
    tool_calls: list[CallPart] | None = None
    tool_call_id: str | None = None


class FunctionSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A function that may be called."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class ToolSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A tool; only functions are known."""

    function: FunctionSpec
    type: Literal["function"] = "function"


class NamedFunction(msgspec.Struct, frozen=True, kw_only=True):
    """The function to call."""

    name: str


class NamedTool(msgspec.Struct, frozen=True, kw_only=True):
    """The tool to call."""

    function: NamedFunction


class SchemaSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON schema by name."""

    name: str = "answer"
    schema: dict[str, Any] | None = None


class ResponseFormat(msgspec.Struct, frozen=True, kw_only=True):
    """What form the answer is to have; llama.cpp's `schema` beside `json_object` works too."""

    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: SchemaSpec | None = None
    schema: dict[str, Any] | None = None


class StreamOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream tells besides."""

    include_usage: bool = False


class SamplingFields(msgspec.Struct, frozen=True, kw_only=True):
    """How tokens are chosen: OpenAI's fields, and llama.cpp's own."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repeat_penalty: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    logit_bias: dict[TokenId, float] | list[Any] | None = None
    grammar: str | None = None
    json_schema: dict[str, Any] | None = None


class ChatCompletionBody(SamplingFields, frozen=True, kw_only=True):
    """A conversation, whole; it is kept nowhere."""

    messages: list[ChatMessage]
    model: str | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n_predict: int | None = None
    n: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: list[ToolSpec] | None = None
    tool_choice: str | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None


class PromptDetails(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the prompt had been evaluated before."""

    cached_tokens: int = 0


class UsageInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens counted."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptDetails = PromptDetails()


class TopLogprob(msgspec.Struct, frozen=True, kw_only=True):
    """A token that was likely."""

    token: str
    logprob: float
    bytes: list[int]


class ContentLogprob(TopLogprob, frozen=True, kw_only=True):
    """A token that was chosen, and likely others."""

    top_logprobs: list[TopLogprob]


class ChoiceLogprobs(msgspec.Struct, frozen=True, kw_only=True):
    """Log probabilities of an answer's tokens."""

    content: list[ContentLogprob]


class AnswerMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The assistant's turn."""

    content: str | None
    role: Literal["assistant"] = "assistant"
    refusal: None = None
    tool_calls: list[CallPart] | msgspec.UnsetType = msgspec.UNSET


class ChatChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One of the answers."""

    index: int
    message: AnswerMessage
    finish_reason: FinishWord
    logprobs: ChoiceLogprobs | None = None


class CallDelta(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a tool in a stream."""

    index: int
    id: str
    function: FunctionCall
    type: Literal["function"] = "function"


class ChatDelta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is new."""

    role: Literal["assistant"] | None = None
    content: str | None = None
    tool_calls: list[CallDelta] | None = None


class ChunkChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What is new of one of the answers."""

    index: int
    delta: ChatDelta
    finish_reason: FinishWord | None = None
    logprobs: ChoiceLogprobs | None = None


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    object: str
    created: int
    model: str
    backend: str | None = None
    timings: LlamaTimings | msgspec.UnsetType = msgspec.UNSET
    truncated: Truncated | msgspec.UnsetType = msgspec.UNSET


class ChatCompletion(_Answer, frozen=True, kw_only=True):
    """The answers; `backend`, `timings` and `truncated` are ours."""

    choices: list[ChatChoice]
    usage: UsageInfo


class ChatChunk(_Answer, frozen=True, kw_only=True):
    """A piece of a stream; the last one has the usage, where that was asked for, and no choices."""

    choices: list[ChunkChoice]
    usage: UsageInfo | msgspec.UnsetType | None = msgspec.UNSET


class ModelMeta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What llama.cpp's clients look for in a model."""

    n_ctx: int | None = None
    n_ctx_train: int | None = None
    size: int | None = None


class OpenAIModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that can be asked."""

    id: str
    owned_by: str
    created: int
    meta: ModelMeta
    object: Literal["model"] = "model"


class OpenAIModels(msgspec.Struct, frozen=True, kw_only=True):
    """The models that can be asked."""

    data: list[OpenAIModel]
    object: Literal["list"] = "list"


class EmbeddingBody(msgspec.Struct, frozen=True, kw_only=True):
    """Texts to embed, or tokens of them."""

    input: str | list[str | TokenId | list[TokenId]]
    model: str | None = None
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None


class Embedding(msgspec.Struct, frozen=True, kw_only=True):
    """A text's vector, or its little-endian 32-bit floats in base64."""

    index: int
    embedding: list[float] | str
    object: Literal["embedding"] = "embedding"


class EmbeddingUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens counted."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(msgspec.Struct, frozen=True, kw_only=True):
    """The vectors."""

    data: list[Embedding]
    model: str
    usage: EmbeddingUsage
    object: Literal["list"] = "list"
