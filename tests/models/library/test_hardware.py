from pathlib import Path

import psutil
import pytest

from andiron_models.library.catalogue import CatalogueEntry, load_catalogue
from andiron_models.library.gguf_header import read_gguf_header
from andiron_models.library.hardware import (
    LARGE_MODEL,
    SMALL_MODEL,
    Machine,
    choose_default_model,
    fit,
    this_machine,
)
from andiron_models.library.memory import MemoryNeed, kv_bytes_per_token, need_of_entry, need_of_header
from andiron_testing.gguf_files import SMALL, write_gguf

GB = 1_000_000_000


def machine(available: float, total: float = 16) -> Machine:
    return Machine(total_bytes=int(total * GB), available_bytes=int(available * GB), physical_cores=4)


def need(gigabytes: float) -> MemoryNeed:
    return MemoryNeed(weights_bytes=int(gigabytes * GB), kv_bytes=0, compute_bytes=0, worker_bytes=0)


@pytest.mark.parametrize(
    ("needed", "available", "total", "fits"),
    [
        (4, 8, 16, "yes"),
        (8, 8, 16, "tight"),
        (10, 8, 16, "tight"),
        (13.5, 8, 16, "no"),
        (20, 8, 16, "no"),
        (1, 0.5, 4, "tight"),
    ],
)
def test_a_model_fits_now_or_when_others_leave_or_not_at_all(
    needed: float, available: float, total: float, fits: str
) -> None:
    found = fit(need(needed), machine(available, total))
    assert found.fits == fits
    assert found.needed_bytes == int(needed * GB)


@pytest.mark.parametrize(
    ("cores", "gigabytes", "model"),
    [(2, 4, SMALL_MODEL), (2, 64, SMALL_MODEL), (8, 8, SMALL_MODEL), (6, 12, LARGE_MODEL), (16, 64, LARGE_MODEL)],
)
def test_the_bundled_model_goes_by_cores_and_memory(cores: int, gigabytes: int, model: str) -> None:
    assert choose_default_model(gigabytes * GB, cores) == model
    assert model in load_catalogue()


def group(tmp_path: Path, **files: str) -> tuple[Path, Path]:
    """Lay out a control group as Linux shows it."""
    folder = tmp_path / "cgroup" / "box" / "inner"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder.parent / name.replace("_", ".", 1)).write_text(text)
    own = tmp_path / "self"
    own.write_text("0::/box/inner\n")
    return tmp_path / "cgroup", own


def test_a_machine_without_a_container_is_what_it_is(tmp_path: Path) -> None:
    found = this_machine(tmp_path / "none", tmp_path / "none")
    assert found.total_bytes == psutil.virtual_memory().total
    assert found.limit is None
    assert found.physical_cores >= 1


def test_the_limit_of_a_container_counts_even_when_a_group_above_has_it(tmp_path: Path) -> None:
    stat = "anon 100\ninactive_file 200000\n"
    folders = group(tmp_path, memory_max="1000000\n", memory_current="700000\n", memory_stat=stat)
    found = this_machine(*folders)
    assert found.total_bytes == 1_000_000
    assert found.available_bytes == 500_000
    assert found.limit == "container"


def test_the_processor_quota_of_a_container_counts(tmp_path: Path) -> None:
    assert this_machine(*group(tmp_path, cpu_max="100000 100000\n")).physical_cores == 1


@pytest.mark.parametrize("text", ["max\n", "", "many\n", "9223372036854771712\n"])
def test_a_container_without_a_limit_limits_nothing(tmp_path: Path, text: str) -> None:
    found = this_machine(*group(tmp_path, memory_max=text, cpu_max="max 100000\n"))
    assert found.limit is None


def test_the_older_kind_of_control_groups_counts_too(tmp_path: Path) -> None:
    folder = tmp_path / "cgroup" / "memory" / "box"
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text("1000000\n")
    (folder / "memory.usage_in_bytes").write_text("400000\n")
    own = tmp_path / "self"
    own.write_text("5:memory:/box\n")
    found = this_machine(tmp_path / "cgroup", own)
    assert (found.total_bytes, found.available_bytes) == (1_000_000, 600_000)


def test_what_a_context_costs_follows_from_the_header(tmp_path: Path) -> None:
    header = read_gguf_header(write_gguf(tmp_path / "model.gguf"))
    # 2 layers x 2 heads x (16 + 16) numbers x 2 bytes
    assert kv_bytes_per_token(header) == 2 * 2 * 32 * 2
    short, long = need_of_header(header, 1024), need_of_header(header, 2048)
    assert long.kv_bytes == 2 * short.kv_bytes
    assert long.total_bytes > short.total_bytes > header.file_size_bytes


def test_layers_without_attention_cost_no_context(tmp_path: Path) -> None:
    hybrid = {**SMALL, "llama.attention.head_count_kv": [2, 0]}
    header = read_gguf_header(write_gguf(tmp_path / "model.gguf", hybrid))
    assert kv_bytes_per_token(header) == 2 * 32 * 2


def test_heads_may_have_lengths_of_their_own(tmp_path: Path) -> None:
    metadata = {**SMALL, "llama.attention.key_length": 128, "llama.attention.value_length": 64}
    header = read_gguf_header(write_gguf(tmp_path / "model.gguf", metadata))
    assert kv_bytes_per_token(header) == 2 * 2 * (128 + 64) * 2


def test_a_model_that_is_not_here_is_estimated_from_the_catalogue() -> None:
    entry = CatalogueEntry(id="a", file="a.gguf", size_bytes=GB, kv_bytes_per_token=1000)
    found = need_of_entry(entry, 8192)
    assert found is not None
    assert found.kv_bytes == 8_192_000
    assert need_of_entry(CatalogueEntry(id="a", file="a.gguf"), 8192) is None


def test_catalogue_and_header_agree_on_a_real_model(smollm2_path: Path) -> None:
    entry = load_catalogue()["smollm2-135m"]
    header = read_gguf_header(smollm2_path)
    assert header.parameters == entry.parameters
    assert header.context_length == entry.context_length
    assert kv_bytes_per_token(header) == entry.kv_bytes_per_token
    assert header.quantization == "Q4_1"
    assert header.chat_template
    assert "prefix" not in header.fim_tokens
