"""Going another way where what was written first is of no use."""

from collections.abc import AsyncGenerator, Sequence

import pytest

from andiron_daemon.completion.fork import other_way
from andiron_daemon.completion.plan import make_plan
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.run import Outcome, Run
from andiron_daemon.completion.types import CompletionInput
from andiron_models.types import Delta, Finish, InfillRequest, Timings, TokenLogprob, Usage

Tokens = Sequence[tuple[str, str, float]]
CERTAIN = -9.0
ONE_TOKEN = Usage(completion_tokens=1)
PREFIX = "def f(a):\n"


def told(tokens: Tokens) -> tuple[TokenLogprob, ...]:
    """Tell of tokens: each with the likeliest other one, and how likely that was."""
    return tuple(
        TokenLogprob(token=token, logprob=-0.1, top=((token, -0.1), (other, logprob)))
        for token, other, logprob in tokens
    )


@pytest.mark.parametrize(
    ("written", "tokens", "expected"),
    [
        ("    return b", [("    ", "", -3.0), ("return", "if", -1.0), (" b", " a", -2.0)], "    if"),
        ("    return b", [("    ", "", -3.0), ("return", "if", -2.0), (" b", " a", -1.0)], "    return a"),
        ("turn b", [("return", "raise", -0.5), (" b", " a", -1.0)], "turn a"),
        ("return b", [("return", "if", CERTAIN), (" b", " a", CERTAIN)], None),
        ("b\nc", [("b", "d", -2.0), ("\n", " +", -3.0), ("c", "e", -1.0)], "d"),
        ("b\n\n", [("b", "c", CERTAIN), ("\n\n", "\n", -0.7)], None),
        ("b()\n", [("b", "c", CERTAIN), ("()\n", "()", -0.7)], None),
        ("", [], None),
    ],
)
def test_the_likeliest_other_token_of_the_first_line_is_taken(
    written: str, tokens: Tokens, expected: str | None
) -> None:
    assert other_way(written, told(tokens), -4.0) == expected


async def run(
    replies: list[Tokens], *, suffix: str, policy: CompletionPolicy | None = None
) -> tuple[Outcome, list[str]]:
    """Have a place completed by a model that writes so; return the outcome, and the prefix of each request."""
    policy = policy or CompletionPolicy()
    asked_for: list[str] = []

    async def ask(request: InfillRequest) -> AsyncGenerator[Delta, None]:
        asked_for.append(request.prefix)
        for token in told(replies[len(asked_for) - 1]):
            yield Delta(
                backend="local", model="m", text=token.token, logprobs=(token,), usage=Usage(completion_tokens=1)
            )
        yield Delta(
            backend="local",
            model="m",
            finish=Finish(reason="stop", usage=ONE_TOKEN, timings=Timings()),
        )

    plan = await make_plan(CompletionInput(prefix=PREFIX, suffix=suffix, language="python"), policy)
    outcome = await Run(plan, InfillRequest(prefix=PREFIX, suffix=suffix), ask, policy).task
    return outcome, asked_for


SAYS_THE_SUFFIX: Tokens = [("    return", "    a", -2.0), (" a\n", " b\n", CERTAIN)]


async def test_what_stands_behind_the_cursor_already_is_written_another_way() -> None:
    outcome, asked_for = await run([SAYS_THE_SUFFIX, [(" += 1\n", " ", CERTAIN)]], suffix="    return a\n")
    assert [suggestion.text for suggestion in outcome.suggestions] == ["    a += 1\n"]
    assert outcome.reason is None
    assert asked_for == [PREFIX, PREFIX + "    a"]
    assert outcome.finish.usage.completion_tokens == 2


async def test_what_breaks_the_file_is_written_another_way() -> None:
    breaks: Tokens = [("    else", "    a", -2.0), (":\n", ":", CERTAIN)]
    outcome, _ = await run([breaks, [(" += 1\n", " ", CERTAIN)]], suffix="    return a\n")
    assert [suggestion.text for suggestion in outcome.suggestions] == ["    a += 1\n"]


async def test_the_first_outcome_stays_where_the_other_way_is_no_better() -> None:
    first: Tokens = [("    return", "    ret", -2.0), (" a\n", " b\n", CERTAIN)]
    outcome, asked_for = await run([first, [("urn a\n", " ", CERTAIN)]], suffix="    return a\n")
    assert (outcome.suggestions, outcome.reason, len(asked_for)) == ((), "duplicates_suffix", 2)


@pytest.mark.parametrize(
    ("tokens", "policy"),
    [
        (SAYS_THE_SUFFIX, CompletionPolicy(second_way=False)),
        ([("    return", "    a", CERTAIN), (" a\n", " b\n", CERTAIN)], CompletionPolicy()),
    ],
)
async def test_without_another_way_nothing_more_is_asked(tokens: Tokens, policy: CompletionPolicy) -> None:
    outcome, asked_for = await run([tokens], suffix="    return a\n", policy=policy)
    assert (outcome.reason, len(asked_for)) == ("duplicates_suffix", 1)


async def test_what_is_of_use_is_not_written_twice() -> None:
    outcome, asked_for = await run([[("    a", "    b", -1.0), (" += 1\n", " ", -1.0)]], suffix="    return a\n")
    assert [suggestion.text for suggestion in outcome.suggestions] == ["    a += 1\n"]
    assert len(asked_for) == 1
