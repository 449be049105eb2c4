"""A GPU that does nothing is told of, instead of a slow answer."""

import pytest

from andiron_daemon.doctor.gpu import gpu, gpu_parts, judged, library_files
from andiron_daemon.settings import Settings


@pytest.mark.parametrize(
    ("files", "parts"),
    [
        (("libggml-base.so.0", "libggml-cpu.so", "libllama.so", "libggml.so"), ()),
        (("libggml-cpu-haswell.so", "libggml-cuda.so.0.25.3", "libggml-cuda.so"), ("cuda",)),
        (("ggml-vulkan.dll", "ggml-base.dll"), ("vulkan",)),
        (("libggml-metal.dylib", "libggml-blas.dylib"), ("metal",)),
    ],
)
def test_what_a_build_is_for_shows_in_its_libraries(files: tuple[str, ...], parts: tuple[str, ...]) -> None:
    assert gpu_parts(files) == parts


@pytest.mark.parametrize(
    ("layers", "parts", "found", "verdict", "word"),
    [
        (0, ("cuda",), "an NVIDIA GPU", "ok", "not wanted"),
        (-1, ("cuda",), None, "ok", "cuda"),
        (-1, (), None, "ok", "the processor does the work"),
        (-1, (), "an NVIDIA GPU", "warn", "an NVIDIA GPU"),
        (20, (), None, "warn", "ANDIRON_GPU_LAYERS is 20"),
    ],
)
def test_a_gpu_that_is_wanted_and_not_used_is_a_warning(
    layers: int, parts: tuple[str, ...], found: str | None, verdict: str, word: str
) -> None:
    check = judged(layers, parts, found)
    assert (check.verdict, word in check.said) == (verdict, True)
    assert bool(check.hint) == (verdict == "warn")


def test_the_build_that_is_installed_here_is_found() -> None:
    assert any("llama" in name for name in library_files())
    assert gpu(Settings(gpu_layers=0)).verdict == "ok"
