"""`andiron models` on the files themselves, and what it asks a running daemon."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from andiron_daemon.cli.main import main
from andiron_daemon.paths import Paths
from andiron_daemon.settings import load_settings
from andiron_models.library.records import update_record
from andiron_testing.gguf_files import write_gguf
from andiron_testing.stub_daemon import StubDaemon, events, stub_daemon

Run = Callable[..., tuple[int, str, str]]
MODEL = "/api/v1/models/small"
_CHANGE = "PATCH /api/v1/settings"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `andiron models …` and return its status and what it printed."""

    def run_models(*arguments: str) -> tuple[int, str, str]:
        status = main(["models", *arguments])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run_models


@pytest.fixture(autouse=True)
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a person no other program has put models into."""
    folder = tmp_path / "person"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("OLLAMA_MODELS", raising=False)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_gguf(tmp_path / "elsewhere" / "mine.gguf")


@pytest.fixture(autouse=True)
def catalogue(paths: Paths, source: Path) -> Path:
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    rows = [
        f'id = "small"\nfile = "small.gguf"\nsha256 = "{sha256}"\nsize_bytes = {source.stat().st_size}\n'
        f'sources = [{{kind = "file", path = "{source}"}}]\n',
        f'id = "huge"\nfile = "huge.gguf"\nsize_bytes = {10**15}\n',
        'id = "filler"\nfile = "filler.gguf"\ncan_chat = false\n',
    ]
    paths.config.mkdir(parents=True)
    file = paths.config / "models.toml"
    file.write_text("".join(f"[[model]]\n{row}" for row in rows), encoding="utf-8")
    return file


@pytest.fixture
def stub(paths: Paths) -> Iterator[StubDaemon]:
    with stub_daemon(paths) as running:
        yield running


def test_without_a_daemon_the_files_are_listed(run: Run, paths: Paths, source: Path) -> None:
    assert run("list")[:2] == (0, "")
    write_gguf(paths.models / "small.gguf")
    (paths.models / "letter.gguf").write_text("Dear model,")
    status, out, err = run("list")
    assert status == 0
    assert out.splitlines()[1:] == [
        "letter\tlocal\tbroken\t\t11 B\t\t",
        f"small\tlocal\tinstalled\t2048\t{source.stat().st_size / 1000:.0f} KB\tchat\tyes",
    ]
    assert "letter.gguf" in err


def test_what_can_be_had_is_listed_with_whether_it_fits(run: Run, paths: Paths) -> None:
    write_gguf(paths.models / "small.gguf")
    status, out, _ = run("available")
    rows = {line.split("\t")[0]: line.split("\t") for line in out.splitlines()}
    assert status == 0
    assert rows["small"][4] == "here"
    assert rows["huge"][4] == "no"
    assert rows["qwen2.5-coder-0.5b"][3] == "chat, completion"
    assert rows["filler"][4] == ""


def test_without_a_daemon_a_model_is_pulled_right_here(run: Run, paths: Paths, source: Path) -> None:
    status, out, _ = run("pull", "small")
    assert (status, out) == (0, f"{paths.models / 'small.gguf'}\n")
    assert (paths.models / "small.gguf").read_bytes() == source.read_bytes()


def test_a_pull_that_fails_says_why(run: Run, source: Path) -> None:
    source.unlink()
    status, out, err = run("pull", "small")
    assert (status, out) == (1, "")
    assert "error: small could not be fetched" in err
    assert "hint: " in err


def test_pulling_a_model_nobody_knows_is_refused_with_a_guess(run: Run) -> None:
    status, _, err = run("pull", "smal")
    assert status == 1
    assert "hint: Did you mean small?" in err


def test_a_model_that_does_not_fit_is_warned_of_first(run: Run) -> None:
    _, _, err = run("pull", "huge")
    assert err.startswith("huge needs about ")
    assert "It will not run here." in err


def test_a_model_another_program_has_is_told_of(run: Run, person: Path, source: Path) -> None:
    write_gguf(person / ".lmstudio/models/someone/repo/small.gguf")
    _, _, err = run("pull", "small")
    assert "LM Studio has this file already; `andiron models add small` uses it as it is." in err


def test_a_running_daemon_does_the_pulling(run: Run, stub: StubDaemon) -> None:
    done = {"id": "small", "path": "/models/small.gguf"}
    stub.routes[f"POST {MODEL}/pull"] = (
        200,
        events(
            ("start", {"id": "small", "total": 10, "fits": "yes"}),
            ("progress", {"bytes": 5, "total": 10, "rate": 1}),
            ("notice", {"message": "Checking what came.\x1b[2J"}),
            ("done", done),
        ),
    )
    assert run("pull", "small") == (0, "/models/small.gguf\n", "Checking what came.[2J\n")


def test_a_pull_of_the_daemon_that_fails_says_why(run: Run, stub: StubDaemon) -> None:
    error = {"error": {"code": "backend_unavailable", "message": "no room", "hint": "Make room."}}
    stub.routes[f"POST {MODEL}/pull"] = (200, events(("start", {"id": "small"}), ("error", error)))
    assert run("pull", "small") == (1, "", "error: no room\nhint: Make room.\n")


def test_a_pull_of_the_daemon_can_be_cancelled(run: Run, stub: StubDaemon) -> None:
    stub.routes[f"DELETE {MODEL}/pull"] = (204, None)
    assert run("pull", "small", "--cancel")[0] == 0


def test_without_a_daemon_there_is_nothing_to_cancel(run: Run) -> None:
    status, _, err = run("pull", "small", "--cancel")
    assert status == 1
    assert "it pulls nothing" in err


def test_a_file_is_added_where_it_is(run: Run, paths: Paths, source: Path) -> None:
    status, out, err = run("add", str(source))
    assert (status, out) == (0, "mine\n")
    assert "andiron models use mine" in err
    assert not list(paths.models.glob("*.gguf"))
    assert "mine\tlocal" in run("list")[1]


def test_a_file_is_added_as_a_copy_under_a_name_of_its_own(run: Run, paths: Paths, source: Path) -> None:
    assert run("add", str(source), "--copy", "--id", "ours")[:2] == (0, "ours\n")
    assert (paths.models / "ours.gguf").exists()


def test_adding_what_is_no_model_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "letter.gguf"
    file.write_text("Dear model,")
    status, _, err = run("add", str(file))
    assert status == 1
    assert "no GGUF file" in err


def test_models_of_other_programs_are_shown_and_added_by_name(run: Run, person: Path) -> None:
    assert "No models of Ollama" in run("add")[2]
    blob = write_gguf(person / ".ollama/models/blobs" / f"sha256-{'c' * 64}")
    manifest = person / ".ollama/models/manifests/registry.ollama.ai/library/llama3/8b"
    manifest.parent.mkdir(parents=True)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{'c' * 64}"}
    manifest.write_text(json.dumps({"layers": [layer]}))
    assert "llama3:8b\tOllama\t" in run("add")[1]
    assert run("add", "llama3:8b")[:2] == (0, "llama3:8b\n")
    assert str(blob) in run("info", "llama3:8b")[1]
    assert "No models of Ollama" in run("add")[2]
    assert run("remove", "llama3:8b")[0] == 0
    assert blob.exists()


def test_adding_a_name_nobody_keeps_is_refused(run: Run) -> None:
    status, _, err = run("add", "llama9")
    assert status == 1
    assert "no other program keeps a model of that name" in err


def test_a_model_is_chosen_for_one_role(run: Run, paths: Paths) -> None:
    write_gguf(paths.models / "small.gguf")
    status, _, err = run("use", "small", "--for", "chat")
    settings = load_settings(paths)
    assert (status, settings.chat_model, settings.completion_model) == (0, "small", "")
    assert err == "chat: small\n"


def test_a_model_is_chosen_for_both_roles_and_given_up_again(run: Run, paths: Paths, source: Path) -> None:
    run("add", str(source))
    run("use", "mine")
    assert (load_settings(paths).chat_model, load_settings(paths).completion_model) == ("mine", "mine")
    run("use", "--default", "--for", "chat")
    assert (load_settings(paths).chat_model, load_settings(paths).completion_model) == ("", "mine")


def test_a_path_is_kept_in_full(run: Run, paths: Paths, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(source.parent)
    run("use", "./mine.gguf", "--for", "chat")
    assert load_settings(paths).chat_model == str(source)


def test_choosing_what_is_not_here_is_refused_and_nothing_is_written(run: Run, paths: Paths) -> None:
    status, _, err = run("use", "small")
    assert status == 1
    assert "hint: Get it: andiron models pull small" in err
    assert not paths.settings_file.exists()


def test_a_model_that_cannot_chat_is_refused_for_chat(run: Run, paths: Paths) -> None:
    write_gguf(paths.models / "filler.gguf")
    status, _, err = run("use", "filler", "--for", "chat")
    assert status == 1
    assert "filler is for completion only" in err


def test_a_variable_that_still_wins_is_told(run: Run, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gguf(paths.models / "small.gguf")
    monkeypatch.setenv("ANDIRON_CHAT_MODEL", "other")
    assert "ANDIRON_CHAT_MODEL is set in the environment to other and still wins." in run("use", "small")[2]


@pytest.mark.parametrize("arguments", [(), ("small", "--default")])
def test_use_wants_a_model_or_the_default(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("use", *arguments)[0] == 2


def test_a_model_is_used_by_the_daemon_that_runs(run: Run, paths: Paths, stub: StubDaemon) -> None:
    write_gguf(paths.models / "small.gguf")
    stub.routes[_CHANGE] = (200, {})
    status, _, err = run("use", "small", "--for", "completion")
    assert (status, stub.bodies(_CHANGE)) == (0, [{"completion_model": "small"}])
    assert "goes by it from now on" in err


def test_a_choice_is_taken_back_in_the_daemon_that_runs_too(run: Run, paths: Paths, stub: StubDaemon) -> None:
    stub.routes[_CHANGE] = (200, {})
    assert run("use", "--default", "--for", "chat")[0] == 0
    assert stub.bodies(_CHANGE) == [{"chat_model": None}]


@pytest.mark.parametrize("words", [["FILE"], ["small"]])
def test_what_the_daemon_that_runs_cannot_take_counts_from_its_next_start(
    words: list[str], run: Run, paths: Paths, stub: StubDaemon
) -> None:
    write_gguf(paths.models / "small.gguf")
    stub.routes[_CHANGE] = (404, {"error": {"code": "model_not_found", "message": "it knows no such model"}})
    status, _, err = run("use", *(word.replace("FILE", str(paths.models / "small.gguf")) for word in words))
    assert status == 0
    assert "at its next start: andiron stop" in err
    assert ("it knows no such model" in err) == (words == ["small"])


def test_what_a_model_says_of_itself_is_shown(run: Run, paths: Paths) -> None:
    write_gguf(paths.models / "small.gguf")
    update_record(paths.models, "small", infill_ok=False, prompt_tokens_per_second=100.4, generate_tokens_per_second=20)
    status, out, _ = run("info", "small")
    shown = dict(line.split("\t", 1) for line in out.splitlines())
    assert status == 0
    assert (shown["architecture"], shown["context"], shown["parameters"]) == ("llama", "2048", "384")
    assert shown["infill tokens"] == "<fim_prefix>, <fim_suffix>, <fim_middle>"
    assert shown["infill tested"] == "it does not fill gaps"
    assert shown["measured"] == "100 tokens/s read, 20 tokens/s written"
    assert len(shown["sha256"]) == 64


def test_a_broken_file_is_explained(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "broken.gguf"
    file.write_bytes(b"GGUF\xff\xff\xff\xff")
    status, _, err = run("info", str(file))
    assert status == 1
    assert "broken.gguf" in err
    assert "hint: " in err


def test_models_are_checked_and_a_wrong_one_fails(run: Run, paths: Paths, source: Path) -> None:
    run("pull", "small")
    write_gguf(paths.models / "mine.gguf")
    status, out, _ = run("verify")
    assert status == 0
    assert [line.split("\t")[:2] for line in out.splitlines()[1:]] == [["mine", "pinned now"], ["small", "good"]]
    (paths.models / "small.gguf").write_bytes(source.read_bytes() + b"!")
    status, out, _ = run("verify", "small")
    assert status == 1
    assert "WRONG, expected " in out


def test_a_model_is_removed_with_its_file(run: Run, paths: Paths) -> None:
    path = write_gguf(paths.models / "small.gguf")
    status, _, err = run("remove", "small")
    assert (status, err) == (0, "small is gone from Andiron.\n")
    assert not path.exists()


def test_a_running_daemon_does_the_removing(run: Run, paths: Paths, stub: StubDaemon) -> None:
    path = write_gguf(paths.models / "small.gguf")
    stub.routes[f"DELETE {MODEL}"] = (204, None)
    assert run("remove", "small")[0] == 0
    assert path.exists()


def test_removing_what_is_not_here_is_refused(run: Run) -> None:
    assert run("remove", "small")[0] == 1
