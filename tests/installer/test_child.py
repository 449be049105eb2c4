import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from andiron_installer.bootstrap.child import ask, hand_over, run_logged


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_output_goes_to_the_log_and_line_by_line_to_the_caller(tmp_path: Path) -> None:
    lines: list[str | None] = []
    code, tail = run_logged(
        python("import sys; print('one'); print('two', file=sys.stderr); sys.exit(3)"),
        log_file=tmp_path / "deep" / "install.log",
        on_line=lines.append,
        variables={"PYTHONUNBUFFERED": "1"},
    )
    assert code == 3
    assert tail == ["one", "two"]
    assert [line for line in lines if line] == ["one", "two"]
    assert (tmp_path / "deep" / "install.log").read_text().endswith("one\ntwo\n")


@pytest.mark.skipif(os.name != "posix", reason="groups of processes are POSIX's")
def test_a_stop_ends_the_grandchildren_too(tmp_path: Path) -> None:
    started: list[int] = []

    def stop_at_once(line: str | None) -> None:
        if line:
            started.append(int(line))
            raise KeyboardInterrupt

    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with pytest.raises(KeyboardInterrupt):
        run_logged(python(code), log_file=tmp_path / "log", on_line=stop_at_once, variables={})
    (grandchild,) = started
    assert psutil.wait_procs([psutil.Process(grandchild)] if psutil.pid_exists(grandchild) else [], timeout=10)[1] == []


def test_a_question_that_takes_too_long_is_given_up() -> None:
    code, said = ask(python("import time; time.sleep(600)"), variables={}, timeout_seconds=0.2)
    assert (code, said) == (124, "no answer in 0 s")


def test_a_program_that_is_not_there_is_an_answer_too() -> None:
    code, said = ask(["there-is-no-such-program"], variables={}, timeout_seconds=5)
    assert code == 126
    assert "there-is-no-such-program" in said


def test_the_exit_code_of_what_was_handed_over_to_is_passed_on(tmp_path: Path) -> None:
    assert hand_over(python("import sys; sys.exit(5)"), folder=tmp_path, variables={}) == 5


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_ctrl_c_sent_to_the_installer_alone_ends_what_it_handed_over_to(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from andiron_installer.bootstrap.child import hand_over\n"
        "inner = 'import os, time; print(os.getpid(), flush=True); time.sleep(600)'\n"
        "hand_over([sys.executable, '-c', inner], folder=pathlib.Path('.'), variables={})\n"
    )
    with subprocess.Popen(
        python(code), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=tmp_path
    ) as outer:
        assert outer.stdout is not None
        inner = int(outer.stdout.readline())
        outer.send_signal(2)
        outer.wait(timeout=60)
    assert not psutil.pid_exists(inner)
