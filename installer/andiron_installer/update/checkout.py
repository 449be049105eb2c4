"""An Andiron that was installed from a checkout: what is new upstream, laid out beside it, taken over at the end.

The installation reads its code from the checkout, so the checkout stays as it is until the new version has been tried
from a working tree of its own. A checkout with changes of a person's is not touched: what it holds is installed.
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from andiron_installer.bootstrap.child import ask, run_logged
from andiron_installer.bootstrap.environment import Environment
from andiron_installer.bootstrap.source import read_source
from andiron_installer.update.errors import UpdateError
from andiron_installer.update.places import Places, relocate
from andiron_installer.update.source import News

_SECONDS = 120.0


class Checkout:
    """The checkout in `folder`, installed in the environment of `root`."""

    def __init__(self, folder: Path, environment: Environment) -> None:
        self._folder = folder
        self._environment = environment
        self._before = ""
        self._after = ""

    @property
    def _laid_out(self) -> Path:
        """Where the new version's files are until they are taken over."""
        return self._environment.root / "source-of-next"

    def look(self) -> News | None:
        """Ask upstream what is new; None if nothing is."""
        why_not = self._why_not_to_pull()
        if why_not:
            return News(self._version(self._folder), (why_not,)) if self._is_outdated() else None
        self._git("fetch", "--quiet")
        self._before, self._after = self._git("rev-parse", "HEAD"), self._git("rev-parse", "@{upstream}")
        changes = self._git("log", "--format=%s", f"{self._before}..{self._after}").splitlines()
        if not changes:
            self._after = ""
            return News(self._version(self._folder), ("the packages are out of date",)) if self._is_outdated() else None
        if self._git("merge-base", self._before, self._after) != self._before:
            raise UpdateError(
                f"{self._folder}: the checkout has commits that are not upstream",
                hint="Merge or rebase them yourself, then: andiron update",
            )
        self._lay_out()
        return News(self._version(self._laid_out), tuple(changes))

    def build(self, places: Places, told: Callable[[str | None], None]) -> None:
        """Make the next environment by the new version's own installer."""
        source = self._laid_out if self._after else self._folder
        stamp = self._environment.stamp()
        extras = [f"--extra={extra}" for extra in (stamp.extras if stamp else ())]
        command = [sys.executable, str(source / "installer"), "beside", "--environment", str(self._environment.root)]
        code, tail = run_logged(
            [*command, "--name", places.next.name, *extras],
            log_file=self._environment.root / "update.log",
            on_line=told,
            variables={"PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        if code != 0:
            said = [line for line in tail if line.strip()]
            reason = next((line for line in said if line.startswith("error: ")), said[-1] if said else f"status {code}")
            raise UpdateError(
                f"the new environment cannot be made: {reason.removeprefix('error: ')}",
                hint=f"The whole story is in {self._environment.root / 'update.log'}.",
            )

    def take(self, places: Places) -> None:
        """Bring the checkout itself to what was tried; the next environment reads its code from there."""
        if self._after:
            self._git("merge", "--ff-only", "--quiet", self._after)
            relocate(places.next, self._laid_out, self._folder)

    def give_back(self) -> None:
        """Bring the checkout back to what it was."""
        if self._after and self._git("rev-parse", "HEAD") == self._after:
            self._git("reset", "--keep", "--quiet", self._before)

    def clear(self) -> None:
        """Remove the working tree."""
        if self._laid_out.exists():
            self._ask("worktree", "remove", "--force", str(self._laid_out))
            shutil.rmtree(self._laid_out, ignore_errors=True)
        self._ask("worktree", "prune")

    def _why_not_to_pull(self) -> str:
        if self._ask("rev-parse", "--git-dir")[0] != 0:
            return "not a git checkout, or git is not there: what it holds is installed"
        if self._git("status", "--porcelain", "--untracked-files=no"):
            return "the checkout has changes of yours: nothing is fetched, what it holds is installed"
        if self._ask("rev-parse", "@{upstream}")[0] != 0:
            return "the checkout follows no other one: what it holds is installed"
        return ""

    def _is_outdated(self) -> bool:
        stamp = self._environment.stamp()
        return stamp is None or stamp.digest != read_source(self._folder).digest

    def _lay_out(self) -> None:
        self.clear()
        self._git("worktree", "add", "--quiet", "--detach", str(self._laid_out), self._after)

    def _version(self, folder: Path) -> str:
        return read_source(folder).version

    def _ask(self, *arguments: str) -> tuple[int, str]:
        command = ["git", "-C", str(self._folder), *arguments]
        variables = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        return ask(command, variables=variables, timeout_seconds=_SECONDS)

    def _git(self, *arguments: str) -> str:
        code, said = self._ask(*arguments)
        if code != 0:
            last = said.strip().splitlines()[-1] if said.strip() else f"status {code}"
            raise UpdateError(
                f"`git {arguments[0]}` failed in {self._folder}: {last}",
                hint="Look at the checkout and the network, then: andiron update",
            )
        return said.strip()
