"""The whole way to an environment, with a pip that plays a part."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from andiron_installer.bootstrap.console import Console
from andiron_installer.bootstrap.environment import Environment
from andiron_installer.bootstrap.failures import InstallError, NoCompilerError, NoNetworkError, NoSpaceError, SetupError
from andiron_installer.bootstrap.plan import Wish
from andiron_installer.bootstrap.preparation import PipProgress, failure, prepare
from andiron_installer.bootstrap.source import Source
from andiron_testing.fake_pip import (
    BUILT,
    NOT_CACHED,
    NOT_OFFERED,
    OFFERED,
    REACHED,
    REACHED_AIOHTTP,
    WHEEL,
    FakePip,
)

UNREACHABLE = {
    "words": ["index", "versions"],
    "code": 1,
    "say": "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<object at 0x7f>: "
    "Failed to establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/\n"
    "ERROR: No matching distribution found for llama-cpp-python",
}
FROM_SOURCE = ({"words": ["--no-index"], "code": 1}, NOT_OFFERED, REACHED, REACHED_AIOHTTP, NOT_CACHED)
WISH = Wish(with_model=False)


def run(environment: Environment, source: Source, wish: Wish = WISH) -> tuple[bool, str]:
    stream = io.StringIO()
    changed = prepare(environment, source, wish, Console(stream, live=False))
    return changed, stream.getvalue()


@pytest.fixture(autouse=True)
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A compiler that is content with everything."""
    file = tmp_path / "c++"
    file.write_text("#!/bin/sh\nexit 0\n")
    file.chmod(0o755)
    monkeypatch.setenv("CXX", str(file))
    return file


def test_the_engine_is_built_where_no_wheel_is_offered(
    environment: Environment, source: Source, fake_pip: FakePip
) -> None:
    fake_pip.follow(*FROM_SOURCE, BUILT)
    changed, said = run(environment, source)
    assert changed
    assert "to be built from source" in said
    assert "0.3.36, built" in said
    assert [wheel.name for wheel in environment.wheels.iterdir()] == [WHEEL]
    (installation,) = fake_pip.asked("--editable")
    assert str(environment.wheels) in installation
    assert environment.state(environment.wanted("one", ())) == "ready"


def test_a_prebuilt_wheel_needs_no_compiler(
    environment: Environment, source: Source, fake_pip: FakePip, compiler: Path
) -> None:
    compiler.unlink()
    fake_pip.follow({"words": ["--no-index"], "code": 1}, OFFERED)
    _, said = run(environment, source)
    assert "a prebuilt wheel is offered" in said
    assert fake_pip.asked("--wheel-dir") == []


def test_a_second_run_does_nothing_and_asks_no_one(environment: Environment, source: Source, fake_pip: FakePip) -> None:
    fake_pip.follow(OFFERED, REACHED_AIOHTTP)
    run(environment, source)
    before = fake_pip.asked("pip")
    changed, said = run(environment, source)
    assert not changed
    assert "in place" in said
    assert fake_pip.asked("pip") == before


def test_without_a_compiler_nothing_long_begins(
    environment: Environment, source: Source, fake_pip: FakePip, compiler: Path
) -> None:
    compiler.unlink()
    fake_pip.follow(*FROM_SOURCE, BUILT)
    with pytest.raises(NoCompilerError):
        run(environment, source)
    assert fake_pip.asked("--wheel-dir") == fake_pip.asked("--editable") == []


def test_without_a_network_nothing_long_begins_and_the_reason_is_pips(
    environment: Environment, source: Source, fake_pip: FakePip
) -> None:
    fake_pip.follow(NOT_OFFERED, UNREACHABLE)
    with pytest.raises(NoNetworkError, match=r"Temporary failure in name resolution$") as caught:
        run(environment, source)
    assert caught.value.exit_code == 13
    assert fake_pip.asked("--editable") == []


def test_an_environment_left_half_made_is_made_anew_from_the_wheel_that_was_kept(
    environment: Environment, source: Source, fake_pip: FakePip
) -> None:
    fake_pip.follow(*FROM_SOURCE, BUILT, {"words": ["--editable"], "code": 1, "say": "ERROR: it broke"})
    with pytest.raises(InstallError, match="it broke"):
        run(environment, source)
    assert environment.state(environment.wanted("one", ())) == "unfinished"
    kept = {"words": ["--find-links", "--no-index"], "code": 0}
    fake_pip.follow(kept, *FROM_SOURCE)
    _, said = run(environment, source)
    assert "was left unfinished" in said
    assert "built here before" in said
    assert len(fake_pip.asked("--wheel-dir")) == 1
    assert environment.state(environment.wanted("one", ())) == "ready"


