import asyncio
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from andiron_models.configuration import Configuration, LocalConfiguration, OpenAIConfiguration
from andiron_models.errors import BackendUnavailableError
from andiron_models.registry import GROUP, create_backends
from andiron_models.router import Router
from andiron_models.types import ChatRequest, InfillRequest, Message
from andiron_testing.scripted import ScriptedBackend

CHAT = ChatRequest(messages=(Message(role="user", content="hi"),))
made: list[Configuration] = []


def create(configuration: Configuration) -> ScriptedBackend:
    made.append(configuration)
    return ScriptedBackend("attic", "dusty")


def configuration(folder: Path) -> Configuration:
    return Configuration(local=LocalConfiguration(models_folder=folder, cache_folder=folder))


def plugin(folder: Path, monkeypatch: pytest.MonkeyPatch, module: str, source: str) -> EntryPoint:
    """Write a stranger's module and point at its factory."""
    (folder / f"{module}.py").write_text(source)
    monkeypatch.syspath_prepend(str(folder))
    return EntryPoint("attic", f"{module}:create", GROUP)


def own(name: str = "attic") -> EntryPoint:
    return EntryPoint(name, f"{__name__}:create", GROUP)


@pytest.fixture(autouse=True)
def nothing_made() -> None:
    made.clear()


def test_the_built_in_backends_come_through_the_same_door(tmp_path: Path) -> None:
    assert {"local", "openai"} <= set(create_backends(configuration(tmp_path)))


def test_making_backends_imports_none_of_them() -> None:
    program = (
        "import sys, pathlib\n"
        "from andiron_models.registry import create_backends\n"
        "from andiron_models.configuration import Configuration, LocalConfiguration\n"
        "here = pathlib.Path('.')\n"
        "create_backends(Configuration(local=LocalConfiguration(models_folder=here, cache_folder=here)))\n"
        "import andiron_models.openai\n"
        "print([name for name in ('openai', 'keyring', 'llama_cpp', 'httpx2') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_a_plugin_is_made_when_it_is_first_asked_and_only_once(tmp_path: Path) -> None:
    backends = create_backends(configuration(tmp_path), [own()])
    assert made == []
    router = Router(backends, "attic")
    answers = await asyncio.gather(*(read(router) for _ in range(3)))
    assert answers == ["You said: hi"] * 3
    assert made == [configuration(tmp_path)]
    assert [info.id for info in await router.models()] == ["dusty"]
    assert [status.state for status in await router.status()] == ["ready"]
    assert {delta.backend async for delta in router.infill(InfillRequest(prefix="a"))} == {"attic"}
    await router.aclose()


async def read(router: Router) -> str:
    return "".join([delta.text async for delta in router.chat(CHAT)])


BROKEN = [
    ("does_not_parse", "def create(:\n", "SyntaxError"),
    (
        "misses_a_module",
        "import no_such_module_anywhere\n",
        "ModuleNotFoundError: No module named 'no_such_module_anywhere'",
    ),
    ("has_no_factory", "x = 1\n", "AttributeError"),
    ("raises_at_import", "raise RuntimeError('out of coal')\n", "RuntimeError: out of coal"),
    ("raises_when_made", "def create(configuration):\n    raise KeyError('FLUE')\n", "KeyError: 'FLUE'"),
    ("is_no_backend", "def create(configuration):\n    return 'smoke'\n", "no models, chat, infill"),
    (
        "cannot_forget",
        "from andiron_testing.scripted import ScriptedBackend\n"
        "class Elephant(ScriptedBackend):\n    forget = None\n"
        "def create(configuration):\n    return Elephant('attic')\n",
        "it has no forget",
    ),
    (
        "says_what_it_lacks",
        "from andiron_models.errors import NotConfiguredError\n"
        "def create(configuration):\n    raise NotConfiguredError('no address', hint='Set FLUE_URL.')\n",
        "no address",
    ),
    (
        "has_another_name",
        "from andiron_testing.scripted import ScriptedBackend\n"
        "def create(configuration):\n    return ScriptedBackend('cellar')\n",
        "registered as 'attic' but calls itself 'cellar'",
    ),
]


@pytest.mark.parametrize(("module", "source", "reason"), BROKEN, ids=[row[0] for row in BROKEN])
async def test_a_broken_plugin_fails_alone_and_says_why(
    module: str, source: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backends = create_backends(configuration(tmp_path), [plugin(tmp_path, monkeypatch, module, source)])
    router = Router(backends | {"local": ScriptedBackend("local")})
    status, other = await router.status()
    assert (status.name, status.state, other.state) == ("attic", "failed", "ready")
    assert status.detail is not None
    assert reason in status.detail
    assert status.hint
    for deltas in (router.chat(CHAT, "attic"), router.infill(InfillRequest(prefix="a"), "attic")):
        with pytest.raises(BackendUnavailableError) as caught:
            await anext(deltas)
        assert reason in caught.value.message
    assert [info.backend for info in await router.models()] == ["local"]
    assert await read(router) == "You said: hi"
    await router.aclose()


async def test_a_backend_says_itself_what_it_needs(tmp_path: Path) -> None:
    bad = Configuration(local=configuration(tmp_path).local, openai=OpenAIConfiguration(base_url="ftp://example"))
    status = await create_backends(bad)["openai"].status()
    assert status.state == "failed"
    assert status.detail is not None
    assert "'ftp://example' is not an http or https address" in status.detail
    assert status.hint is not None
    assert "OPENAI_BASE_URL" in status.hint


def test_the_name_auto_is_reserved(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert create_backends(configuration(tmp_path), [own("auto")]) == {}
    assert "the name is reserved" in caplog.text


def test_a_stranger_cannot_take_a_built_in_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    built_in = EntryPoint("openai", "andiron_models.openai:create", GROUP)
    for order in ([own("openai"), built_in], [built_in, own("openai")]):
        backends = create_backends(configuration(tmp_path), order)
        assert asyncio.run(backends["openai"].status()).state != "failed"
    assert "the name is taken" in caplog.text


async def test_closing_an_unused_backend_loads_nothing(tmp_path: Path) -> None:
    backend = create_backends(configuration(tmp_path), [own()])["attic"]
    await backend.aclose()
    assert made == []
    with pytest.raises(BackendUnavailableError, match="closed"):
        await anext(backend.chat(CHAT))
