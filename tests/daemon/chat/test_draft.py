from andiron_daemon.chat.draft import Draft
from andiron_models.types import Delta, Finish, Timings, Usage


def a_delta(text: str, completion_tokens: int | None = None) -> Delta:
    usage = Usage(prompt_tokens=9, completion_tokens=completion_tokens) if completion_tokens is not None else None
    return Delta(backend="local", model="a", text=text, usage=usage)


def test_an_answer_that_was_cancelled_keeps_what_it_cost_so_far() -> None:
    draft = Draft(conversation_id="c", message_id="m")
    for delta in (a_delta("so ", 1), a_delta("far", 2), a_delta("")):
        draft.add(delta)
    draft.is_cancelled = True
    record = draft.record()
    assert (record.content, record.finish_reason, record.error) == ("so far", "cancelled", None)
    assert record.usage == Usage(prompt_tokens=9, completion_tokens=2)


def test_the_last_count_is_the_one_that_holds() -> None:
    draft = Draft(conversation_id="c", message_id="m")
    draft.add(a_delta("all", 1))
    whole = Usage(prompt_tokens=9, completion_tokens=3)
    draft.add(Delta(backend="local", model="a", finish=Finish(reason="stop", usage=whole, timings=Timings())))
    assert draft.record().usage == whole
