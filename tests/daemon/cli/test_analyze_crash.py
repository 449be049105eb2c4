"""`andiron analyze` where looking at a file ends the process that does: the others are told all the same."""

import json
import os
import subprocess
import sys
from multiprocessing import active_children
from pathlib import Path

import pytest

from andiron_daemon.cli.analyze_files import find_sources
from andiron_daemon.cli.analyze_run import FileReport, Options, run

COUNT = 70
# Every Python started with this on its path dies of opening such a file, as it would of a fault in native code.
DEADLY = """
import os, sys
def look(event, arguments):
    if event == "open" and str(arguments[0]).endswith("deadly.py"):
        os._exit(134)
sys.addaudithook(look)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = tmp_path / "files"
    files.mkdir()
    for number in range(COUNT):
        (files / f"{number:03}.py").write_text("x = (\n" if number % 10 == 0 else "x = 1\n", encoding="utf-8")
    return files


def analyze(folder: Path, tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    (tmp_path / "sitecustomize.py").write_text(DEADLY, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "andiron_daemon",
        "analyze",
        "--no-linters",
        "--format",
        "json",
        "--jobs",
        "2",
        ".",
    ]
    variables = {**os.environ, "PYTHONPATH": str(tmp_path)}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=240, check=False)


def test_a_file_that_ends_the_process_is_named_and_the_others_are_told_in_order(folder: Path, tmp_path: Path) -> None:
    for name in ("005-deadly.py", "068-deadly.py"):
        (folder / name).write_text("x = 1\n", encoding="utf-8")
    done = analyze(folder, tmp_path)
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    reason = "the process that looked at it crashed"
    assert told["skipped"] == [{"path": f"{number}-deadly.py", "reason": reason} for number in ("005", "068")]
    assert [file["path"] for file in told["files"]] == [f"{number:03}.py" for number in range(COUNT)]
    assert told["totals"] == {"files": COUNT, "lines": COUNT, "error": COUNT // 10, "warning": 0, "info": 0, "hint": 0}
    assert "Traceback" not in done.stderr


def killed_once(folder: Path) -> list[FileReport]:
    """Look at files, and kill every process that helps once the first result is there."""
    reports: list[FileReport] = []
    for report in run(find_sources([str(folder)]), Options(linters=("off",), processes=2)):
        if not reports:
            helpers = active_children()
            assert helpers
            for helper in helpers:
                helper.kill()
        reports.append(report)
    return reports


def test_processes_that_are_killed_from_outside_cost_no_file(folder: Path) -> None:
    for number in range(COUNT, 200):
        (folder / f"{number:03}.py").write_text("x = 1\n", encoding="utf-8")
    reports = killed_once(folder)
    assert [Path(report.path).name for report in reports] == [f"{number:03}.py" for number in range(200)]
    assert [report.path for report in reports if report.analysis is None] == []
