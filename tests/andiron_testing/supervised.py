"""A supervisor over fake workers, and what is asked of it."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from andiron_models.local import wire
from andiron_models.local.supervisor import Supervisor
from andiron_models.types import ChatRequest, Message
from andiron_testing.fake_worker import FakeLaunch, load_message

QUESTION = ChatRequest(messages=(Message(role="user", content="hi"),))


def supervise(
    launch: FakeLaunch, *, idle_seconds: float = 0.0, load: Callable[[], wire.Load] = load_message
) -> Supervisor:
    """Make a supervisor; it keeps its worker for ever unless told otherwise."""
    return Supervisor("tiny", load, idle_seconds=idle_seconds, launch=launch)


def ask(supervisor: Supervisor) -> AsyncGenerator[wire.FromWorker, None]:
    """Ask a question."""
    return supervisor.run(lambda request_id: wire.Chat(id=request_id, request=QUESTION))


async def answer(supervisor: Supervisor) -> str:
    """Ask a question and read the whole answer."""
    pieces = [message.text async for message in ask(supervisor) if isinstance(message, wire.Piece)]
    return "".join(pieces)


def answering(*texts: str, loads_at_once: bool = True) -> FakeLaunch:
    """Make a launch whose workers answer every question with these texts."""
    launch = FakeLaunch(loads_at_once=loads_at_once)
    launch.answers = texts
    return launch


def now() -> float:
    """Say the loop's time."""
    return asyncio.get_running_loop().time()
