"""A real Code-OSS for tests: code-server, fetched once by npm and kept between runs, and the extension built for it.

`python -m andiron_testing.code_server` fetches and builds ahead of the tests. Folder and environment are taken when
this module is imported, before any fixture moves HOME. What is left out of code-server (its search and log files)
needs compilers and libraries that no test of ours uses.
"""

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from platformdirs import user_cache_dir

VERSION = "4.100.3"
# What that version of code-server was made for.
_NODE_MAJOR = "20"
_ENVIRONMENT = dict(os.environ)
_FOLDER = Path(user_cache_dir("andiron-tests", appauthor=False)).absolute() / f"code-server-{VERSION}"
_MODULES = _FOLDER / "node_modules"
_EXTENSION = Path(__file__).parents[2] / "editor"
_START_SECONDS = 60.0
_SETTINGS: Mapping[str, Any] = {
    "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
    "editor.inlineSuggest.enabled": True,
    "files.autoSave": "off",
    "git.enabled": False,
    "remote.autoForwardPorts": False,
    "telemetry.telemetryLevel": "off",
    "terminal.integrated.gpuAcceleration": "off",
    "terminal.integrated.shellIntegration.enabled": False,
    "update.mode": "none",
    "window.autoDetectColorScheme": True,
    "workbench.startupEditor": "none",
}


def install() -> Path:
    """Give the path of code-server's entry point, fetching it first if need be; npm must then reach its registry."""
    entry = _MODULES / "code-server" / "out" / "node" / "entry.js"
    done = _FOLDER / "installed-with-terminal"
    if done.exists():
        return entry
    _FOLDER.mkdir(parents=True, exist_ok=True)
    (_FOLDER / "package.json").write_text('{"private": true}', encoding="utf-8")
    packages = [f"code-server@{VERSION}"]
    if not _has_node():
        packages.append(_node_package())
    # Its own scripts fetch programs from elsewhere; only one of them is needed, and that compiles.
    _npm(_FOLDER, "install", "--no-audit", "--no-fund", "--ignore-scripts", *packages)
    _npm(_FOLDER, "rebuild", "argon2", "--foreground-scripts", "--build-from-source")
    inside = _MODULES / "code-server" / "lib" / "vscode"
    for folder in (inside, inside / "extensions"):
        _npm(folder, "install", "--no-audit", "--no-fund", "--omit=dev", "--ignore-scripts")
    # The terminal; what its own scripts do once it is built is for nothing.
    _npm(inside / "node_modules" / "node-pty", "run", "install", "--ignore-scripts")
    (inside / "node_modules.asar").unlink(missing_ok=True)
    (inside / "node_modules.asar").symlink_to("node_modules")
    done.touch()
    return entry


def built_extension() -> Path:
    """Give the path of the packaged extension, built anew where it is older than what it is made of."""
    package = _EXTENSION / "dist" / "andiron.vsix"
    parts = [*_EXTENSION.glob("src/**/*"), *_EXTENSION.glob("media/*"), _EXTENSION / "package.json"]
    if not (_EXTENSION / "node_modules" / ".package-lock.json").exists():
        _npm(_EXTENSION, "ci", "--no-audit", "--no-fund")
    if not package.exists() or package.stat().st_mtime < max(part.stat().st_mtime for part in parts):
        _npm(_EXTENSION, "run", "package")
    return package


