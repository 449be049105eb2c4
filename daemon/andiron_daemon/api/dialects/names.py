"""Which model a client means: ids as they are, Ollama's tags, `backend/model`, and words that stand for any."""

from typing import NamedTuple

from andiron_daemon.services import Services
from andiron_models.router import AUTO, LOCAL
from andiron_models.types import ModelInfo

LATEST = ":latest"
_ANY = frozenset(("", "andiron", "default", AUTO))


class Choice(NamedTuple):
    """What a request for the router carries; None leaves the choice to it."""

    backend: str | None = None
    model: str | None = None


def chosen(services: Services, name: str | None) -> Choice:
    """Read a model's name; whether there is such a model shows when it is asked."""
    plain = (name or "").strip().removesuffix(LATEST)
    if plain.lower() in _ANY:
        return Choice()
    backend, slash, model = plain.partition("/")
    if slash and backend in services.backends:
        return Choice(backend, model or None)
    return Choice(None, plain)


async def known_models(services: Services) -> list[tuple[str, ModelInfo]]:
    """List the models with the names by which they can be asked for, those that are asked without a name first.

    The cloud's are listed where the policy may ask it; who wants it otherwise has to name it.
    """
    policy = services.router.policy
    plain = (LOCAL,) if policy == AUTO else (policy,)
    models = [info for info in await services.router.models() if policy == AUTO or info.backend in (LOCAL, policy)]
    named = [(info.id if info.backend in plain else f"{info.backend}/{info.id}", info) for info in models]
    return sorted(named, key=lambda pair: (pair[1].backend not in plain, pair[1].state != "loaded"))
