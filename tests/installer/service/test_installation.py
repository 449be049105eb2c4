"""What an installation makes, and that a removal removes that and nothing else."""

from pathlib import Path

import pytest

from andiron_daemon.paths import Paths
from andiron_installer.service import installation
from andiron_installer.service.description import Description
from andiron_installer.service.errors import ChangedFileError, ServiceError, ToolError
from andiron_installer.service.launchd import Launchd
from andiron_installer.service.plan import Plan
from andiron_installer.service.systemd import Systemd
from andiron_testing.fake_tool import FakeTools


@pytest.fixture
def plan(description: Description, tools: FakeTools) -> Plan:
    return Systemd(252).plan(description, autostart=True)


def everything_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() or path.is_dir()}


def silent(_: str) -> None:
    pass


def test_a_removal_leaves_the_home_as_it_was(plan: Plan, paths: Paths, person: Path) -> None:
    (person / ".config").mkdir()
    (person / ".config" / "other").write_text("someone's", encoding="utf-8")
    before = everything_below(person)
    record = installation.install(plan, paths)
    assert plan.files[0].path.read_bytes() == plan.files[0].content
    removal = installation.uninstall(record, paths, told=silent)
    assert removal.removed == (plan.files[0].path,)
    assert everything_below(person) == before
    assert installation.record_of(paths) is None


def test_folders_that_hold_something_else_by_now_stay(plan: Plan, paths: Paths, person: Path) -> None:
    record = installation.install(plan, paths)
    (person / ".config" / "systemd" / "user" / "other.service").write_text("someone's", encoding="utf-8")
    installation.uninstall(record, paths, told=silent)
    assert (person / ".config" / "systemd" / "user" / "other.service").exists()


def test_installed_again_nothing_is_to_be_done(plan: Plan, paths: Paths) -> None:
    assert not installation.is_current(plan, installation.record_of(paths))
    installation.install(plan, paths)
    assert installation.is_current(plan, installation.record_of(paths))


def test_the_tools_are_run_once_the_files_are_there_and_around_their_removal(
    plan: Plan, paths: Paths, tools: FakeTools
) -> None:
    tools.forget()
    record = installation.install(plan, paths)
    assert [call[2] for call in tools.calls()] == ["daemon-reload", "enable"]
    tools.forget()
    installation.uninstall(record, paths, told=silent)
    assert [call[2] for call in tools.calls()] == ["disable", "daemon-reload", "reset-failed"]


def test_a_file_a_person_changed_is_neither_overwritten_nor_removed(plan: Plan, paths: Paths) -> None:
    record = installation.install(plan, paths)
    unit = plan.files[0].path
    unit.write_text("changed", encoding="utf-8")
    with pytest.raises(ChangedFileError, match="is not as `andiron service install` wrote it"):
        installation.install(plan, paths)
    removal = installation.uninstall(record, paths, told=silent)
    assert removal.left == (unit,)
    assert unit.read_text(encoding="utf-8") == "changed"


def test_a_file_that_is_anothers_is_written_anew_only_when_forced(plan: Plan, paths: Paths) -> None:
    unit = plan.files[0].path
    unit.parent.mkdir(parents=True)
    unit.write_text("another's", encoding="utf-8")
    with pytest.raises(ChangedFileError):
        installation.install(plan, paths)
    assert unit.read_text(encoding="utf-8") == "another's"
    installation.install(plan, paths, overwrite=True)
    assert unit.read_bytes() == plan.files[0].content


def test_what_a_former_installation_made_elsewhere_is_gone_after_the_next(
    description: Description, paths: Paths
) -> None:
    on_demand = Launchd(501).plan(description, autostart=False)
    at_login = Launchd(501).plan(description, autostart=True)
    installation.install(on_demand, paths)
    installation.install(at_login, paths)
    assert at_login.files[0].path.exists()
    assert not on_demand.files[0].path.exists()


def test_a_tool_that_refuses_is_said_and_what_was_made_can_be_removed(
    plan: Plan, paths: Paths, tools: FakeTools
) -> None:
    tools.follow({"words": ["enable"], "say": "Failed to enable unit: no way", "code": 1})
    with pytest.raises(ToolError, match="no way"):
        installation.install(plan, paths)
    record = installation.record_of(paths)
    assert record is not None
    installation.uninstall(record, paths, told=silent)
    assert not plan.files[0].path.exists()


def test_a_removal_goes_on_when_a_tool_refuses(plan: Plan, paths: Paths, tools: FakeTools) -> None:
    record = installation.install(plan, paths)
    tools.follow({"words": ["disable"], "say": "Failed to connect to bus", "code": 1})
    removal = installation.uninstall(record, paths, told=silent)
    assert not plan.files[0].path.exists()
    assert "Failed to connect to bus" in removal.complaints[0]


def test_a_home_that_cannot_be_written_is_said(
    description: Description, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No one may make folders there, an administrator neither.
    monkeypatch.setenv("XDG_CONFIG_HOME", "/proc/andiron")
    plan = Systemd(252).plan(description, autostart=False)
    with pytest.raises(ServiceError, match=r"/proc/andiron/systemd/user/.* cannot be written") as caught:
        installation.install(plan, paths)
    assert caught.value.hint
    assert installation.record_of(paths) is None


def test_without_a_home_folder_there_is_no_place_for_a_service(
    description: Description, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "gone"))
    with pytest.raises(ServiceError, match="is not there") as caught:
        Systemd(252).plan(description, autostart=False)
    assert caught.value.hint


def test_a_record_that_cannot_be_read_is_said(paths: Paths) -> None:
    paths.state.mkdir(parents=True)
    (paths.state / "service.json").write_text("{", encoding="utf-8")
    with pytest.raises(ServiceError, match=r"service\.json"):
        installation.record_of(paths)