def test_what_pip_fetched_for_tests_stays_when_the_requirements_change(
    environment: Environment, source: Source, fake_pip: FakePip, make_environment: Callable[..., None]
) -> None:
    make_environment("test")
    newer = Source(source.folder, "0.2.0", source.requirements, "two")
    fake_pip.follow({"words": ["--no-index"], "code": 0}, REACHED_AIOHTTP)
    _, said = run(environment, newer)
    assert "to be brought up to date" in said
    (installation,) = fake_pip.asked("--editable")
    assert any(argument.endswith("[test]") for argument in installation)
    assert environment.state(environment.wanted("two", ["test"])) == "ready"


def test_an_update_that_cannot_begin_leaves_the_environment_as_it_was(
    environment: Environment, source: Source, fake_pip: FakePip, make_environment: Callable[..., None]
) -> None:
    make_environment()
    fake_pip.follow({"words": ["--no-index"], "code": 0}, UNREACHABLE)
    newer = Source(source.folder, "0.2.0", source.requirements, "two")
    with pytest.raises(NoNetworkError):
        run(environment, newer)
    assert environment.state(environment.wanted("one", ())) == "ready"


def test_an_engine_that_does_not_load_is_not_declared_whole(
    environment: Environment, source: Source, fake_pip: FakePip
) -> None:
    broken = {"words": ["import llama_cpp"], "code": 132, "say": "Illegal instruction"}
    fake_pip.follow(*FROM_SOURCE, BUILT, broken)
    with pytest.raises(InstallError, match="Illegal instruction"):
        run(environment, source)
    assert environment.stamp() is None
    assert not environment.wheels.exists()


class ImpatientConsole(Console):
    """A person who presses Ctrl-C at a certain word."""

    def __init__(self, word: str) -> None:
        super().__init__(io.StringIO(), live=True)
        self._word = word

    def rewrite(self, text: str) -> None:
        if self._word in text:
            raise KeyboardInterrupt


@pytest.mark.parametrize("word", ["making it", "asking the package index", "50 %", "installing 3 packages"])
def test_ctrl_c_anywhere_is_mended_by_the_next_run(
    word: str, environment: Environment, source: Source, fake_pip: FakePip
) -> None:
    installed = {"words": ["--editable"], "say": "Installing collected packages: a, b, c"}
    fake_pip.follow(*FROM_SOURCE, BUILT, installed)
    with pytest.raises(KeyboardInterrupt):
        prepare(environment, source, WISH, ImpatientConsole(word))
    assert environment.state(environment.wanted("one", ())) in ("missing", "unfinished")
    assert not environment.temporary.exists() or list(environment.temporary.iterdir()) == []
    changed, _ = run(environment, source)
    assert changed
    assert environment.state(environment.wanted("one", ())) == "ready"
    assert [wheel.name for wheel in environment.wheels.iterdir()] == [WHEEL]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Collecting aiohttp>=3.11 (from andiron==0.1.0)", "fetching aiohttp"),
        ("  Building wheel for llama-cpp-python (pyproject.toml): started", "building llama-cpp-python"),
        ("  [45/180] Building CXX object ggml.cpp.o", "building llama.cpp, 25 %"),
        ("  [ 45%] Building CXX object ggml.cpp.o", "building llama.cpp, 45 %"),
        ("Installing collected packages: a, b, c", "installing 3 packages"),
        (None, "starting"),
        ("something else", "starting"),
    ],
)
def test_what_pip_says_becomes_a_few_words(line: str | None, words: str) -> None:
    assert PipProgress().tell(line) == words


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("OSError: [Errno 28] No space left on device", NoSpaceError),
        ("NewConnectionError: Failed to establish a new connection", NoNetworkError),
        ("  ninja: error: build stopped", InstallError),
        ("", InstallError),
    ],
)
def test_a_failed_pip_is_told_by_its_kind(said: str, kind: type[SetupError]) -> None:
    error = failure("the engine", [said], Path("install.log"))
    assert type(error) is kind
    assert "install.log" in error.hint
