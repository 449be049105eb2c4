import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping

import pytest

from andiron_models.errors import (
    BackendUnavailableError,
    ContextTooLongError,
    DeadlineError,
    InvalidRequestError,
    ModelError,
    ModelNotFoundError,
    NotConfiguredError,
    RateLimitedError,
)
from andiron_models.router import LONGEST_REST_SECONDS, REST_SECONDS, Router
from andiron_models.types import BackendState, ChatRequest, Delta, Finish, InfillRequest, Message, ModelInfo
from andiron_testing.capable import CapableBackend
from andiron_testing.scripted import ScriptedBackend

INFILL = InfillRequest(prefix="a", suffix="b")


def a_chat(model: str | None = None) -> ChatRequest:
    return ChatRequest(messages=(Message(role="user", content="hello"),), model=model)


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class House:
    """A router with a local, a cloud and a plug-in backend."""

    def __init__(self, policy: str = "auto", cloud_state: BackendState = "ready") -> None:
        self.local = ScriptedBackend("local", "small")
        self.cloud = ScriptedBackend("openai", "large", state=cloud_state)
        self.plugin = ScriptedBackend("attic", "dusty", more_models=("shared",))
        self.clock = Clock()
        self.router = Router(
            {"local": self.local, "openai": self.cloud, "attic": self.plugin}, policy, clock=self.clock
        )


async def answered(deltas: AsyncGenerator[Delta, None]) -> tuple[str, str, Finish]:
    """Read a stream; it must be in one backend's name throughout and end with its only finish."""
    read = [delta async for delta in deltas]
    assert len({(delta.backend, delta.model) for delta in read}) == 1
    assert [delta.finish for delta in read[:-1]] == [None] * (len(read) - 1)
    finish = read[-1].finish
    assert finish is not None
    return read[0].backend, "".join(delta.text for delta in read), finish


@pytest.mark.parametrize(
    ("policy", "cloud_state", "asked", "chat", "infill"),
    [
        ("local", "ready", None, "local", "local"),
        ("local", "ready", "openai", "openai", "openai"),
        ("local", "ready", "attic", "attic", "attic"),
        ("local", "ready", "auto", "openai", "local"),
        ("local", "unconfigured", "auto", "local", "local"),
        ("openai", "ready", None, "openai", "openai"),
        ("openai", "ready", "local", "local", "local"),
        ("attic", "ready", None, "attic", "attic"),
        ("auto", "ready", None, "openai", "local"),
        ("auto", "idle", None, "openai", "local"),
        ("auto", "unreachable", None, "openai", "local"),
        ("auto", "unconfigured", None, "local", "local"),
        ("auto", "failed", None, "local", "local"),
        ("auto", "ready", "local", "local", "local"),
    ],
)
async def test_who_answers(policy: str, cloud_state: BackendState, asked: str | None, chat: str, infill: str) -> None:
    house = House(policy, cloud_state)
    backend, text, finish = await answered(house.router.chat(a_chat(), asked))
    assert (backend, text, finish.fallback) == (chat, "You said: hello", None)
    backend, _, finish = await answered(house.router.infill(INFILL, asked))
    assert (backend, finish.fallback) == (infill, None)


@pytest.mark.parametrize(
    ("model", "chat", "infill"),
    [("small", "local", "local"), ("large", "openai", "openai"), ("dusty", "attic", "attic")],
)
async def test_a_model_named_under_auto_chooses_the_backend_that_has_it(model: str, chat: str, infill: str) -> None:
    house = House()
    assert (await answered(house.router.chat(a_chat(model))))[0] == chat
    assert (await answered(house.router.infill(InfillRequest(prefix="a", model=model))))[0] == infill


@pytest.mark.parametrize("policy", ["auto", "local", "openai", "attic"])
async def test_an_unknown_model_is_never_answered_by_another(policy: str) -> None:
    with pytest.raises(ModelNotFoundError, match="'giant'") as caught:
        await answered(House(policy).router.chat(a_chat("giant")))
    assert caught.value.hint


async def test_a_model_of_the_cloud_does_not_leave_the_policy_local() -> None:
    house = House("local")
    with pytest.raises(ModelNotFoundError):
        await answered(house.router.chat(a_chat("large")))
    assert house.cloud.requests == []


async def test_a_model_of_two_plugins_needs_a_name() -> None:
    backends = {name: ScriptedBackend(name, "twin") for name in ("one", "two")}
    router = Router(backends, "auto")
    with pytest.raises(InvalidRequestError) as caught:
        await answered(router.chat(a_chat("twin")))
    assert caught.value.hint == "Name one as backend: one, two."


