"""What a removal lists, and that it removes that and nothing else."""

from pathlib import Path

import pytest

from andiron_daemon.client import running_daemon
from andiron_daemon.connect.clients import CLIENTS, Target
from andiron_daemon.connect.undoing import remember
from andiron_daemon.connect.writing import write
from andiron_daemon.paths import Paths, find_paths, make_private
from andiron_installer.bootstrap.environment import Environment
from andiron_installer.removal import Inventory, remove, take_stock
from andiron_testing.fake_tool import FakeTools
from andiron_testing.other_environment import andiron
from andiron_tray.autostart import set_start_at_login


@pytest.fixture(autouse=True)
def person(tmp_path: Path, apart: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's home, no service manager that answers, and an environment that the installer did not make."""
    monkeypatch.setattr("sys.prefix", str(apart))
    monkeypatch.setattr("sys.executable", str(apart / "bin" / "python"))
    folder = tmp_path / "person"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    tools = FakeTools(tmp_path / "tools", "systemctl")
    tools.follow({"words": [], "code": 1})
    monkeypatch.setenv("PATH", tools.path)
    return folder


@pytest.fixture
def used(paths: Paths) -> Paths:
    """Folders as a daemon that was used leaves them."""
    for folder in (paths.config, paths.data, paths.state, paths.models, paths.cache):
        make_private(folder)
        (folder / "file").write_bytes(b"x" * 100)
    return paths


def silent(_: str) -> None:
    pass


def folders(inventory: Inventory) -> set[Path]:
    return {item.path for item in inventory.items if item.kind == "folder" and item.path is not None}


def test_keeping_data_keeps_conversations_settings_and_models(used: Paths) -> None:
    inventory = take_stock(used, purge=False)
    assert folders(inventory) == {used.state, used.cache}
    remove(inventory, used, silent)
    assert [folder.is_dir() for folder in (used.state, used.cache)] == [False, False]
    assert [folder.is_dir() for folder in (used.config, used.data, used.models)] == [True, True, True]
    for folder in (used.config, used.data, used.models):
        assert any(str(folder) in line for line in inventory.stays)


def test_a_purge_leaves_nothing(used: Paths, home: Path) -> None:
    remove(take_stock(used, purge=True), used, silent)
    assert not home.exists()
    assert take_stock(used, purge=True).items == ()


def test_a_list_names_how_much_there_is_and_removes_nothing(used: Paths) -> None:
    (item,) = (item for item in take_stock(used, purge=True).items if item.path == used.models)
    assert (item.files, item.size_bytes) == (1, 100)
    done = andiron("uninstall", "--purge", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert f"remove  models: {used.models} (1 file, 0.0 MB)" in done.stdout
    assert used.models.is_dir()


def test_a_look_needs_no_decision_and_says_what_a_purge_would_take_too(used: Paths) -> None:
    done = andiron("uninstall", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert f"{used.models} (--purge removes it)" in done.stdout
    assert used.models.is_dir()


def test_what_a_link_leads_to_stays(used: Paths, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "model.gguf").write_bytes(b"GGUF")
    (used.models / "linked.gguf").symlink_to(elsewhere / "model.gguf")
    used.cache.joinpath("file").unlink()
    used.cache.rmdir()
    used.cache.symlink_to(elsewhere)
    remove(take_stock(used, purge=True), used, silent)
    assert (elsewhere / "model.gguf").read_bytes() == b"GGUF"
    assert not used.models.exists()
    assert not used.cache.is_symlink()


def test_folders_of_everyday_names_in_a_persons_home_are_left(person: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDIRON_HOME", str(person))
    paths = find_paths()
    (person / "data").mkdir()
    (person / "data" / "thesis").write_text("years of work", encoding="utf-8")
    inventory = take_stock(paths, purge=True)
    assert folders(inventory) == set()
    assert any("ANDIRON_HOME is" in line for line in inventory.stays)


def test_an_environment_of_ones_own_is_left_and_said(used: Paths) -> None:
    assert any("pip uninstall andiron" in line for line in take_stock(used, purge=True).stays)


def test_the_environment_the_installer_made_goes_last(
    used: Paths, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.folder.mkdir(parents=True)
    environment.write_stamp(environment.wanted("one", ()))
    monkeypatch.setattr("sys.prefix", str(environment.folder))
    inventory = take_stock(used, purge=False)
    assert inventory.items[-1].path == environment.root
    remove(inventory, used, silent)
    assert not environment.root.exists()


def test_service_start_at_login_and_daemon_go_first(paths: Paths, person: Path) -> None:
    make_private(paths.config)
    paths.settings_file.write_text("port = 0\n", encoding="utf-8")
    assert andiron("service", "install", "--autostart", "--start").returncode == 0
    set_start_at_login(True)
    listed = andiron("uninstall", "--keep-data", "--dry-run").stdout
    assert "the service andiron-" in listed
    assert "the tray's start at login" in listed
    assert "the daemon that runs" in listed
    assert running_daemon(paths) is not None
    done = andiron("uninstall", "--keep-data", "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Andiron is gone\n")
    assert running_daemon(paths) is None
    assert list(person.rglob("*.desktop")) == []
    assert not paths.state.exists()
    assert paths.settings_file.exists()


def test_what_was_put_into_clients_files_is_listed_and_taken_out(used: Paths, person: Path) -> None:
    settings, changed = person / "settings.json", person / "env"
    settings.write_bytes(b'{\r\n\t"theme": "One", // mine\r\n}\r\n')
    for client, file in (("zed", settings), ("openai", changed)):
        remember(used, client, write(CLIENTS[client], Target(url="http://127.0.0.1:8000", token="t0ken"), file))
    changed.write_text(changed.read_text().replace("t0ken", "another"))
    inventory = take_stock(used, purge=False)
    assert [item.path for item in inventory.items if item.kind == "connection"] == [settings, changed]
    told: list[str] = []
    remove(inventory, used, told.append)
    assert settings.read_bytes() == b'{\r\n\t"theme": "One", // mine\r\n}\r\n'
    assert f"{settings} is without Andiron again" in told
    assert "another" in changed.read_text()
    assert any(line.startswith(f"left {changed}: what was put in was changed since") for line in told)


@pytest.mark.parametrize("arguments", [("uninstall",), ("uninstall", "--yes"), ("uninstall", "--purge")])
def test_where_nobody_can_be_asked_it_must_be_said(arguments: tuple[str, ...], used: Paths) -> None:
    done = andiron(*arguments)
    assert done.returncode == 2
    assert "Say --" in done.stderr
    assert used.data.is_dir()


def test_where_there_is_nothing_that_is_said(paths: Paths) -> None:
    assert "There is nothing to remove" in andiron("uninstall", "--purge", "--yes").stdout
    assert not paths.state.exists()
