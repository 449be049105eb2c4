import errno
import hashlib
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from andiron_models.library.catalogue import FileSource
from andiron_models.library.errors import (
    ChecksumError,
    DiskSpaceError,
    PullCancelledError,
    PullError,
)
from andiron_models.library.fetch import pull
from andiron_models.library.part import write_error
from andiron_models.library.records import read_record
from models.library.conftest import MakeEntry


@pytest.fixture
def source(tmp_path: Path, content: bytes) -> FileSource:
    file = tmp_path / "elsewhere.gguf"
    file.write_bytes(content)
    return FileSource(path=str(file))


def test_a_model_comes_under_its_name_and_nothing_else_is_left(
    models_folder: Path, make_entry: MakeEntry, source: FileSource, content: bytes
) -> None:
    seen: list[tuple[int, int | None]] = []
    path = pull(make_entry(source), models_folder, progress=lambda *progress: seen.append(progress))
    assert path == models_folder / "small.gguf"
    assert path.read_bytes() == content
    assert seen[-1] == (len(content), len(content))
    assert [size for size, _ in seen] == sorted(size for size, _ in seen)
    assert not list((models_folder / ".pulls").glob("small.gguf*/*"))


def test_a_model_that_is_here_is_not_fetched_again(
    models_folder: Path, make_entry: MakeEntry, source: FileSource
) -> None:
    entry = make_entry(source)
    pull(entry, models_folder)
    Path(source.path).unlink()
    said: list[str] = []
    pull(entry, models_folder, notice=said.append)
    assert said == []


def test_a_model_someone_put_there_is_checked_once_and_kept(
    models_folder: Path, make_entry: MakeEntry, content: bytes
) -> None:
    models_folder.mkdir()
    (models_folder / "small.gguf").write_bytes(content)
    said: list[str] = []
    pull(make_entry(), models_folder, notice=said.append)
    pull(make_entry(), models_folder, notice=said.append)
    assert said == ["small.gguf is here; checking it."]


def test_another_file_of_that_name_is_kept_beside(
    models_folder: Path, make_entry: MakeEntry, source: FileSource, content: bytes
) -> None:
    models_folder.mkdir()
    (models_folder / "small.gguf").write_bytes(b"mine")
    said: list[str] = []
    pull(make_entry(source), models_folder, notice=said.append)
    assert (models_folder / "small.gguf").read_bytes() == content
    assert (models_folder / "small.gguf.old").read_bytes() == b"mine"
    assert any("small.gguf.old" in sentence for sentence in said)


def test_the_next_source_is_tried_when_one_fails(
    models_folder: Path, make_entry: MakeEntry, source: FileSource, tmp_path: Path
) -> None:
    said: list[str] = []
    pull(make_entry(FileSource(path=str(tmp_path / "gone")), source), models_folder, notice=said.append)
    assert "gone" in said[0]


def test_when_all_sources_fail_each_reason_is_told(models_folder: Path, make_entry: MakeEntry, tmp_path: Path) -> None:
    entry = make_entry(FileSource(path=str(tmp_path / "gone")), FileSource(path=str(tmp_path / "away")))
    with pytest.raises(PullError) as caught:
        pull(entry, models_folder)
    assert caught.value.code == "backend_unavailable"
    assert [*caught.value.details["tried"]] == ["1 file", "2 file"]
    assert "gone" in caught.value.message
    assert "away" in caught.value.message
    assert not (models_folder / "small.gguf").exists()


def test_a_model_without_a_source_says_so(models_folder: Path, make_entry: MakeEntry) -> None:
    with pytest.raises(PullError, match="it has no source"):
        pull(make_entry(), models_folder)


def test_a_wrong_checksum_says_what_was_expected_and_deletes_nothing_good(
    models_folder: Path, make_entry: MakeEntry, source: FileSource, content: bytes
) -> None:
    models_folder.mkdir()
    good = models_folder / "other.gguf"
    good.write_bytes(b"good")
    (models_folder / "small.gguf").write_bytes(b"mine")
    Path(source.path).write_bytes(content[:-1] + b"!")
    entry = make_entry(source)
    with pytest.raises(ChecksumError) as caught:
        pull(entry, models_folder)
    assert caught.value.details["expected"] == entry.sha256
    assert entry.sha256 is not None
    assert entry.sha256 in caught.value.message
    assert caught.value.details["found"] in caught.value.message
    assert good.read_bytes() == b"good"
    assert (models_folder / "small.gguf").read_bytes() == b"mine"
    assert not list(models_folder.rglob("*.part"))


