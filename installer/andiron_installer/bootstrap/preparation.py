"""Makes the environment whole, or finds that it is: checks first, then the engine, the packages, the stamp."""

import errno
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from andiron_installer.bootstrap import checks
from andiron_installer.bootstrap.child import ask, run_logged
from andiron_installer.bootstrap.compilers import check_compiler
from andiron_installer.bootstrap.console import Console, StepLine
from andiron_installer.bootstrap.environment import EXPLANATIONS, Environment, Stamp, State
from andiron_installer.bootstrap.failures import InstallError, NoNetworkError, NoSpaceError, SetupError
from andiron_installer.bootstrap.lock import only_installer
from andiron_installer.bootstrap.offers import PIP_VARIABLES, Offer, find_offer, pip
from andiron_installer.bootstrap.plan import Wish, engine_line, needs
from andiron_installer.bootstrap.source import ENGINE, Source

_NO_ROOM = "No space left on device"
_BROKEN_NETWORK = ("NewConnectionError", "ConnectionError", "Read timed out", "Temporary failure in name resolution")


def prepare(environment: Environment, source: Source, wish: Wish, console: Console) -> bool:
    """Bring the environment to what is wished; say whether anything had to be done.

    Raises:
        SetupError: a check failed, or pip did; what was begun is recognised and mended by the next run.
    """
    wanted = environment.wanted(source.digest, wish.extras)
    if (state := environment.state(wanted)) == "ready":
        console.step("environment").done(f"{environment.folder}, in place")
        return False
    checks.check_venv()
    checks.check_writable(environment.root)
    room = needs(state, wish, environment.root, environment.temporary, checks.user_folder())
    checks.check_space(room)
    with only_installer(environment.lock_file) as lock:
        # Whoever held the lock a moment ago may have done it all.
        if (state := environment.state(wanted)) != "ready":
            try:
                _Preparation(environment, source, console, lock).run(state, wanted)
            finally:
                console.end_line()
    return True


