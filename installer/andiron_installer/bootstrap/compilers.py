"""Whether this machine can build C++, found out by building three lines of it."""

import os
import platform
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from andiron_installer.bootstrap.child import ask
from andiron_installer.bootstrap.failures import NoCompilerError

_PROGRAM = "#include <vector>\nint main() { return std::vector<int>().size(); }\n"
_INSTALL_COMMANDS = (
    ({"debian", "ubuntu"}, "sudo apt install build-essential"),
    ({"fedora", "rhel", "centos"}, "sudo dnf install gcc-c++ make"),
    ({"arch"}, "sudo pacman -S base-devel"),
    ({"suse", "opensuse"}, "sudo zypper install gcc-c++ make"),
    ({"alpine"}, "sudo apk add build-base linux-headers"),
)


def check_compiler() -> None:
    """Build a small program.

    Raises:
        NoCompilerError: there is no C++ compiler, or it cannot build a program.
    """
    if sys.platform == "win32":
        _check_visual_studio()
        return
    command = _find_command()
    if command is None:
        raise NoCompilerError("a C++ compiler is needed to build the engine, and there is none here", _hint())
    with tempfile.TemporaryDirectory(prefix="andiron-") as folder:
        program = Path(folder, "try.cpp")
        program.write_text(_PROGRAM, encoding="ascii")
        output = str(Path(folder, "try"))
        code, said = ask([*command, str(program), "-o", output], variables={}, timeout_seconds=60)
    if code != 0:
        last = next((line for line in said.splitlines() if "error" in line), said.strip() or f"exit code {code}")
        raise NoCompilerError(f"the C++ compiler {command[0]} cannot build a program: {last[:200]}", _hint())


def _find_command() -> list[str] | None:
    named = shlex.split(os.environ.get("CXX", ""))
    if named:
        return named if shutil.which(named[0]) else None
    return next(([name] for name in ("c++", "g++", "clang++") if shutil.which(name)), None)


def _check_visual_studio() -> None:
    if shutil.which("cl") or os.environ.get("CXX"):
        return
    finder = Path(os.environ.get("PROGRAMFILES(X86)", "C:/Program Files (x86)"))
    finder = finder / "Microsoft Visual Studio" / "Installer" / "vswhere.exe"
    component = "Microsoft.VisualStudio.Component.VC.Tools.x86.x64"
    query = [str(finder), "-products", "*", "-requires", component, "-property", "installationPath"]
    code, said = ask(query, variables={}, timeout_seconds=60)
    if code != 0 or not said.strip():
        raise NoCompilerError("a C++ compiler is needed to build the engine, and there is none here", _hint())


def _hint() -> str:
    again = "then start the installer again"
    if sys.platform == "win32":
        return f"Install Visual Studio Build Tools with 'Desktop development with C++', {again}."
    if sys.platform == "darwin":
        return f"Run: xcode-select --install; {again}."
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    names = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    known = next((command for distributions, command in _INSTALL_COMMANDS if names & distributions), None)
    return f"Run: {known}; {again}." if known else f"Install a C++ compiler (g++ or clang++), {again}."
