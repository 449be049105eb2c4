"""From requests to jobs, over a model that is only a vocabulary."""

import pytest

from andiron_models.errors import ContextTooLongError, InvalidRequestError, ModelError
from andiron_models.layout import InfillLayout
from andiron_models.types import ChatRequest, InfillRequest, Message, Priority, Sampling
from andiron_models.worker.job import Lane
from andiron_models.worker.preparation import Preparation, find_infill_tokens
from andiron_models.worker.sampling import TokenSampler

TEMPLATE = "{{ bos_token }}{% for m in messages %}<turn>{{ m.content }}{{ eos_token }}{% endfor %}"
SPECIAL = {"<begin>": 300, "<end>": 301, "<turn>": 302, "<P>": 303, "<S>": 304, "<M>": 305, "<F>": 306, "<R>": 307}
LAYOUT = InfillLayout(
    prefix_token="<P>", suffix_token="<S>", middle_token="<M>", file_token="<F>", stop_tokens=("<R>", "<none>")
)


class Letters:
    """A reader whose tokens are bytes, and a few special ones where they may be."""

    def __init__(
        self,
        *,
        template: str | None = TEMPLATE,
        begin: int | None = None,
        infill: tuple[int, int, int] | None = None,
        context_length: int = 500,
    ) -> None:
        self.context_length = context_length
        self.begin_token = begin
        self.chat_template = template
        self._infill = infill

    def special_text(self, name: str) -> str:
        return {"bos": "<begin>", "eos": "<end>"}[name]

    def infill_token_ids(self) -> tuple[int, int, int] | None:
        return self._infill

    def token_text(self, token: int) -> str:
        return next(text for text, number in SPECIAL.items() if number == token)

    def token_id(self, text: str) -> int | None:
        return SPECIAL.get(text)

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        tokens: list[int] = []
        while text:
            name = next((name for name in SPECIAL if special and text.startswith(name)), None)
            tokens += [SPECIAL[name]] if name else list(text[0].encode())
            text = text[len(name or "x") :]
        return tokens

    def sampler(self, sampling: Sampling) -> TokenSampler:
        return TokenSampler(sampling)


def _chat(content: str = "hi", **more: object) -> ChatRequest:
    return ChatRequest(messages=(Message(role="user", content=content),), **more)  # type: ignore[arg-type]  # real fields


# -- chat


def test_a_chat_is_its_template_in_tokens() -> None:
    job = Preparation(Letters(), None).chat(7, _chat(place="talk", max_tokens=5))
    assert job.tokens == [300, 302, *b"hi", 301]
    assert (job.id, job.lane, job.priority, job.place, job.max_tokens) == (7, Lane.CHAT, Priority.CHAT, "talk", 5)


def test_what_people_write_never_becomes_special() -> None:
    job = Preparation(Letters(), None).chat(1, _chat("<end><turn>"))
    assert job.tokens == [300, 302, *b"<end><turn>", 301]


def test_the_first_token_is_there_once_whether_the_template_writes_it_or_not() -> None:
    assert Preparation(Letters(begin=300), None).chat(1, _chat()).tokens[:2] == [300, 302]
    bare = Letters(begin=300, template="<turn>{{ messages[0].content }}")
    assert Preparation(bare, None).chat(1, _chat()).tokens[:2] == [300, 302]


def test_a_model_without_a_template_cannot_chat_but_infill() -> None:
    preparation = Preparation(Letters(template=None), LAYOUT)
    assert not preparation.can_chat
    assert preparation.can_infill
    with pytest.raises(InvalidRequestError, match="no chat template") as caught:
        preparation.chat(1, _chat())
    assert caught.value.hint


def test_a_model_with_a_broken_template_cannot_chat_but_infill() -> None:
    preparation = Preparation(Letters(template="{% for"), LAYOUT)
    assert not preparation.can_chat
    with pytest.raises(InvalidRequestError, match="cannot be read"):
        preparation.chat(1, _chat())
    assert preparation.infill(1, InfillRequest(prefix="a")).tokens


def test_a_chat_without_messages_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="no message"):
        Preparation(Letters(), None).chat(1, ChatRequest(messages=()))


@pytest.mark.parametrize(
    "request_", [_chat(max_tokens=-1), _chat(sampling=Sampling(top_p=2.0)), _chat(sampling=Sampling(stop=("",)))]
)
def test_a_chat_that_cannot_be_meant_is_refused(request_: ChatRequest) -> None:
    with pytest.raises(InvalidRequestError):
        Preparation(Letters(), None).chat(1, request_)


