"""One request's progress: healing, stops, counting."""

import numpy
import pytest

from andiron_models.types import Priority, Sampling, Truncated
from andiron_models.worker.infill import Prompt
from andiron_models.worker.job import Job, Lane, Step
from andiron_models.worker.sampling import Choice, TokenSampler
from andiron_models.worker.text import AnswerText
from andiron_models.worker.vocabulary import Vocabulary

PIECES = (b"", b"re", b"return", b"t", b"x", "é".encode()[:1], "é".encode()[1:])
END = 0


def _job(*, pending: bytes = b"", max_tokens: int | None = None, stops: tuple[str, ...] = ()) -> Job:
    return Job(
        job_id=1,
        lane=Lane.CHAT,
        priority=Priority.CHAT,
        prompt=Prompt(tokens=[1, 2, 3], pending=pending, truncated=Truncated(dropped_tokens=4, what="prefix")),
        max_tokens=max_tokens,
        sampler=TokenSampler(Sampling()),
        text=AnswerText(stops),
    )


def _take(job: Job, token: int) -> Step:
    return job.take(Choice(token), PIECES[token], token == END, PIECES.__getitem__)


def _favouring(token: int) -> numpy.typing.NDArray[numpy.float32]:
    logits = numpy.zeros(len(PIECES), dtype=numpy.float32)
    logits[token] = 1.0
    return logits


def test_a_token_is_shown_and_waits_to_be_evaluated() -> None:
    job = _job()
    assert _take(job, 4) == Step("x")
    assert job.next_token == 4
    assert job.is_generating


def test_only_tokens_that_agree_with_what_is_typed_are_chosen() -> None:
    job = _job(pending=b"ret")
    assert job.choose(_favouring(4), Vocabulary(PIECES)).token in {1, 2}
    assert _job(pending=b"ret").choose(_favouring(2), Vocabulary(PIECES)).token == 2


def test_what_is_typed_already_is_not_shown_again() -> None:
    job = _job(pending=b"ret")
    assert _take(job, 1) == Step("")
    assert job.pending == b"t"
    assert _take(job, 3) == Step("")
    assert job.pending == b""
    assert _take(job, 4) == Step("x")
    assert job.generated == 1


def test_a_token_that_goes_beyond_what_is_typed_shows_its_rest() -> None:
    job = _job(pending=b"ret")
    assert _take(job, 2) == Step("urn")
    assert job.generated == 1


def test_bytes_no_token_agrees_with_are_let_go() -> None:
    job = _job(pending=b"zz")
    assert job.choose(_favouring(4), Vocabulary(PIECES)).token == 4
    assert _take(job, 4) == Step("x")


def test_a_character_split_over_tokens_is_shown_once_it_is_whole() -> None:
    job = _job()
    assert _take(job, 5) == Step("")
    assert _take(job, 6) == Step("é")
    assert job.generated == 2


def test_the_last_token_allowed_ends_the_answer() -> None:
    job = _job(max_tokens=2)
    assert _take(job, 4).reason is None
    assert _take(job, 4) == Step("x", reason="length")


def test_an_end_token_is_not_counted_and_releases_what_was_held() -> None:
    job = _job(stops=("xt",))
    assert _take(job, 4) == Step("")
    assert _take(job, END) == Step("x", reason="stop")
    assert job.generated == 1


def test_a_stop_string_ends_the_answer() -> None:
    job = _job(stops=("xt",))
    _take(job, 4)
    assert _take(job, 3) == Step("", reason="stop")


def test_a_paused_job_evaluates_its_own_answer_as_prompt() -> None:
    job = _job()
    job.mark_started(0.0, 0)
    job.mark_prompt_done(1.0)
    _take(job, 4)
    job.pause([1, 2, 3])
    assert not job.is_generating
    assert job.tokens == [1, 2, 3, 4]
    assert job.usage().prompt_tokens == 3


def test_a_job_paused_in_its_prompt_has_the_same_prompt() -> None:
    job = _job()
    job.pause([1])
    assert job.tokens == [1, 2, 3]


def test_the_sum_tells_tokens_times_and_what_was_left_out() -> None:
    job = _job()
    job.mark_queued(10.0, 1)
    job.mark_started(10.5, 1)
    job.mark_evaluated(2)
    job.mark_prompt_done(11.0)
    _take(job, 4)
    finish = job.finish("stop", 13.0)
    usage, timings = finish.usage, finish.timings
    assert (usage.prompt_tokens, usage.prompt_tokens_cached, usage.prompt_tokens_evaluated) == (3, 1, 2)
    assert usage.completion_tokens == 1
    assert (timings.queue_ms, timings.prompt_ms, timings.generate_ms, timings.total_ms) == (500, 500, 2000, 3000)
    assert finish.truncated == Truncated(dropped_tokens=4, what="prefix")


@pytest.mark.parametrize("cached", [0, 2, 3])
def test_a_later_start_does_not_change_what_was_cached(cached: int) -> None:
    job = _job()
    job.mark_started(1.0, cached)
    job.mark_started(2.0, 1)
    assert job.usage().prompt_tokens_cached == cached


def test_names_of_tokens_come_with_their_probabilities() -> None:
    step = _job().take(Choice(4, -0.5, ((4, -0.5), (5, -1.5))), b"x", False, PIECES.__getitem__)
    (logprob,) = step.logprobs
    assert (logprob.token, logprob.logprob) == ("x", -0.5)
    assert logprob.top == (("x", -0.5), ("\ufffd", -1.5))