class CodeServer:
    """A code-server over a folder, with the extension installed; whoever makes it stops it."""

    def __init__(self, folder: Path, environment: Mapping[str, str], settings: Mapping[str, Any]) -> None:
        self.workspace = folder / "workspace"
        self._data = folder / "data"
        self.workspace.mkdir()
        (self._data / "User").mkdir(parents=True)
        (self._data / "Machine").mkdir()
        terminal = {"terminal.integrated.env.linux": {"PATH": f"{self._no_pipx(folder)}{os.pathsep}/usr/bin:/bin"}}
        written = json.dumps({**_SETTINGS, **terminal, **settings})
        (self._data / "User" / "settings.json").write_text(written, encoding="utf-8")
        no_gallery = {"EXTENSIONS_GALLERY": '{"serviceUrl": ""}'}
        self._environment = {**_ENVIRONMENT, **no_gallery, **environment, "PATH": _path()}
        self._command = [
            _node(),
            str(install()),
            *("--config", os.devnull),
            *("--user-data-dir", str(self._data)),
            *("--extensions-dir", str(folder / "extensions")),
        ]
        self._run("--install-extension", str(built_extension()), "--force")
        with (folder / "code-server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *self._command,
                    *("--auth", "none", "--bind-addr", "127.0.0.1:0"),
                    *("--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"),
                    "--disable-getting-started-override",
                    str(self.workspace),
                ],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.url = self._listening(folder / "code-server.log")

    @property
    def installed(self) -> Path:
        """What is there once pipx was run in the editor's terminal; it installs nothing."""
        return self.workspace.parent / "installed"

    @property
    def page(self) -> str:
        """The address of the editor over the workspace."""
        return f"{self.url}/?folder={self.workspace}"

    def set_machine(self, **settings: object) -> None:
        """Set what belongs to this machine alone; a workspace cannot."""
        text = json.dumps({f"andiron.{name}": value for name, value in settings.items()})
        (self._data / "Machine" / "settings.json").write_text(text, encoding="utf-8")

    def peers(self) -> set[str]:
        """Name whom its processes, the one of the extensions too, are connected to now."""
        found: set[str] = set()
        for process in psutil.Process(self._process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # a window that was closed takes its own along
                connections = process.net_connections("inet")
                found.update(one.raddr.ip for one in connections if one.status == psutil.CONN_ESTABLISHED)
        return found

    def stop(self) -> None:
        """End it with all of its processes."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _no_pipx(self, folder: Path) -> Path:
        """Make a folder of programs whose pipx only notes that it was run."""
        programs = folder / "bin"
        programs.mkdir()
        (programs / "pipx").write_text(f'#!/bin/sh\ntouch "{self.installed}"\nexit 1\n', encoding="utf-8")
        (programs / "pipx").chmod(0o700)
        return programs

    def _run(self, *arguments: str) -> None:
        subprocess.run(
            [*self._command, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=_START_SECONDS,
        )

    def _listening(self, log: Path) -> str:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            found = re.search(r"server listening on (http://[\d.:]+)", log.read_text(encoding="utf-8"))
            if found:
                return found[1]
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.stop()
                raise AssertionError(f"code-server did not start: {log.read_text(encoding='utf-8')}")
            time.sleep(0.1)


def _has_node() -> bool:
    node = shutil.which("node", path=_ENVIRONMENT["PATH"])
    if node is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, encoding="ascii", check=True, timeout=30).stdout
    has_headers = (Path(node).resolve().parents[1] / "include" / "node" / "node.h").exists()
    return version.startswith(f"v{_NODE_MAJOR}.") and has_headers


def _node_package() -> str:
    architecture = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
    return f"node-linux-{architecture}@{_NODE_MAJOR}"


def _node_folder() -> Path:
    """Name the folder above `bin/node` and `include/node`: the one npm fetched, else the system's."""
    fetched = next(_MODULES.glob("node-linux-*"), None)
    if fetched is not None:
        return fetched
    return Path(shutil.which("node", path=_ENVIRONMENT["PATH"]) or "/usr/bin/node").resolve().parents[1]


def _node() -> str:
    return str(_node_folder() / "bin" / "node")


def _path() -> str:
    return f"{_node_folder() / 'bin'}{os.pathsep}{_ENVIRONMENT['PATH']}"


def _npm(folder: Path, *arguments: str) -> None:
    npm = shutil.which("npm", path=_ENVIRONMENT["PATH"])
    assert npm is not None, "the tests of the editor need npm; install nodejs and npm"
    variables = {"PATH": _path(), "npm_config_nodedir": str(_node_folder())}
    subprocess.run(
        [npm, *arguments],
        cwd=folder,
        env={**_ENVIRONMENT, **variables},
        check=True,
        timeout=600,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    install()
    built_extension()
