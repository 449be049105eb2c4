from collections.abc import Callable
from pathlib import Path

import pytest

from andiron_installer.bootstrap.environment import Environment, Stamp, State
from andiron_installer.bootstrap.failures import AlreadyRunningError
from andiron_installer.bootstrap.lock import only_installer
from andiron_installer.bootstrap.source import find_source, read_source


def test_what_is_not_there_is_missing(environment: Environment) -> None:
    assert environment.state(environment.wanted("one", ())) == "missing"


def test_an_environment_without_a_stamp_was_left_unfinished(
    environment: Environment, make_environment: Callable[..., None]
) -> None:
    make_environment()
    environment.unstamp()
    assert environment.state(environment.wanted("one", ())) == "unfinished"


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"python": 1}', '{"extras": null}', "\0"])
def test_a_broken_stamp_counts_as_none(
    content: str, environment: Environment, make_environment: Callable[..., None]
) -> None:
    make_environment()
    environment.stamp_file.write_text(content)
    assert environment.state(environment.wanted("one", ())) == "unfinished"


def test_an_environment_as_wanted_is_ready(environment: Environment, make_environment: Callable[..., None]) -> None:
    make_environment()
    assert environment.state(environment.wanted("one", ())) == "ready"


def test_more_extras_than_wanted_are_no_reason_to_change_anything(
    environment: Environment, make_environment: Callable[..., None]
) -> None:
    make_environment("test", "tray")
    assert environment.state(environment.wanted("one", ["tray"])) == "ready"


def test_other_requirements_or_more_extras_make_it_outdated(
    environment: Environment, make_environment: Callable[..., None]
) -> None:
    make_environment()
    assert environment.state(environment.wanted("two", ())) == "outdated"
    assert environment.state(environment.wanted("one", ["test"])) == "outdated"


@pytest.mark.parametrize("field", ["python", "platform", "folder"])
def test_another_python_machine_or_folder_makes_it_foreign(
    field: str, environment: Environment, make_environment: Callable[..., None]
) -> None:
    make_environment()
    fields = {**environment.wanted("one", ()).__dict__, field: "another"}
    assert environment.state(Stamp(**fields)) == "foreign"


def test_an_environment_whose_python_is_gone_is_foreign(
    environment: Environment, make_environment: Callable[..., None]
) -> None:
    make_environment()
    environment.python.unlink()
    assert environment.state(environment.wanted("one", ())) == "foreign"


def test_a_stamp_is_read_as_it_was_written(environment: Environment, make_environment: Callable[..., None]) -> None:
    make_environment("test")
    assert environment.stamp() == environment.wanted("one", ["test"])


def test_making_an_environment_removes_what_was_left_of_another(
    environment: Environment, make_environment: Callable[..., None]
) -> None:
    make_environment()
    (environment.folder / "half-written").write_text("")
    environment.make()
    assert not (environment.folder / "half-written").exists()
    assert environment.stamp() is None


def test_every_state_can_be_told() -> None:
    from typing import get_args

    from andiron_installer.bootstrap.environment import EXPLANATIONS

    assert set(EXPLANATIONS) == set(get_args(State))


def test_only_one_installer_works_at_a_time(tmp_path: Path) -> None:
    lock_file = tmp_path / "deep" / "lock"
    with only_installer(lock_file), pytest.raises(AlreadyRunningError) as caught, only_installer(lock_file):
        pass
    assert caught.value.exit_code == 16
    with only_installer(lock_file):
        pass


def test_the_checkout_names_its_engine_and_something_else() -> None:
    source = find_source()
    assert source.engine_requirement.startswith("llama-cpp-python")
    assert source.first_requirement == "aiohttp"


def test_only_what_must_be_installed_changes_the_digest(tmp_path: Path) -> None:
    def digest(dependency: str, line_length: int) -> str:
        text = f'[project]\nname = "a"\nversion = "1"\ndependencies = ["{dependency}"]\n'
        (tmp_path / "pyproject.toml").write_text(f"{text}[tool.ruff]\nline-length = {line_length}\n")
        return read_source(tmp_path).digest

    assert digest("a>=1", 100) == digest("a>=1", 120)
    assert digest("a>=1", 100) != digest("a>=2", 100)
