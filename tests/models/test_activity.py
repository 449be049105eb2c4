"""What a router notes of its work, and what it may be told while it works."""

import contextlib

import pytest

from andiron_models.activity import LastAnswer
from andiron_models.errors import BackendUnavailableError, InvalidRequestError, ModelError
from andiron_models.router import Router
from andiron_models.types import ChatRequest, InfillRequest, Message
from andiron_testing.scripted import ScriptedBackend

CHAT = ChatRequest(messages=(Message(role="user", content="hello"),))
GAP = InfillRequest(prefix="a", suffix="b")


def a_router(policy: str = "local") -> tuple[Router, ScriptedBackend, ScriptedBackend]:
    local, cloud = ScriptedBackend("local", "a", more_models=("b",)), ScriptedBackend("openai", "c")
    return Router({"local": local, "openai": cloud}, policy), local, cloud


async def ask(router: Router, request: ChatRequest | InfillRequest = CHAT) -> str:
    """Ask, and return which model answered."""
    deltas = router.chat(request) if isinstance(request, ChatRequest) else router.infill(request)
    async with contextlib.aclosing(deltas):
        return [delta.model async for delta in deltas][-1]


async def test_a_request_is_counted_while_it_runs_and_no_longer() -> None:
    router, _, _ = a_router()
    seen: list[int] = []
    router.activity.listener = lambda: seen.append(router.activity.running)
    await ask(router)
    assert seen == [1, 0]


async def test_one_that_is_given_up_is_not_counted_any_more() -> None:
    router, local, _ = a_router()
    local.hold()
    deltas = router.chat(CHAT)
    await anext(deltas)
    assert router.activity.running == 1
    await deltas.aclose()
    assert router.activity.running == 0
    assert router.activity.last is None


async def test_the_last_answer_names_who_gave_it_and_its_speed_once_that_can_be_told() -> None:
    router, local, _ = a_router()
    local.enqueue("one two three four five", "one")
    await ask(router)
    last = router.activity.last
    assert last is not None
    assert (last.backend, last.model) == ("local", "a")
    assert last.tokens_per_second is not None
    await ask(router)
    assert router.activity.last == last, "one token says nothing of the speed"


async def test_another_model_has_no_speed_of_the_one_before() -> None:
    router, local, _ = a_router()
    local.enqueue("one two three four five", "one")
    await ask(router)
    await router.choose_local_model("chat", "b")
    await ask(router)
    assert router.activity.last == LastAnswer(backend="local", model="b")


async def test_what_a_backend_complains_of_is_heard_also_when_another_answers() -> None:
    router, _, cloud = a_router("auto")
    heard: list[ModelError] = []
    router.activity.complainant = heard.append
    error = BackendUnavailableError("no network")
    cloud.enqueue(error)
    await ask(router)
    assert heard == [error]


async def test_another_policy_holds_from_the_next_request_on() -> None:
    router, local, cloud = a_router()
    router.choose_policy("openai")
    await ask(router)
    assert (router.policy, len(local.requests), len(cloud.requests)) == ("openai", 0, 1)


async def test_a_policy_that_names_nobody_changes_nothing() -> None:
    router, _, _ = a_router()
    with pytest.raises(InvalidRequestError, match="nobody"):
        router.choose_policy("nobody")
    assert router.policy == "local"


async def test_each_verb_has_a_local_model_which_a_request_may_overrule() -> None:
    router, _, _ = a_router()
    await router.choose_local_model("infill", "b")
    overruled = InfillRequest(prefix="a", suffix="b", model="a")
    assert [await ask(router, GAP), await ask(router, overruled), await ask(router)] == ["b", "a", "a"]
    router.choose_policy("openai")
    assert await ask(router, GAP) == "c"
    router.choose_policy("local")
    await router.choose_local_model("infill", None)
    assert await ask(router, GAP) == "a"
