"""Whether a graphics processor does the work, and if not, why: looked up in files, without loading llama.cpp."""

import importlib.util
import platform
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from andiron_daemon.doctor.verdict import Check
from andiron_daemon.settings import Settings

# The parts of a build that compute; each is a library of its own.
_PART = "ggml-"
_OTHER_PARTS = frozenset(("base", "cpu", "blas", "rpc"))
_REBUILD = (
    "llama-cpp-python's page tells of builds for your GPU; install one with Andiron's own Python, "
    "or set ANDIRON_GPU_LAYERS=0 to say that the processor is meant."
)


def gpu(settings: Settings) -> Check:
    """Compare what is wanted, what the build can, and what is in the machine."""
    return judged(settings.gpu_layers, gpu_parts(library_files()), gpu_of_this_machine())


def judged(layers: int, parts: tuple[str, ...], found: str | None) -> Check:
    """Say whether the GPU is used; `layers` is what was set, -1 for all if the build can."""
    if layers == 0:
        return Check(name="gpu", verdict="ok", said="not wanted (ANDIRON_GPU_LAYERS is 0)")
    if parts:
        return Check(name="gpu", verdict="ok", said=f"llama.cpp is built for {', '.join(parts)}")
    if layers > 0:
        said = f"ANDIRON_GPU_LAYERS is {layers}, and this llama.cpp is built for the processor alone"
        return Check(name="gpu", verdict="warn", said=said, hint=_REBUILD)
    if found is not None:
        said = f"there is {found}, and this llama.cpp is built for the processor alone"
        return Check(name="gpu", verdict="warn", said=said, hint=_REBUILD)
    return Check(name="gpu", verdict="ok", said="none found; the processor does the work")


def library_files() -> tuple[str, ...]:
    """Name the libraries llama.cpp was built into."""
    found = importlib.util.find_spec("llama_cpp")
    folders = found.submodule_search_locations if found is not None else None
    return tuple(file.name for folder in folders or () for file in Path(folder, "lib").glob("*") if file.is_file())


def gpu_parts(files: Iterable[str]) -> tuple[str, ...]:
    """Name the kinds of GPU a build can use, by its libraries: `libggml-cuda.so` is for cuda."""
    names = {file.partition(_PART)[2].partition(".")[0].partition("-")[0] for file in files if _PART in file}
    return tuple(sorted(names - _OTHER_PARTS))


def gpu_of_this_machine() -> str | None:
    """Name a GPU that llama.cpp could use, where one shows itself."""
    if Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi"):
        return "an NVIDIA GPU"
    if Path("/dev/kfd").exists():
        return "an AMD GPU"
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "Apple's GPU"
    return None
