"""Checks of the machine and the folders."""

import collections
import os
import shutil
import socket

import psutil
import pytest

from andiron_daemon.doctor import machine
from andiron_daemon.paths import Paths
from andiron_daemon.settings import Settings


def test_this_environment_is_well() -> None:
    assert machine.environment().verdict == "ok"


def test_a_secret_others_can_read_is_named_with_the_remedy(paths: Paths) -> None:
    paths.state.mkdir(parents=True)
    paths.token_file.write_text("x")
    paths.token_file.chmod(0o644)
    check = machine.permissions(paths)
    assert check.verdict == "warn"
    assert check.hint == f"chmod 600 {paths.token_file}"
    paths.token_file.chmod(0o600)
    assert machine.permissions(paths).verdict == "ok"


def test_no_model_is_a_failure_that_says_how_to_get_one(paths: Paths) -> None:
    check = machine.model(paths)
    assert check.verdict == "fail"
    assert "andiron models pull" in check.hint


def test_a_full_disk_below_the_conversations_is_a_failure(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = collections.namedtuple("usage", "total used free")
    paths.data.mkdir(parents=True)
    free = {paths.data: 4096}
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(10**12, 0, free.get(place, 10**11)))
    check = machine.disk(paths)
    assert (check.verdict, "conversations" in check.said) == ("fail", True)
    free.clear()
    assert machine.disk(paths).verdict == "ok"


def test_a_taken_port_is_told(paths: Paths) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        check = machine.port(paths, Settings(port=taken.getsockname()[1]))
    assert (check.verdict, check.name) == ("warn", "port")
    assert f"cannot be had: {psutil.Process().name()} (pid {os.getpid()}) has it" in check.said


def test_a_proxy_that_would_swallow_local_requests_is_a_warning() -> None:
    assert machine.proxy({}).verdict == "ok"
    assert machine.proxy({"http_proxy": "http://proxy:3128"}).verdict == "warn"
    excepted = {"http_proxy": "http://proxy:3128", "no_proxy": "example.org, 127.0.0.1"}
    assert machine.proxy(excepted).verdict == "ok"


def test_connectivity_is_tried_only_where_something_may_be_sent() -> None:
    assert machine.connectivity(Settings(), is_offline=False).said.startswith("nothing is sent")
    cloud = Settings(backend="auto")
    assert "--offline" in machine.connectivity(cloud, is_offline=True).said
    nowhere = Settings(backend="auto", openai_base_url="http://127.0.0.1:1/v1")
    assert machine.connectivity(nowhere, is_offline=False).verdict == "warn"


def test_wrong_settings_are_one_line_and_the_others_go_on(paths: Paths) -> None:
    paths.config.mkdir(parents=True)
    paths.settings_file.write_text("port = 'many'\n")
    checks = {check.name: check for check in machine.machine_checks(paths)}
    assert checks["settings"].verdict == "fail"
    assert "port" in checks["settings"].said
    assert {"environment", "permissions", "disk", "model", "gpu", "port", "tray", "proxy", "connectivity"} <= set(
        checks
    )


def test_a_folder_that_cannot_be_written_is_a_failure(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    # The administrator, as whom tests may run, is allowed everything.
    monkeypatch.setattr(os, "access", lambda place, mode: False)
    check = machine.permissions(paths)
    assert check.verdict == "fail"
    assert "ANDIRON_HOME" in check.hint
