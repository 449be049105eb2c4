"""Every linter Andiron has an adapter for, in the order their findings are preferred in."""

from collections.abc import Sequence
from pathlib import Path

from andiron_daemon.analysis.linters.clang_tidy import ClangTidy
from andiron_daemon.analysis.linters.clippy import Clippy
from andiron_daemon.analysis.linters.cppcheck import Cppcheck
from andiron_daemon.analysis.linters.eslint import ESLint
from andiron_daemon.analysis.linters.golangci_lint import GolangciLint
from andiron_daemon.analysis.linters.hadolint import Hadolint
from andiron_daemon.analysis.linters.linter import Linter
from andiron_daemon.analysis.linters.oxlint import Oxlint
from andiron_daemon.analysis.linters.process import Limits
from andiron_daemon.analysis.linters.ruff import Ruff
from andiron_daemon.analysis.linters.shellcheck import ShellCheck
from andiron_daemon.analysis.linters.yamllint import Yamllint


def every_linter(limits: Limits, trusted_folders: Sequence[Path] = ()) -> tuple[Linter, ...]:
    """Make the adapters; none of them starts anything yet."""
    return (
        Ruff(limits),
        Oxlint(limits),
        ESLint(limits, trusted_folders),
        ShellCheck(limits),
        ClangTidy(limits),
        Cppcheck(limits),
        GolangciLint(limits),
        Clippy(limits),
        Hadolint(limits),
        Yamllint(limits),
    )
