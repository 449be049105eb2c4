"""A scripted backend that can also do what only some backends can: continue text, show tokens, embed."""

from collections.abc import AsyncGenerator

from andiron_models.errors import ContextTooLongError, InvalidRequestError
from andiron_models.types import ChatRequest, Delta, Embeddings, EmbedRequest, Message, TextRequest, Token
from andiron_testing.scripted import ScriptedBackend

_LONGEST_TEXT = 1000


class CapableBackend(ScriptedBackend):
    """Continue texts by the replies enqueued, cut text into characters, and embed it as its length and its a's.

    `texts` keeps what was to be continued; each is also asked as a chat of that one message.
    """

    def __init__(self, name: str = "scripted", model: str = "scripted-1") -> None:
        super().__init__(name, model)
        self.texts: list[TextRequest] = []

    def continue_text(self, request: TextRequest) -> AsyncGenerator[Delta, None]:
        """Answer with the next reply."""
        self.texts.append(request)
        return self.chat(
            ChatRequest(
                messages=(Message(role="user", content=request.prompt),),
                model=request.model,
                max_tokens=request.max_tokens,
                sampling=request.sampling,
            )
        )

    async def tokenize(self, text: str, *, model: str | None, special: bool, begin: bool) -> tuple[Token, ...]:
        """Make a token of each character, 0 of the beginning."""
        first = (Token(id=0, piece="<begin>"),) if begin else ()
        return (*first, *(Token(id=ord(sign), piece=sign) for sign in text))

    async def detokenize(self, tokens: tuple[int, ...], *, model: str | None) -> str:
        """Put characters together."""
        if any(token < 0 for token in tokens):
            raise InvalidRequestError(f"{min(tokens)} is no token of this model", details={"field": "tokens"})
        return "".join(map(chr, tokens))

    async def apply_template(self, request: ChatRequest) -> str:
        """Write each turn on a line, behind the tools."""
        tools = [f"tool: {tool.name}" for tool in request.tools]
        return "\n".join([*tools, *(f"{message.role}: {message.content}" for message in request.messages)])

    async def embed(self, request: EmbedRequest) -> Embeddings:
        """Embed as two numbers."""
        if not request.cuts and any(len(text) > _LONGEST_TEXT for text in request.texts):
            raise ContextTooLongError("a text is too long to be embedded")
        vectors = tuple((float(len(text)), float(text.count("a"))) for text in request.texts)
        model = request.model or self.model
        return Embeddings(backend=self.name, model=model, vectors=vectors, prompt_tokens=len(request.texts))