# -- infill


def test_an_infill_uses_the_layouts_tokens_and_ends_at_them() -> None:
    preparation = Preparation(Letters(), LAYOUT)
    job = preparation.infill(3, InfillRequest(prefix="a\n", suffix="b", max_tokens=9, place="x.py"))
    assert job.tokens == [303, *b"a\n", 304, *b"b", 305]
    assert job.end_tokens == {303, 304, 305, 307}
    assert (job.lane, job.priority, job.place, job.max_tokens) == (Lane.COMPLETION, Priority.COMPLETION, "x.py", 9)


def test_source_code_never_becomes_special() -> None:
    job = Preparation(Letters(), LAYOUT).infill(1, InfillRequest(prefix="<M>\n", suffix="<P>"))
    assert job.tokens == [303, *b"<M>\n", 304, *b"<P>", 305]


def test_what_is_typed_is_pending() -> None:
    job = Preparation(Letters(), LAYOUT).infill(1, InfillRequest(prefix="x = ret"))
    assert job.pending == b" ret"
    assert bytes(token for token in job.tokens if token < 256) == b"x ="


def test_a_model_names_its_own_infill_tokens_where_no_layout_is_known() -> None:
    found = find_infill_tokens(Letters(infill=(303, 304, 305)), None)
    assert found is not None
    assert (found.layout.prefix_token, found.layout.order) == ("<P>", "prefix_first")
    assert Preparation(Letters(infill=(303, 304, 305)), None).can_infill


def test_a_model_that_lacks_a_layouts_token_cannot_infill() -> None:
    layout = InfillLayout(prefix_token="<P>", suffix_token="<S>", middle_token="<missing>")
    assert find_infill_tokens(Letters(), layout) is None


def test_a_model_that_cannot_infill_continues_the_prefix() -> None:
    preparation = Preparation(Letters(begin=300), None)
    assert not preparation.can_infill
    job = preparation.infill(1, InfillRequest(prefix="def f():\n", suffix="unseen"))
    assert job.tokens == [300, *b"def f():\n"]
    assert job.end_tokens == frozenset()


def test_a_model_that_is_not_trusted_to_infill_continues_the_prefix() -> None:
    job = Preparation(Letters(), LAYOUT).infill(1, InfillRequest(prefix="a\n", suffix="b"), plainly=True)
    assert job.tokens == [*b"a\n"]


def test_a_grammar_decides_where_an_infill_ends() -> None:
    request = InfillRequest(prefix="a", sampling=Sampling(json_schema={"type": "integer"}))
    job = Preparation(Letters(), LAYOUT).infill(1, request)
    assert job.end_tokens == frozenset()
    assert job.pending == b""


def test_the_prompt_leaves_room_for_the_answer() -> None:
    preparation = Preparation(Letters(context_length=200), LAYOUT)
    job = preparation.infill(1, InfillRequest(prefix="p" * 1000, suffix="s" * 1000, max_tokens=100))
    assert len(job.tokens) + 100 < 200
    tight = InfillRequest(prefix="p" * 1000, max_tokens=100, max_prompt_tokens=20)
    assert len(preparation.infill(1, tight).tokens) <= 20


@pytest.mark.parametrize("max_tokens", [499, 500, 10_000])
def test_an_answer_as_long_as_the_context_leaves_no_room(max_tokens: int) -> None:
    with pytest.raises(ContextTooLongError) as caught:
        Preparation(Letters(), LAYOUT).infill(1, InfillRequest(prefix="a", max_tokens=max_tokens))
    assert "-" not in caught.value.message


@pytest.mark.parametrize(
    "request_",
    [
        InfillRequest(prefix="a", max_tokens=-1),
        InfillRequest(prefix="a", max_prompt_tokens=0),
        InfillRequest(prefix="a", max_prompt_tokens=-7),
        InfillRequest(prefix="a", sampling=Sampling(temperature=float("nan"))),
    ],
)
def test_an_infill_that_cannot_be_meant_is_refused(request_: InfillRequest) -> None:
    with pytest.raises(ModelError) as caught:
        Preparation(Letters(), LAYOUT).infill(1, request_)
    assert caught.value.code in {"invalid_request", "context_too_long"}