class _Preparation:
    def __init__(self, environment: Environment, source: Source, console: Console, lock: int) -> None:
        self._environment = environment
        self._source = source
        self._console = console
        self._lock = lock

    def run(self, state: State, wanted: Stamp) -> None:
        self._environment.log_file.unlink(missing_ok=True)
        kept_extras = self._make(state)
        offer = self._look()
        if offer in ("source", "cached"):
            self._build(offer)
        self._install(sorted({*wanted.extras, *kept_extras}))
        self._try_engine()
        found = Stamp(**{**wanted.__dict__, "extras": tuple(sorted({*wanted.extras, *kept_extras}))})
        self._environment.write_stamp(found)

    def _make(self, state: State) -> tuple[str, ...]:
        """Make the environment unless the one there can be brought up to date, which keeps its extras."""
        step = self._console.step("environment")
        stamp = self._environment.stamp()
        if state == "outdated" and stamp is not None:
            step.done(f"{self._environment.folder}, {EXPLANATIONS[state]}")
            return stamp.extras
        step.doing("making it")
        try:
            self._environment.make()
        except subprocess.CalledProcessError as error:
            raise InstallError(
                f"the environment {self._environment.folder} cannot be made: {_last_line(error.output)}",
                "Try `python3 -m venv FOLDER` to see more.",
            ) from error
        step.done(f"{self._environment.folder}, {EXPLANATIONS[state].replace('to be ', '')}")
        return ()

    def _look(self) -> Offer:
        step = self._console.step("engine")
        step.doing("asking the package index")
        offer = find_offer(self._environment, self._source)
        if offer == "source":
            check_compiler()
        step.done(engine_line(offer, os.cpu_count() or 1))
        return offer

    def _build(self, offer: Offer) -> None:
        """Build the engine's wheel and keep it; a half-written one never gets into the folder of the kept."""
        drafts = self._environment.wheels.with_suffix(".part")
        shutil.rmtree(drafts, ignore_errors=True)
        step = self._console.step("engine")
        options = ["--no-deps", "--prefer-binary", "--verbose", "--wheel-dir", str(drafts)]
        self._pip(step, "engine", ["wheel", *options, self._source.engine_requirement])
        shutil.rmtree(self._environment.wheels, ignore_errors=True)
        drafts.replace(self._environment.wheels)
        built = next(self._environment.wheels.glob("*.whl")).name.split("-")[1]
        step.done(f"{ENGINE} {built}, {'built' if offer == 'source' else 'taken from the cache'}")

    def _install(self, extras: Sequence[str]) -> None:
        self._environment.unstamp()
        step = self._console.step("packages")
        target = f"{self._source.folder}[{','.join(extras)}]" if extras else str(self._source.folder)
        options = ["--prefer-binary", "--editable", target]
        if self._environment.wheels.is_dir():
            options += ["--find-links", str(self._environment.wheels)]
        self._pip(step, "packages", ["install", *options])
        more = f" (with {', '.join(extras)})" if extras else ""
        step.done(f"Andiron {self._source.version} and what it needs, installed{more}")

    def _try_engine(self) -> None:
        """Load the engine once, in a process of its own: a wheel for other processors fails here, not later."""
        code, said = ask([str(self._environment.python), "-c", "import llama_cpp"], variables={}, timeout_seconds=120)
        if code != 0:
            shutil.rmtree(self._environment.wheels, ignore_errors=True)
            raise InstallError(
                f"the engine does not load on this machine: {_last_line(said) or f'exit code {code}'}",
                f"Build it anew: `{self._environment.python} -m pip cache remove {ENGINE.replace('-', '_')}`, "
                "then start the installer with PIP_NO_BINARY=llama-cpp-python set.",
            )

    def _pip(self, step: StepLine, what: str, arguments: Sequence[str]) -> None:
        """Run pip, telling what it does.

        Raises:
            SetupError: it failed; which kind, and the line that tells why, is read from what it said.
        """
        progress = PipProgress()

        def follow(line: str | None) -> None:
            step.doing(progress.tell(line))

        temporary = str(self._environment.temporary)
        variables = {**PIP_VARIABLES, "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 1)}
        variables |= {"TMPDIR": temporary, "TEMP": temporary, "TMP": temporary}
        self._environment.sweep()
        command = pip(self._environment, *arguments)
        log_file = self._environment.log_file
        try:
            code, tail = run_logged(
                command, log_file=log_file, on_line=follow, variables=variables, keep_open=(self._lock,)
            )
        finally:
            self._environment.sweep()
        if code != 0:
            raise failure(what, tail, log_file)


class PipProgress:
    """What pip and the compilers say, as a few words."""

    def __init__(self) -> None:
        self._words = "starting"

    def tell(self, line: str | None) -> str:
        """Take a line, or `None` for a quiet second, and return what goes on."""
        text = (line or "").strip()
        if found := re.match(r"Collecting ([A-Za-z0-9._-]+)", text):
            self._words = f"fetching {found[1]}"
        elif found := re.match(r"Building wheel for ([A-Za-z0-9._-]+)", text):
            self._words = f"building {found[1]}"
        elif found := re.match(r"\[\s*(\d+)/(\d+)\] ", text):
            self._words = f"building llama.cpp, {100 * int(found[1]) // max(1, int(found[2]))} %"
        elif found := re.match(r"\[\s*(\d+)%\] ", text):
            self._words = f"building llama.cpp, {found[1]} %"
        elif found := re.match(r"Installing collected packages: (.*)", text):
            self._words = f"installing {found[1].count(',') + 1} packages"
        return self._words


def failure(what: str, tail: Sequence[str], log_file: Path) -> SetupError:
    """Make the error for a pip that failed, from the last lines it said."""
    said = "\n".join(tail)
    if _NO_ROOM in said:
        return NoSpaceError(f"the disk became full during {what}", f"Make room; the log is {log_file}.")
    if any(sign in said for sign in _BROKEN_NETWORK):
        return NoNetworkError(f"the network was lost during {what}", f"Start again; the log is {log_file}.")
    telling = [line for line in tail if re.search(r"\berror\b", line, flags=re.IGNORECASE)]
    reason = (telling[0] if telling else _last_line(said)).strip().removeprefix("ERROR: ")
    return InstallError(f"{what} could not be installed: {reason[:300]}", f"The whole story is in {log_file}.")


def disk_error(error: OSError) -> SetupError:
    """Make the error for a file that could not be written."""
    if error.errno == errno.ENOSPC:
        return NoSpaceError(f"the disk is full: {error.filename or error.strerror}", "Make room, then start again.")
    return InstallError(f"{error.filename or 'a file'}: {error.strerror or error}", "Mend it, then start again.")


def _last_line(said: str | bytes | None) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said or ""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