def test_after_a_wrong_checksum_the_next_source_is_tried(
    models_folder: Path, make_entry: MakeEntry, source: FileSource, content: bytes, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_bytes(content[:-1] + b"!")
    path = pull(make_entry(FileSource(path=str(wrong)), source), models_folder)
    assert path.read_bytes() == content


def test_a_source_with_too_much_is_refused(
    models_folder: Path, make_entry: MakeEntry, source: FileSource, content: bytes
) -> None:
    Path(source.path).write_bytes(content + b"more")
    with pytest.raises(PullError, match="more than the expected"):
        pull(make_entry(source), models_folder)


def test_a_source_with_too_little_is_refused(
    models_folder: Path, make_entry: MakeEntry, source: FileSource, content: bytes
) -> None:
    Path(source.path).write_bytes(content[:-1])
    with pytest.raises(ChecksumError, match=f"came with {len(content) - 1} bytes"):
        pull(make_entry(source), models_folder)


def test_an_unknown_checksum_is_pinned_on_the_first_download(
    models_folder: Path, make_entry: MakeEntry, source: FileSource, content: bytes
) -> None:
    entry = make_entry(source, sha256=None)
    path = pull(entry, models_folder)
    assert read_record(models_folder, "small").sha256 == hashlib.sha256(content).hexdigest()
    path.unlink()
    Path(source.path).write_bytes(content[:-1] + b"!")
    with pytest.raises(ChecksumError):
        pull(entry, models_folder)


def test_what_is_no_model_is_refused_even_when_no_checksum_is_known(
    models_folder: Path, make_entry: MakeEntry, source: FileSource
) -> None:
    Path(source.path).write_text("<html>Please sign in to this network</html>")
    with pytest.raises(ChecksumError, match=r"what came as small\.gguf is no model"):
        pull(make_entry(source, sha256=None, size_bytes=None), models_folder)
    assert read_record(models_folder, "small").sha256 is None
    assert not list(models_folder.rglob("small.gguf/*"))


def test_too_little_room_is_said_before_anything_is_fetched(
    models_folder: Path, make_entry: MakeEntry, source: FileSource
) -> None:
    with pytest.raises(DiskSpaceError) as caught:
        pull(make_entry(source, size_bytes=10**16), models_folder)
    assert caught.value.details["needed_bytes"] > caught.value.details["free_bytes"]
    assert not list(models_folder.rglob("*.part"))


_IN_A_QUOTA = """
import resource, signal, sys
from pathlib import Path
from andiron_models.library.catalogue import CatalogueEntry, FileSource
from andiron_models.library.errors import DiskSpaceError
from andiron_models.library.fetch import pull
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    pull(CatalogueEntry(id="small", file="small.gguf", sources=(FileSource(path=sys.argv[1]),)), Path(sys.argv[2]))
except DiskSpaceError as error:
    print(error.message)
"""


def test_a_pull_that_fills_the_quota_keeps_what_it_has_and_goes_on_later(
    models_folder: Path, make_entry: MakeEntry, source: FileSource, content: bytes
) -> None:
    command = [sys.executable, "-c", _IN_A_QUOTA, source.path, str(models_folder)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "there is no room left" in printed
    (part,) = models_folder.rglob("*.part")
    assert part.stat().st_size == 20_000
    seen: list[int] = []
    pull(make_entry(source), models_folder, progress=lambda size, _: seen.append(size))
    assert seen[0] > 20_000
    assert (models_folder / "small.gguf").read_bytes() == content


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, make_entry: MakeEntry) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(PullError, match="cannot write"):
        pull(make_entry(), tmp_path / "taken")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_from_other_failures(tmp_path: Path, number: int) -> None:
    assert isinstance(write_error(OSError(number, "full"), tmp_path), DiskSpaceError)
    assert not isinstance(write_error(OSError(errno.EIO, "broken"), tmp_path), DiskSpaceError)


def test_a_cancelled_pull_keeps_what_came(
    models_folder: Path, make_entry: MakeEntry, source: FileSource, content: bytes
) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(PullCancelledError) as caught:
        pull(make_entry(source), models_folder, cancel=cancel)
    assert caught.value.hint
    assert pull(make_entry(source), models_folder).read_bytes() == content


def test_two_pulls_at_once_fetch_once(models_folder: Path, make_entry: MakeEntry, source: FileSource) -> None:
    entry = make_entry(source)
    is_fetching, may_go_on = threading.Event(), threading.Event()
    said: list[str] = []
    fetched: list[int] = []

    def hold(size: int, _: int | None) -> None:
        is_fetching.set()
        may_go_on.wait()
        fetched.append(size)

    def second_notice(text: str) -> None:
        said.append(text)
        may_go_on.set()

    first = threading.Thread(target=pull, args=(entry, models_folder), kwargs={"progress": hold})
    first.start()
    is_fetching.wait()
    second_progress: list[int] = []
    path = pull(entry, models_folder, notice=second_notice, progress=lambda size, _: second_progress.append(size))
    first.join()
    assert path.exists()
    assert said == ["Another pull of this model is running; waiting for it."]
    assert fetched
    assert second_progress == []


def test_waiting_for_another_pull_can_be_cancelled(models_folder: Path, make_entry: MakeEntry) -> None:
    from filelock import FileLock

    (models_folder / ".pulls").mkdir(parents=True)
    cancel = threading.Event()
    with FileLock(models_folder / ".pulls" / "small.lock"), pytest.raises(PullCancelledError):
        pull(make_entry(), models_folder, cancel=cancel, notice=lambda _: cancel.set())
