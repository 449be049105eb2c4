"""`andiron analyze`: what is looked at, how it is told, and what the exit status says."""

import io
import json
from pathlib import Path

import jsonschema
import pytest

from andiron_daemon.cli.analyze_files import Source, Unread, find_sources, read_source
from andiron_daemon.cli.analyze_run import Options, run
from andiron_daemon.cli.main import main

SCHEMA = Path(__file__).with_name("sarif-2.1.0-rtm.5.json")
BROKEN = "def f():\n    return (1, '🙂'\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    files = {
        ".git/config": "",
        ".git/hooks.py": "x = 1\n",
        ".gitignore": "build/\n*.gen.py\n!kept.gen.py\n",
        "good.py": "x = 1\n",
        "broken.py": BROKEN,
        "a.gen.py": "x = (\n",
        "kept.gen.py": "x = 1\n",
        "build/b.py": "x = (\n",
        "sub/.gitignore": "/secret.py\n",
        "sub/secret.py": "x = (\n",
        "sub/a b.js": "let x = 1;\n",
        "notes.xyz": "words\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "image.py").write_bytes(b"\x89PNG\0\0")
    (folder / "latin.py").write_bytes(b"x = '\xe9'\n")
    monkeypatch.chdir(folder)
    return folder


def analyze(*arguments: str) -> int:
    return main(["analyze", "--no-linters", *arguments])


def test_a_folder_is_looked_at_as_git_sees_it(project: Path) -> None:
    assert [source.path for source in find_sources(["."])] == [
        ".gitignore",
        "broken.py",
        "good.py",
        "image.py",
        "kept.gen.py",
        "latin.py",
        "notes.xyz",
        "sub/.gitignore",
        "sub/a b.js",
    ]
    assert [source.path for source in find_sources(["sub", "sub/a b.js"])] == ["sub/.gitignore", "sub/a b.js"]


def test_rules_above_a_folder_hold_in_it_and_a_named_file_is_always_looked_at(project: Path) -> None:
    (project / ".gitignore").write_text("*.js\n", encoding="utf-8")
    assert "sub/a b.js" not in [source.path for source in find_sources(["sub"])]
    assert [source.path for source in find_sources(["sub/a b.js"])] == ["sub/a b.js"]


def test_what_is_not_looked_at_says_why(project: Path) -> None:
    (project / "large.py").write_bytes(b"#" * (5 * 1024 * 1024 + 1))
    reasons = {name: read_source(Source(name, is_named=False)) for name in ("image.py", "latin.py", "notes.xyz")}
    assert reasons == {
        "image.py": Unread("binary"),
        "latin.py": Unread("not text in UTF-8"),
        "notes.xyz": Unread("of no known language"),
    }
    assert read_source(Source("large.py", is_named=True)) == Unread("larger than 5 MB")
    assert read_source(Source("gone.py", is_named=True)) == Unread("cannot be read: no such file or directory")


def test_findings_are_printed_line_by_line_and_the_rest_beside_them(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyze(".") == 1
    shown = capsys.readouterr()
    assert shown.out == "broken.py:2:12: error: this `(` is never closed [syntax syntax-error]\n" or (
        "broken.py:2:" in shown.out and shown.out.count("\n") == 1
    )
    assert "Left out: 1 binary, 1 not text in UTF-8, 3 of no known language." in shown.err


def test_json_holds_the_whole_answer_of_each_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert analyze(".", "--format", "json", "--fail-on", "never") == 0
    body = json.loads(capsys.readouterr().out)
    assert [file["path"] for file in body["files"]] == ["broken.py", "good.py", "kept.gen.py", "sub/a b.js"]
    assert {"language", "parse", "metrics", "symbols", "diagnostics", "linters", "notes"} <= set(body["files"][0])
    assert body["totals"]["error"] == 1
    assert {"path": "image.py", "reason": "binary"} in body["skipped"]


def test_sarif_is_valid_by_its_published_schema(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "hot.py").write_text("import pickle\n\n\ndef f(x):\n    return pickle.loads(x)\n", encoding="utf-8")
    assert main(["analyze", ".", "--format", "sarif"]) == 1
    log = json.loads(capsys.readouterr().out)
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.validate(log, schema)
    (run_of_it,) = log["runs"]
    assert run_of_it["columnKind"] == "utf16CodeUnits"
    rules = [rule["id"] for rule in run_of_it["tool"]["driver"]["rules"]]
    assert "syntax/syntax-error" in rules
    for result in run_of_it["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
    uris = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run_of_it["results"]}
    assert uris >= {"broken.py", "hot.py"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**log, "runs": [{"results": []}]}, schema)


def test_github_annotations_are_escaped(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = project / "a,b:c%.py"
    odd.write_text(BROKEN, encoding="utf-8")
    assert analyze(odd.name, "--format", "github") == 1
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith("::error file=a%2Cb%3Ac%25.py,line=2,col=")
    assert "title=syntax syntax-error::" in line


@pytest.mark.parametrize(
    ("fail_on", "broken", "good"), [("error", 1, 0), ("warning", 1, 0), ("info", 1, 0), ("never", 0, 0)]
)
def test_the_exit_status_goes_by_what_is_as_bad(project: Path, fail_on: str, broken: int, good: int) -> None:
    assert analyze("broken.py", "--fail-on", fail_on) == broken
    assert analyze("good.py", "--fail-on", fail_on) == good


def test_standard_input_is_read_as_the_language_given(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in (["--language", "python"], ["--stdin-path", "x.py"]):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"x = (\n")))
        assert analyze("-", *arguments) == 1
        assert "this `(` is never closed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "Missing argument"),
        (["gone.py"], "gone.py: there is no such file or folder"),
        (["good.py", "--language", "klingon"], "'klingon' is no language known here"),
        (["good.py", "--format", "xml"], "'xml' is not one of"),
    ],
)
def test_wrong_usage_is_told(
    project: Path, arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyze(*arguments) == 2
    assert expected in capsys.readouterr().err


def test_many_files_are_looked_at_by_several_processes_and_told_in_order(tmp_path: Path) -> None:
    for number in range(150):
        (tmp_path / f"{number:03}.py").write_text("x = (\n" if number % 50 == 0 else "x = 1\n", encoding="utf-8")
    options = Options(linters=("off",), processes=2)
    reports = list(run(find_sources([str(tmp_path)]), options))
    assert [Path(report.path).name for report in reports] == [f"{number:03}.py" for number in range(150)]
    assert [bool(report.analysis and report.analysis.parse.errors) for report in reports].count(True) == 3