async def test_an_unknown_backend_is_an_error_that_names_the_known() -> None:
    with pytest.raises(InvalidRequestError, match="'cellar'") as caught:
        await answered(House().router.chat(a_chat(), "cellar"))
    assert caught.value.hint == "The backends are: auto, local, openai, attic."


def test_an_unknown_policy_stops_the_start() -> None:
    with pytest.raises(InvalidRequestError, match="'cellar'"):
        Router({"local": ScriptedBackend("local")}, "cellar")


async def test_auto_without_a_local_backend_says_so() -> None:
    with pytest.raises(InvalidRequestError, match="'local'"):
        await answered(Router({}, "auto").infill(INFILL))


UNREACHABLE = [
    BackendUnavailableError("no route"),
    NotConfiguredError("the key is refused"),
    DeadlineError("too slow"),
    RateLimitedError("slow down", details={"retry_after_seconds": 5.0}),
]


@pytest.mark.parametrize("error", UNREACHABLE, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("where", ["before the first delta", "before the first text"])
async def test_auto_falls_back_to_local_and_says_so(
    error: ModelError, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    house = House()
    house.cloud.enqueue(error if where == "before the first delta" else [error])
    with caplog.at_level(logging.WARNING):
        backend, text, finish = await answered(house.router.chat(a_chat()))
    assert (backend, text) == ("local", "You said: hello")
    assert finish.fallback is not None
    assert (finish.fallback.from_backend, finish.fallback.code) == ("openai", error.code)
    assert finish.fallback.message == error.message
    assert error.message in caplog.text


@pytest.mark.parametrize("error", UNREACHABLE, ids=lambda error: type(error).__name__)
async def test_nothing_falls_back_once_text_was_sent(error: ModelError) -> None:
    house = House()
    house.cloud.enqueue(["some ", error])
    read = []
    with pytest.raises(ModelError) as caught:
        read.extend([delta async for delta in house.router.chat(a_chat())])
    assert caught.value is error
    assert house.local.requests == []


@pytest.mark.parametrize("error", [InvalidRequestError("bad"), ContextTooLongError("long"), ModelError("broken")])
async def test_a_request_that_cannot_be_meant_does_not_fall_back(error: ModelError) -> None:
    house = House()
    house.cloud.enqueue(error)
    with pytest.raises(type(error)):
        await answered(house.router.chat(a_chat()))
    assert house.local.requests == []


@pytest.mark.parametrize(("policy", "asked"), [("openai", None), ("local", "openai"), ("auto", "openai")])
async def test_an_explicit_choice_is_never_replaced(policy: str, asked: str | None) -> None:
    house = House(policy)
    house.cloud.enqueue(BackendUnavailableError("no route"))
    with pytest.raises(BackendUnavailableError, match="no route"):
        await answered(house.router.chat(a_chat(), asked))
    assert house.local.requests == []


async def test_a_named_model_falls_back_only_to_a_backend_that_has_it() -> None:
    house = House()
    house.cloud.enqueue(BackendUnavailableError("no route"))
    with pytest.raises(BackendUnavailableError):
        await answered(house.router.chat(a_chat("large")))
    local = ScriptedBackend("local", "small", more_models=("large",))
    router = Router({"local": local, "openai": house.cloud}, "auto")
    house.cloud.enqueue(BackendUnavailableError("no route"))
    backend, _, finish = await answered(router.chat(a_chat("large")))
    assert backend == "local"
    assert finish.fallback is not None


async def test_the_cloud_is_left_alone_for_a_while_after_a_failure() -> None:
    house = House()
    house.cloud.enqueue(BackendUnavailableError("no route"))
    await answered(house.router.chat(a_chat()))
    house.clock.now += REST_SECONDS - 1
    backend, _, finish = await answered(house.router.chat(a_chat()))
    assert backend == "local"
    assert finish.fallback is not None
    assert finish.fallback.message == "no route"
    assert len(house.cloud.requests) == 1
    house.clock.now += 1
    assert (await answered(house.router.chat(a_chat())))[0] == "openai"


async def test_the_cloud_rests_as_long_as_it_asked_to() -> None:
    house = House()
    house.cloud.enqueue(RateLimitedError("slow down", details={"retry_after_seconds": 90.0}))
    await answered(house.router.chat(a_chat()))
    house.clock.now += 89
    assert (await answered(house.router.chat(a_chat())))[0] == "local"
    house.clock.now += 1
    assert (await answered(house.router.chat(a_chat())))[0] == "openai"


async def test_the_cloud_rests_for_ten_minutes_at_most_whatever_it_asks_for() -> None:
    house = House()
    house.cloud.enqueue(RateLimitedError("come back tomorrow", details={"retry_after_seconds": 86_400.0}))
    await answered(house.router.chat(a_chat()))
    house.clock.now += LONGEST_REST_SECONDS
    assert (await answered(house.router.chat(a_chat())))[0] == "openai"


async def test_a_cloud_that_turns_out_to_lack_its_key_is_no_fallback() -> None:
    class Keyless(ScriptedBackend):
        def chat(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
            self.state = "unconfigured"
            return super().chat(request)

    cloud = Keyless("openai", "large", state="idle")
    cloud.enqueue(NotConfiguredError("no key"))
    router = Router({"local": ScriptedBackend("local", "small"), "openai": cloud}, "auto")
    backend, _, finish = await answered(router.chat(a_chat()))
    assert (backend, finish.fallback) == ("local", None)


async def test_when_both_fail_the_error_tells_of_both() -> None:
    house = House()
    house.cloud.enqueue(DeadlineError("too slow"))
    house.local.enqueue(BackendUnavailableError("no model"))
    with pytest.raises(BackendUnavailableError, match="no model") as caught:
        await answered(house.router.chat(a_chat()))
    assert caught.value.details["fallback"] == {"from_backend": "openai", "code": "timeout", "message": "too slow"}


@pytest.mark.parametrize("asked", ["openai", "auto"])
async def test_closing_the_routed_stream_cancels_the_backend(asked: str) -> None:
    house = House()
    house.cloud.enqueue(["some ", asyncio.Event()])
    async with contextlib.aclosing(house.router.chat(a_chat(), asked)) as deltas:
        while not (await anext(deltas)).text:
            pass
    await house.cloud.was_cancelled()
    assert house.local.requests == []


async def test_cancelling_while_nothing_was_said_does_not_fall_back() -> None:
    house = House()
    house.cloud.hold()
    reading = asyncio.create_task(answered(house.router.chat(a_chat())))
    await house.cloud.arrived()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert (house.cloud.cancelled, house.local.requests) == (1, [])


async def test_models_and_status_tell_of_every_backend() -> None:
    house = House()
    assert [info.id for info in await house.router.models()] == ["small", "large", "dusty", "shared"]
    assert [status.name for status in await house.router.status()] == ["local", "openai", "attic"]


async def test_a_model_that_only_fills_gaps_is_none_a_chat_is_made_to_fit() -> None:
    class Filler(ScriptedBackend):
        async def models(self) -> tuple[ModelInfo, ...]:
            return (*await super().models(), ModelInfo(id="filler", backend="local", can_chat=False))

    router = Router({"local": Filler("local", "small")})
    assert [info.id for info in await router.chat_models()] == ["small"]


async def test_only_what_stays_on_this_machine_is_reached_past_what_stands_before_it() -> None:
    class Guarded(ScriptedBackend):
        async def opened(self) -> CapableBackend:
            return CapableBackend(self.name)

    router = Router({"local": Guarded("local"), "attic": Guarded("attic")})
    assert isinstance(await router.continuer(), CapableBackend)
    with pytest.raises(InvalidRequestError, match="the backend attic cannot continue a text"):
        await router.continuer(backend="attic")


async def test_a_backend_that_cannot_list_its_models_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    class Mute(ScriptedBackend):
        async def models(self) -> tuple[()]:
            raise BackendUnavailableError("lost the list")

    router = Router({"mute": Mute("mute"), "local": ScriptedBackend("local", "small")})
    assert [info.id for info in await router.models()] == ["small"]
    assert "mute cannot list its models: lost the list" in caplog.text


async def test_closing_the_router_closes_every_backend_even_when_one_fails() -> None:
    class Stuck(ScriptedBackend):
        async def aclose(self) -> None:
            raise BackendUnavailableError("stuck")

    local = ScriptedBackend("local")
    backends: Mapping[str, ScriptedBackend] = {"local": local, "stuck": Stuck("stuck")}
    with pytest.raises(BackendUnavailableError, match="stuck"):
        await Router(backends).aclose()
    assert local.closed


async def read_all(deltas: AsyncIterator[Delta]) -> list[Delta]:
    return [delta async for delta in deltas]


async def test_answers_stream_on_while_others_wait() -> None:
    house = House("local")
    gate = asyncio.Event()
    house.local.enqueue(["slow ", gate, "end"], "quick")
    slow = asyncio.create_task(read_all(house.router.chat(a_chat())))
    await house.local.arrived()
    assert (await answered(house.router.chat(a_chat())))[1] == "quick"
    gate.set()
    assert "".join(delta.text for delta in await slow) == "slow end"
