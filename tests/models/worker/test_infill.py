"""From a gap to a prompt: order, budget, healing."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from andiron_models.errors import ContextTooLongError
from andiron_models.layout import InfillLayout, InfillOrder
from andiron_models.types import ExtraFile, InfillRequest, Sampling
from andiron_models.worker.infill import PENDING_LIMIT, InfillTokens, Prompt, continue_plainly, healing_cut, lay_out

PRE, SUF, MID, FILE, BOS = 1001, 1002, 1003, 1004, 1005
PLENTY = 10_000


def _tokens(
    order: InfillOrder = "anchored", *, heals: bool = False, file: bool = True, bos: bool = False
) -> InfillTokens:
    layout = InfillLayout(prefix_token="<P>", suffix_token="<S>", middle_token="<M>", order=order, heals=heals)
    return InfillTokens(
        layout=layout, prefix=PRE, suffix=SUF, middle=MID, file=FILE if file else None, begin=BOS if bos else None
    )


def _bytes(text: str) -> list[int]:
    """Tokenize as if each byte were a token."""
    return list(text.encode(errors="replace"))


def _shown(prompt: Prompt) -> str:
    names = {PRE: "<P>", SUF: "<S>", MID: "<M>", FILE: "<F>", BOS: "<B>"}
    return "".join(names.get(token) or chr(token) for token in prompt.tokens)


def _gap(prefix: str, suffix: str = "", **more: object) -> InfillRequest:
    return InfillRequest(prefix=prefix, suffix=suffix, **more)  # type: ignore[arg-type]  # the tests name real fields


@pytest.mark.parametrize(
    ("order", "shown"),
    [
        ("anchored", "<P><S>after<M>before"),
        ("prefix_first", "<P>before<S>after<M>"),
        ("suffix_first", "<S>after<P>before<M>"),
    ],
)
def test_each_order_is_laid_out_as_it_says(order: InfillOrder, shown: str) -> None:
    prompt = lay_out(_gap("before", "after"), _tokens(order), _bytes, PLENTY)
    assert _shown(prompt) == shown
    assert prompt.truncated is None
    assert prompt.pending == b""


def test_the_token_every_text_begins_with_comes_first() -> None:
    assert _shown(lay_out(_gap("a", "b"), _tokens(bos=True), _bytes, PLENTY)) == "<B><P><S>b<M>a"


def test_an_empty_gap_is_a_prompt_too() -> None:
    assert _shown(lay_out(_gap(""), _tokens(), _bytes, PLENTY)) == "<P><S><M>"


def test_source_code_that_names_the_tokens_stays_source_code() -> None:
    prompt = lay_out(_gap("x = '<M>' # <P>", "'<S>'"), _tokens(), _bytes, PLENTY)
    assert [token for token in prompt.tokens if token > 1000] == [PRE, SUF, MID]


def test_other_files_stand_before_the_gap_the_newest_nearest_each_under_its_path() -> None:
    extra = (ExtraFile(path="old.py", content="1"), ExtraFile(path="new.py", content="2\n"))
    prompt = lay_out(_gap("a", "b", extra=extra, path="me.py"), _tokens(), _bytes, PLENTY)
    assert _shown(prompt) == "<F>old.py\n1\n<F>new.py\n2\n<F>me.py\n<P><S>b<M>a"


def test_other_files_that_do_not_fit_are_left_out_the_oldest_first() -> None:
    extra = tuple(ExtraFile(path=f"{number}.py", content="x" * 30) for number in range(5))
    prompt = lay_out(_gap("a" * 20, "b" * 20, extra=extra, path="me.py"), _tokens(), _bytes, 140)
    assert _shown(prompt).count("x" * 30) == 2
    assert "3.py" in _shown(prompt)
    assert "4.py" in _shown(prompt)
    assert len(prompt.tokens) <= 140
    assert prompt.truncated is not None
    assert prompt.truncated.what == "context"
    assert prompt.truncated.dropped_tokens == 3 * len("F1.py\n" + "x" * 30 + "\n")


def test_without_room_for_any_other_file_there_is_no_header_either() -> None:
    extra = (ExtraFile(path="big.py", content="x" * 500),)
    assert _shown(lay_out(_gap("a", "b", extra=extra), _tokens(), _bytes, 100)) == "<P><S>b<M>a"


def test_a_model_without_a_token_for_files_says_that_they_were_left_out() -> None:
    extra = (ExtraFile(path="other.py", content="x" * 30),)
    prompt = lay_out(_gap("a", "b", extra=extra), _tokens(file=False), _bytes, PLENTY)
    assert _shown(prompt) == "<P><S>b<M>a"
    assert prompt.truncated is not None
    assert (prompt.truncated.what, prompt.truncated.dropped_tokens) == ("context", 30)


def test_what_is_far_from_the_gap_is_cut_first() -> None:
    prefix, suffix = "".join(f"p{n:03}" for n in range(100)), "".join(f"s{n:03}" for n in range(100))
    prompt = lay_out(_gap(prefix, suffix), _tokens("prefix_first"), _bytes, 203)
    shown = _shown(prompt)
    assert len(prompt.tokens) <= 203
    before, after = shown.removeprefix("<P>").removesuffix("<M>").split("<S>")
    assert prefix.endswith(before)
    assert suffix.startswith(after)
    assert len(after) == 50
    assert prompt.truncated is not None
    assert prompt.truncated.what == "suffix, prefix"
    assert prompt.truncated.dropped_tokens == 800 - len(before) - len(after)


def test_a_short_prefix_leaves_its_room_to_the_suffix() -> None:
    prompt = lay_out(_gap("def f(", "y" * 1000), _tokens(), _bytes, 203)
    assert _shown(prompt).count("y") > 170
    assert prompt.truncated is not None
    assert prompt.truncated.what == "suffix"


def test_what_fits_exactly_is_not_cut() -> None:
    prompt = lay_out(_gap("a" * 150, "b" * 50), _tokens(), _bytes, 203)
    assert len(prompt.tokens) == 203
    assert prompt.truncated is None


@pytest.mark.parametrize("before", [20, 80, 149, 151, 400, 1000])
@pytest.mark.parametrize("after", [0, 30, 60, 1000])
@pytest.mark.parametrize("order", ["anchored", "prefix_first"])
def test_typing_on_seldom_moves_a_cut(before: int, after: int, order: InfillOrder) -> None:
    prefix, suffix = "p" * before, "s" * after
    moves = 0
    last = lay_out(_gap(prefix, suffix), _tokens(order), _bytes, 203).truncated
    for _ in range(60):
        prefix += "x"
        cut = lay_out(_gap(prefix, suffix), _tokens(order), _bytes, 203).truncated
        moves += cut != last
        last = cut
    assert moves <= 60 // 12 + 1


@given(
    some.integers(0, 400),
    some.integers(0, 400),
    some.lists(some.integers(0, 80), max_size=4),
    some.integers(8, 300),
    some.booleans(),
)
def test_a_prompt_is_never_over_its_limit(before: int, after: int, extra: list[int], limit: int, bos: bool) -> None:
    files = tuple(ExtraFile(path=f"{n}.py", content="x" * size) for n, size in enumerate(extra))
    prompt = lay_out(_gap("p" * before, "s" * after, extra=files), _tokens(bos=bos), _bytes, limit)
    assert len(prompt.tokens) <= limit


@pytest.mark.parametrize("limit", [-5, 0, 3, 6])
def test_no_room_at_all_is_refused(limit: int) -> None:
    with pytest.raises(ContextTooLongError) as caught:
        lay_out(_gap("a", "b"), _tokens(), _bytes, limit)
    assert caught.value.hint
    with pytest.raises(ContextTooLongError):
        continue_plainly(_gap("a"), None, _bytes, limit - 3)


# -- continuing plainly


def test_a_model_that_cannot_infill_continues_the_prefix() -> None:
    prompt = continue_plainly(_gap("x = 1\nret", "unseen"), BOS, _bytes, PLENTY)
    assert _shown(prompt) == "<B>x = 1\n"
    assert prompt.pending == b"ret"
    assert prompt.truncated is None


def test_a_long_prefix_is_cut_at_its_beginning_in_steps() -> None:
    prompt = continue_plainly(_gap("p" * 300 + "\n"), None, _bytes, 100)
    assert len(prompt.tokens) <= 100
    assert prompt.truncated is not None
    assert prompt.truncated.what == "prefix"
    assert prompt.truncated.dropped_tokens == 301 - len(prompt.tokens)


def test_nothing_before_the_gap_is_continued_as_an_empty_line() -> None:
    assert _shown(continue_plainly(_gap(""), None, _bytes, PLENTY)) == "\n"
    assert _shown(continue_plainly(_gap("ret"), None, _bytes, PLENTY)) == "\n"


# -- healing


@pytest.mark.parametrize(
    ("prefix", "pending"),
    [
        ("", ""),
        ("retu", "retu"),
        ("    retu", " retu"),
        ("x = foo_ba", " foo_ba"),
        ("x.foo", "foo"),
        ("x.", "."),
        ("f(", "("),
        ("f(a, ", " "),
        ("x == ", " "),
        ("x ==", " =="),
        ("if x:", ":"),
        ("if x:\n", ""),
        ("if x:\r\n", ""),
        ("if x:\n    ", "    "),
        ("if x:\n\t", "\t"),
        ("if x:\n\t  ", "\t  "),
        ("if x:\n\tret", "ret"),
        ("a  b", " b"),
        ("naïve", "naïve"),
        ("日本", "日本"),
        ("e\u0301", "e\u0301"),
        ("x2", "x2"),
        ("🙂", "🙂"),
        ("🙂a", "a"),
        ("# ----", " ----"),
        ("x" * 100, "x" * PENDING_LIMIT),
        ("-" * 100, "-" * PENDING_LIMIT),
        (" " * 100, " " * PENDING_LIMIT),
    ],
)
def test_what_is_being_typed_is_healed(prefix: str, pending: str) -> None:
    assert prefix[healing_cut(prefix) :] == pending


@given(some.text())
def test_healing_takes_nothing_away(prefix: str) -> None:
    cut = healing_cut(prefix)
    assert 0 <= len(prefix) - cut <= PENDING_LIMIT + 1
    assert not set(prefix[cut:]) & {"\n", "\r"}


def test_what_is_healed_is_not_in_the_prompt_but_pending() -> None:
    prompt = lay_out(_gap("def f():\n    retu", ""), _tokens(heals=True), _bytes, PLENTY)
    assert _shown(prompt) == "<P><S><M>def f():\n   "
    assert prompt.pending == b" retu"


def test_half_a_surrogate_pair_is_no_reason_to_fail() -> None:
    prompt = lay_out(_gap("a \ud83d", "\udc00 b"), _tokens(heals=True), _bytes, PLENTY)
    assert prompt.pending == b" ?"


@pytest.mark.parametrize("sampling", [Sampling(grammar='root ::= "x"'), Sampling(json_schema={"type": "integer"})])
def test_a_grammar_describes_the_answer_and_is_not_healed_into(sampling: Sampling) -> None:
    request = _gap("answer: tr", sampling=sampling)
    assert _shown(lay_out(request, _tokens(heals=True), _bytes, PLENTY)) == "<P><S><M>answer: tr"
    assert _shown(continue_plainly(request, None, _bytes, PLENTY)) == "answer: tr"
