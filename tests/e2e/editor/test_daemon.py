"""The daemon as the editor sees it: none, another, paused, refused, gone and back; and what tells of it."""

import json
import re
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import expect

from andiron_daemon.client import running_daemon
from andiron_daemon.paths import find_paths
from andiron_testing.code_editor import CodeEditor
from andiron_testing.code_server import CodeServer
from andiron_testing.daemon_process import DaemonProcess
from andiron_testing.openai_stub import Reply
from andiron_testing.openai_thread import StubInAThread
from andiron_testing.stub_daemon import events, stub_daemon


def _script(file: Path, line: str) -> str:
    file.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    file.chmod(stat.S_IRWXU)
    return str(file)


def test_the_menu_behind_the_status_pauses_and_resumes(editor: CodeEditor) -> None:
    for entry, condition in (("Pause completions", "paused"), ("Resume completions", re.compile("smollm2|ready"))):
        editor.status.click()
        editor.pick(entry)
        expect(editor.status).to_contain_text(condition)


def test_who_answers_and_which_model_is_chosen_in_the_editor(editor: CodeEditor, daemon: DaemonProcess) -> None:
    for backend in ("openai", "local"):
        editor.command("Andiron: Choose Who Answers")
        editor.pick(backend)
        expect(editor.status).to_contain_text("openai" if backend == "openai" else re.compile("smollm2|ready"))
    editor.command("Andiron: Choose the Model")
    editor.pick("smollm2")
    editor.wait_for(lambda: "smollm2" in str(daemon.client.get("/api/v1/settings")).lower())


def test_a_report_is_copied_that_holds_no_token(editor: CodeEditor, daemon: DaemonProcess) -> None:
    editor.command("Andiron: Copy a Report")
    editor.wait_for(lambda: '"condition"' in editor.clipboard())
    report = json.loads(editor.clipboard())
    assert report["condition"] in {"ready", "working"}
    assert report["activation_milliseconds"] >= 0
    assert daemon.token not in editor.clipboard()


def test_the_logs_are_opened(editor: CodeEditor) -> None:
    editor.command("Andiron: Show Log")
    expect(editor.page.locator(".part.panel select option:checked", has_text="Andiron").first).to_be_attached()
    editor.command("Andiron: Show the Daemon's Log")
    expect(editor.front).to_contain_text("andiron.log")
    editor.command("View: Toggle Panel Visibility")


def test_without_a_daemon_one_is_started_when_the_person_says_so(
    editor: CodeEditor, look_elsewhere: Callable[[str], Path], tmp_path: Path
) -> None:
    home = look_elsewhere(_script(tmp_path / "andiron", f'PORT=0 exec "{sys.executable}" -P -m andiron_daemon "$@"'))
    expect(editor.status).to_contain_text("offline")
    assert running_daemon(find_paths(str(home))) is None
    editor.choose("Start")
    expect(editor.status).not_to_contain_text(re.compile("offline|starting"))
    assert running_daemon(find_paths(str(home))) is not None


def test_where_it_is_not_installed_the_command_is_put_into_a_terminal_and_not_run(
    editor: CodeEditor, look_elsewhere: Callable[[str], Path], tmp_path: Path, server: CodeServer
) -> None:
    look_elsewhere(str(tmp_path / "no-such-command"))
    expect(editor.status).to_contain_text("offline")
    editor.choose("Start")
    expect(editor.messages.filter(has_text="not installed")).to_be_visible()
    editor.choose("Install in a terminal")
    expect(editor.terminal).to_contain_text(re.compile(r"pipx.install.andiron.&&.andiron.up"))
    assert not server.installed.exists()
    editor.page.locator(".terminal-wrapper.active").click()
    editor.press("Enter")
    editor.wait_for(server.installed.exists)
    editor.command("Terminal: Kill All Terminals")


def test_a_daemon_with_another_api_is_refused_and_told_of_once(
    editor: CodeEditor, look_elsewhere: Callable[[str], Path], tmp_path: Path
) -> None:
    with stub_daemon(find_paths(str(tmp_path / "elsewhere"))) as other:
        other.routes["GET /health"] = (200, {"status": "ok", "version": "9.1"})
        look_elsewhere("andiron")
        expect(editor.status).to_contain_text("refused")
        expect(editor.messages).to_have_count(1)
        expect(editor.messages).to_contain_text("9.1 has another API")
        other.routes["GET /api/v1/events"] = (200, events(("state", {"condition": "dreaming"})))
        asked = len(other.bodies("GET /api/v1/events"))
        editor.wait_for(lambda: len(other.bodies("GET /api/v1/events")) > asked + 1)
        expect(editor.status).to_contain_text("refused")
        assert editor.messages.count() <= 1  # the editor puts a message away after a while


def test_a_wrong_token_is_told_once_and_mended_by_the_right_one(editor: CodeEditor, server: CodeServer) -> None:
    server.set_machine(token="not-the-token")
    expect(editor.status).to_contain_text("refused")
    expect(editor.messages).to_have_count(1)
    server.set_machine()
    editor.wait_until_ready()


@pytest.mark.usefixtures("foreseen")
def test_a_new_token_is_followed_without_a_word(editor: CodeEditor, daemon: DaemonProcess) -> None:
    before = daemon.token
    assert daemon.andiron("token", "rotate").returncode == 0
    assert daemon.token != before
    editor.open("whisper.py")

    def is_suggested() -> bool:
        editor.type("t")  # a key of the very moment in which the new token is looked for brings nothing
        editor.page.wait_for_timeout(500)
        return editor.ghost.count() > 0

    editor.wait_for(is_suggested)
    expect(editor.messages).to_have_count(0)


def test_a_daemon_that_dies_is_told_of_once_and_found_again(
    editor: CodeEditor,
    daemon: DaemonProcess,
    stub: StubInAThread,
    started: list[DaemonProcess],
    variables: Mapping[str, str],
) -> None:
    daemon.client.patch("/api/v1/settings", {"backend": "openai"})
    expect(editor.status).to_contain_text("openai")
    chat = editor.new_chat()
    stub.enqueue(Reply(pieces=["The beginning", " and the end"], gate=stub.gate(), gate_at=1))
    editor.ask("Say something long")
    expect(chat.locator(".assistant .content")).to_have_text("The beginning")
    daemon.kill()
    expect(editor.status).to_contain_text("offline")
    expect(chat.locator(".assistant .notes")).to_have_text("broke off")
    expect(chat.locator(".assistant .content")).to_have_text("The beginning")
    expect(editor.messages).to_have_count(1)
    expect(editor.messages).to_contain_text("Start")
    editor.ask("Is anybody there?")
    expect(chat.locator("#text")).to_have_value("Is anybody there?")
    expect(editor.messages).to_have_count(1)
    started.append(DaemonProcess(daemon.paths, (), variables))
    daemon.client.patch("/api/v1/settings", {"backend": "local"})
    editor.wait_until_ready()
    editor.open("whisper.py")
    editor.type("te")
    assert editor.suggested().strip()
