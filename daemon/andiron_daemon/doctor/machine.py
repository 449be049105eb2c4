"""Checks of the machine and the folders: they need no running daemon."""

import importlib.util
import os
import shutil
import socket
import stat
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from andiron_daemon.client import answering_daemon, running_daemon
from andiron_daemon.doctor.gpu import gpu
from andiron_daemon.doctor.verdict import Check
from andiron_daemon.errors import ConfigurationError
from andiron_daemon.paths import Paths
from andiron_daemon.settings import Settings, load_settings
from andiron_daemon.sockets import is_loopback, program_on
from andiron_models.errors import ModelError
from andiron_models.library.shelf import installed_models
from andiron_models.openai.client import Server

_OLDEST_PYTHON = (3, 11)
_PACKAGES = ("aiohttp", "llama-cpp-python", "msgspec")
_LITTLE_DISK_BYTES = 2 * 1024**3
_TOO_LITTLE_DISK_BYTES = 20 * 1024**2
_TIMEOUT_SECONDS = 3.0
_PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")


def machine_checks(paths: Paths, *, is_offline: bool = False) -> Iterator[Check]:
    """Look at everything that can be seen from outside; `is_offline` opens no connection to other machines."""
    yield environment()
    try:
        settings = load_settings(paths)
    except ConfigurationError as error:
        yield Check(name="settings", verdict="fail", said=error.message, hint=error.hint or "")
        settings = Settings()
    else:
        yield Check(name="settings", verdict="ok", said=f"{len(settings.sources)} set, the others at their defaults")
    yield permissions(paths)
    yield disk(paths)
    yield model(paths)
    yield gpu(settings)
    yield port(paths, settings)
    yield tray(os.environ)
    yield proxy(os.environ)
    yield connectivity(settings, is_offline=is_offline)


def environment() -> Check:
    """Look at Python and the packages that matter."""
    python = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST_PYTHON:
        return Check(
            name="environment", verdict="fail", said=f"Python {python} is too old", hint="Install Python 3.11 or later."
        )
    found: list[str] = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            hint = "Run `python3 installer` from Andiron's folder again."
            return Check(name="environment", verdict="fail", said=f"{name} is not installed", hint=hint)
    return Check(name="environment", verdict="ok", said=f"Python {python}, {', '.join(found)}")


def permissions(paths: Paths) -> Check:
    """Look whether folders can be written, and whether what is secret is only its owner's."""
    for folder in (paths.config, paths.data, paths.state, paths.models, paths.cache):
        existing = next((place for place in (folder, *folder.parents) if place.exists()), folder)
        if not os.access(existing, os.W_OK):
            hint = "Give yourself the right to write there, or set ANDIRON_HOME."
            return Check(name="permissions", verdict="fail", said=f"{existing} cannot be written", hint=hint)
    if os.name == "posix":
        for file in (paths.token_file, paths.env_file, paths.log_file, paths.database_file):
            if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
                return Check(
                    name="permissions", verdict="warn", said=f"others can read {file}", hint=f"chmod 600 {file}"
                )
    return Check(name="permissions", verdict="ok", said="the folders can be written, and secrets are private")


def disk(paths: Paths) -> Check:
    """Look how much room there is for models, and for conversations and the log."""
    for folder, what in ((paths.data, "conversations"), (paths.state, "the log")):
        if (left := _free_bytes(folder)) < _TOO_LITTLE_DISK_BYTES:
            said = f"{left / 1024**2:.1f} MiB free for {what}, in {folder}"
            return Check(name="disk", verdict="fail", said=said, hint="Free some space; nothing more can be kept.")
    free = _free_bytes(paths.models)
    said = f"{free / 1024**3:.1f} GiB free for models"
    if free < _LITTLE_DISK_BYTES:
        hint = "Free some space, or set ANDIRON_HOME to another disk."
        return Check(name="disk", verdict="warn", said=said, hint=hint)
    return Check(name="disk", verdict="ok", said=said)


