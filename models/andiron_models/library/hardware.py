"""What this machine can carry: memory, cores, the limits of a container, and whether a model fits.

Graphics cards are unknown here: only the engine knows whether it can use one.
"""

import os
from pathlib import Path
from typing import Literal

import msgspec

from andiron_models.library.memory import MemoryNeed

FitWord = Literal["yes", "tight", "no"]
SMALL_MODEL = "qwen2.5-coder-0.5b"
LARGE_MODEL = "qwen2.5-coder-1.5b"
LARGE_MODEL_CORES = 6
LARGE_MODEL_TOTAL_BYTES = 12_000_000_000
_AIR_BYTES = 1_000_000_000
_USABLE_PART = 0.9
_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")
_UNLIMITED_BYTES = 2**60


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Memory and cores this process may use; `limit` says when a container is what bounds them."""

    total_bytes: int
    available_bytes: int
    physical_cores: int
    limit: str | None = None


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a model fits: `yes` now, `tight` when other programs give memory back, `no` not at all."""

    fits: FitWord
    needed_bytes: int
    available_bytes: int
    total_bytes: int

    def warning(self, model_id: str) -> str:
        """Say with the numbers what a model is up against here."""
        sizes = (self.needed_bytes, self.available_bytes, self.total_bytes)
        needed, free, total = (f"{size / 1e9:.1f} GB" for size in sizes)
        if self.fits == "no":
            return f"{model_id} needs about {needed} of memory; this machine has {total}. It will not run here."
        return f"{model_id} needs about {needed} of memory; {free} of {total} are free. Close other programs first."


def this_machine(cgroups: Path = _CGROUPS, own_cgroup: Path = _OWN_CGROUP) -> Machine:
    """Look at the machine, and at the container around this process if there is one."""
    import psutil

    memory = psutil.virtual_memory()
    total_bytes, available_bytes, limit = memory.total, memory.available, None
    for folder in _cgroup_folders(cgroups, own_cgroup):
        most_bytes = _memory_limit(folder)
        if most_bytes is not None and most_bytes < total_bytes:
            total_bytes, limit = most_bytes, "container"
            available_bytes = min(available_bytes, max(0, most_bytes - _memory_used(folder)))
    return Machine(
        total_bytes=total_bytes,
        available_bytes=available_bytes,
        physical_cores=_cores(cgroups, own_cgroup),
        limit=limit,
    )


def fit(need: MemoryNeed, machine: Machine) -> Fit:
    """Compare what a model needs with what there is, leaving some air for everything else."""
    needed_bytes = need.total_bytes
    if needed_bytes + _AIR_BYTES <= machine.available_bytes:
        word: FitWord = "yes"
    elif needed_bytes <= max(machine.available_bytes, machine.total_bytes * _USABLE_PART - _AIR_BYTES):
        word = "tight"
    else:
        word = "no"
    return Fit(
        fits=word,
        needed_bytes=needed_bytes,
        available_bytes=machine.available_bytes,
        total_bytes=machine.total_bytes,
    )


def choose_default_model(total_bytes: int, physical_cores: int) -> str:
    """Choose the bundled model: the 1.5B from 6 physical cores and 12 GB of memory on, else the 0.5B.

    The 1.5B generates 11 tokens a second on 2 cores, too slow to complete code while someone types; with six
    it reaches the 25 to 30 at which the 0.5B runs on two.
    """
    is_large = physical_cores >= LARGE_MODEL_CORES and total_bytes >= LARGE_MODEL_TOTAL_BYTES
    return LARGE_MODEL if is_large else SMALL_MODEL


def _cores(cgroups: Path, own_cgroup: Path) -> int:
    import psutil

    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = min(cores, len(os.sched_getaffinity(0)))
    for folder in _cgroup_folders(cgroups, own_cgroup):
        quota = _cpu_quota(folder)
        if quota is not None:
            cores = min(cores, max(1, round(quota)))
    return cores


def _cgroup_folders(cgroups: Path, own_cgroup: Path) -> list[Path]:
    """Find the folders whose limits hold for this process: its own group and every one above it."""
    try:
        lines = own_cgroup.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    folders: list[Path] = []
    for line in lines:
        controllers, _, group = line.partition(":")[2].partition(":")
        root = cgroups if not controllers else cgroups / controllers
        parts = Path(group.lstrip("/")).parts
        folders += [root.joinpath(*parts[:depth]) for depth in range(len(parts), -1, -1)]
    return folders


def _memory_limit(folder: Path) -> int | None:
    limit = _number(folder / "memory.max") or _number(folder / "memory.limit_in_bytes")
    return limit if limit is not None and limit < _UNLIMITED_BYTES else None


def _memory_used(folder: Path) -> int:
    """Say what of the limit is taken; pages of files that can be dropped at once do not count."""
    used = _number(folder / "memory.current") or _number(folder / "memory.usage_in_bytes") or 0
    try:
        rows = (folder / "memory.stat").read_text(encoding="utf-8").splitlines()
    except OSError:
        return used
    droppable = [int(row.split()[1]) for row in rows if row.startswith(("inactive_file ", "total_inactive_file "))]
    return max(0, used - max(droppable, default=0))


def _cpu_quota(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()[:2]
    except (OSError, ValueError):
        quota = str(_number(folder / "cpu.cfs_quota_us") or "max")
        period = str(_number(folder / "cpu.cfs_period_us") or 100_000)
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() and int(period) else None


def _number(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None
