"""Pulls as people see them: the command, the real daemon, the process that fetches, a hub on this machine."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from andiron_daemon.client import find_client, running_daemon
from andiron_daemon.paths import Paths
from andiron_testing.daemon_process import ANDIRON, andiron
from andiron_testing.gguf_files import SMALL, gguf_bytes
from andiron_testing.hub_stub import HubStub, hub_stub

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")]

CONTENT = gguf_bytes({**SMALL, "general.description": "long " * 10_000})


@pytest.fixture
def hub(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubStub]:
    paths.config.mkdir(parents=True)
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    text = f'[[model]]\nid = "small"\nfile = "small.gguf"\nsize_bytes = {len(CONTENT)}\nsha256 = "{sha256}"\n'
    (paths.config / "models.toml").write_text(text + 'sources = [{kind = "hub", repository = "someone/small"}]\n')
    with hub_stub() as stub:
        stub.add("someone/small", "small.gguf", CONTENT)
        monkeypatch.setenv("HF_ENDPOINT", stub.url)
        monkeypatch.setenv("HF_HOME", str(paths.cache / "huggingface"))
        monkeypatch.setenv("PORT", "0")
        yield stub


@pytest.fixture
def daemon(paths: Paths, hub: HubStub) -> Iterator[None]:
    assert andiron("serve", "--detach").returncode == 0
    yield
    assert andiron("stop").returncode == 0
    assert running_daemon(paths) is None


def terminal(*arguments: str) -> "pexpect.spawn[str]":
    program, *options = ANDIRON
    return pexpect.spawn(program, [*options, *arguments], encoding="utf-8", timeout=30, dimensions=(40, 160))


@pytest.mark.usefixtures("daemon")
def test_a_pull_goes_on_in_the_daemon_when_the_command_is_interrupted(hub: HubStub, paths: Paths) -> None:
    hub.hold_at = 20_000
    pulling = terminal("models", "pull", "small")
    assert hub.holding.wait(30)
    pulling.sendintr()
    pulling.expect("The pull goes on in the background")
    pulling.expect(pexpect.EOF)
    pulling.close()
    assert pulling.exitstatus == 130
    assert "small\tlocal\tpulling" in andiron("models", "list").stdout
    hub.release.set()
    done = andiron("models", "pull", "small")
    assert (done.returncode, done.stdout) == (0, f"{paths.models / 'small.gguf'}\n")
    assert hub.ranges() == [0]
    assert "small\tlocal\tinstalled\t2048" in andiron("models", "list").stdout


def test_a_pull_without_a_daemon_shows_its_progress_and_goes_on_after_ctrl_c(hub: HubStub, paths: Paths) -> None:
    hub.hold_at = 20_000
    pulling = terminal("models", "pull", "small")
    assert hub.holding.wait(30)
    pulling.expect("kB")
    pulling.sendintr()
    pulling.expect("What was fetched is kept")
    pulling.expect(pexpect.EOF)
    pulling.close()
    assert pulling.exitstatus == 130
    assert not (paths.models / "small.gguf").exists()
    hub.release.set()
    again = terminal("models", "pull", "small")
    again.expect("Checking what came")
    again.expect("small.gguf")
    again.expect(pexpect.EOF)
    again.close()
    assert again.exitstatus == 0
    assert (paths.models / "small.gguf").read_bytes() == CONTENT


def test_a_model_is_forgotten_by_the_daemon_too(daemon: None, hub: HubStub, paths: Paths) -> None:
    assert andiron("models", "pull", "small").returncode == 0
    assert andiron("models", "remove", "small").returncode == 0
    assert not (paths.models / "small.gguf").exists()
    assert Path(paths.models).exists()


@pytest.mark.model
def test_a_real_model_is_added_loaded_unloaded_and_left_alone(daemon: None, smollm2_path: Path, paths: Paths) -> None:
    added = andiron("models", "add", str(smollm2_path))
    assert (added.returncode, added.stdout) == (0, "smollm2-135m\n")
    client = find_client(paths, timeout_seconds=60)
    assert client is not None
    assert client.post("/api/v1/models/smollm2-135m/load")["state"] == "loaded"
    assert client.post("/api/v1/models/smollm2-135m/unload")["state"] == "installed"
    assert andiron("models", "remove", "smollm2-135m").returncode == 0
    assert smollm2_path.exists()