def _free_bytes(folder: Path) -> int:
    """Say how much fits where a folder is, or would be."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(existing).free


def model(paths: Paths) -> Check:
    """Look whether there is a model."""
    try:
        models = installed_models(paths.models)
    except (ModelError, OSError) as error:
        return Check(name="model", verdict="fail", said=str(error), hint="See `andiron models`.")
    if not models:
        return Check(
            name="model", verdict="fail", said="no model is installed", hint="`andiron models pull qwen2.5-coder-0.5b`"
        )
    return Check(name="model", verdict="ok", said=", ".join(model.id for model in models))


def port(paths: Paths, settings: Settings) -> Check:
    """Look whether the daemon answers, or could take its port."""
    if running_daemon(paths) is not None:
        record = answering_daemon(paths)
        if record is not None:
            return Check(name="port", verdict="ok", said=f"Andiron answers at {record.url}, pid {record.pid}")
        hint = "See `andiron logs`; `andiron stop` and `andiron serve --detach` start it again."
        return Check(name="port", verdict="fail", said="a daemon runs and does not answer", hint=hint)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            program = program_on(settings.port)
            said = f"port {settings.port} cannot be had: " + (f"{program} has it" if program else str(error.strerror))
            hint = "Stop that program, or set PORT to another one, or to 0 for any that is free."
            if "port" not in settings.sources:
                hint += " Another Andiron needs no stopping: the next free port is taken then."
            return Check(name="port", verdict="warn", said=said, hint=hint)
    return Check(
        name="port",
        verdict="warn",
        said=f"Andiron is not running; port {settings.port} is free",
        hint="Start it with `andiron serve --detach`.",
    )


def tray(variables: Mapping[str, str]) -> Check:
    """Look whether the tray icon can be shown."""
    if importlib.util.find_spec("pystray") is None:
        hint = "`pip install 'andiron[tray]'` brings it; nothing else needs it."
        return Check(name="tray", verdict="ok", said="not installed", hint=hint)
    if sys.platform.startswith("linux") and not (variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY")):
        return Check(name="tray", verdict="ok", said="installed; there is no display here to show it on")
    return Check(name="tray", verdict="ok", said="installed")


def proxy(variables: Mapping[str, str]) -> Check:
    """Look whether a proxy of the environment could swallow what editors send to this machine."""
    if not any(variables.get(name) for name in _PROXIES):
        return Check(name="proxy", verdict="ok", said="none is set")
    excepted = (variables.get("no_proxy") or variables.get("NO_PROXY") or "").replace(" ", "").split(",")
    if {"*", "127.0.0.1"} & set(excepted):
        return Check(name="proxy", verdict="ok", said="one is set, and 127.0.0.1 is excepted")
    return Check(
        name="proxy",
        verdict="warn",
        said="one is set, and 127.0.0.1 is not excepted; editors may send local requests to it",
        hint="Set no_proxy=127.0.0.1,localhost, and http.noProxy in the editor.",
    )


def connectivity(settings: Settings, *, is_offline: bool) -> Check:
    """Look whether the cloud can be reached, where one may be asked at all."""
    if settings.backend == "local":
        return Check(name="connectivity", verdict="ok", said="nothing is sent anywhere (ANDIRON_BACKEND is local)")
    server = Server(settings.openai_base_url)
    host = server.host
    if is_offline and not is_loopback(host):
        return Check(name="connectivity", verdict="ok", said=f"{host} is not tried: --offline")
    try:
        with socket.create_connection((host, server.port), timeout=_TIMEOUT_SECONDS):
            return Check(name="connectivity", verdict="ok", said=f"{host} can be reached")
    except OSError as error:
        return Check(
            name="connectivity",
            verdict="warn",
            said=f"{host} cannot be reached: {error.strerror or error}",
            hint="With ANDIRON_BACKEND=auto the local engine answers meanwhile; behind a proxy set https_proxy.",
        )
