"""The desk: which linters are asked, what becomes of those that fail, and how all of it ends."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from andiron_daemon.analysis.linters.desk import LintDesk, LintInput, desk_for
from andiron_daemon.analysis.linters.kind import kind_of, named_for
from andiron_daemon.analysis.linters.linter import Found, LinterError, LinterMissingError, SourceFile
from andiron_daemon.analysis.types import Diagnostic, LinterRun
from andiron_daemon.errors import ConfigurationError
from andiron_daemon.positions import Position, Range
from andiron_daemon.settings import Settings
from andiron_daemon.syntax.languages import Language, language_named
from andiron_daemon.syntax.parse import parse

MakeProgram = Callable[[str, str], Path]
STRANGE = ["nul", "long line", "brackets", "empty", "comments", "half a character"]
PLACE = Range(Position(0, 0), Position(0, 1))


class ToldLinter:
    """Says what it is told to; `hangs` waits for ever."""

    languages = frozenset({"python"})

    def __init__(self, name: str, found: Found | LinterError, *, hangs: bool = False) -> None:
        self.name = name
        self._found = found
        self._hangs = hangs
        self.started = asyncio.Event()
        self.was_cancelled = False
        self.paths: list[str] = []

    async def version(self) -> str:
        if isinstance(self._found, LinterMissingError):
            raise self._found
        return "1.0"

    async def run(self, text: str, path: str) -> Found:
        self.paths.append(path)
        self.started.set()
        if self._hangs:
            try:
                await asyncio.Event().wait()
            finally:
                self.was_cancelled = True
        if isinstance(self._found, LinterError):
            raise self._found
        return self._found


class ToldManyLinter(ToldLinter):
    """Takes many files at once, and says the name of each."""

    async def run_many(self, files: Sequence[SourceFile]) -> Mapping[str, Found]:
        if isinstance(self._found, LinterError):
            raise self._found
        return {file.path: saying(Path(file.path).name) for file in files}


def saying(message: str, rule: str = "a") -> Found:
    found = Diagnostic(source="told", rule=rule, severity="info", message=message, range=PLACE)
    return Found(diagnostics=(found,))


def python() -> Language:
    found = language_named("python")
    assert found is not None
    return found


async def test_each_linters_fate_is_told_and_only_findings_are_lost() -> None:
    linters = [
        ToldLinter("good", saying("x")),
        ToldLinter("missing", LinterMissingError("it is not installed")),
        ToldLinter("failing", LinterError("it took longer than 10 s")),
        ToldLinter("partial", Found(note="headers were not found")),
    ]
    linted = await LintDesk(linters=linters).lint("x\n", "a.py", python(), None)
    assert [one.message for one in linted.diagnostics] == ["x"]
    assert linted.linters == (
        LinterRun(name="good", version="1.0", ran=True),
        LinterRun(name="missing", version=None, ran=False, reason="it is not installed"),
        LinterRun(name="failing", version="1.0", ran=False, reason="it took longer than 10 s"),
        LinterRun(name="partial", version="1.0", ran=True, reason="headers were not found"),
    )


async def test_a_linter_is_asked_about_its_own_languages_only() -> None:
    linter = ToldLinter("told", saying("x"))
    assert (await LintDesk(linters=[linter]).lint("x", "a.go", language_named("go"), None)).linters == ()
    assert (await LintDesk(linters=[linter]).lint("x", None, None, None)).linters == ()
    assert linter.paths == []


async def test_our_own_rules_are_a_source_among_the_others() -> None:
    text = "eval(x)\n"
    linted = await LintDesk(linters=[]).lint(text, None, python(), parse(text, python()))
    assert [(one.source, one.rule) for one in linted.diagnostics] == [("andiron", "eval-on-input")]
    assert [(run.name, run.ran) for run in linted.linters] == [("andiron", True)]


async def test_a_linter_and_our_rules_do_not_say_the_same_twice() -> None:
    text = "eval(x)\n"
    linted = await LintDesk(linters=[ToldLinter("ruff", saying("eval", "S307"))]).lint(
        text, "a.py", python(), parse(text, python())
    )
    assert [one.rule for one in linted.diagnostics] == ["S307"]


async def test_cancelling_reaches_the_linters() -> None:
    linter = ToldLinter("slow", saying("x"), hangs=True)
    task = asyncio.create_task(LintDesk(linters=[linter]).lint("x", "a.py", python(), None))
    await linter.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert linter.was_cancelled


async def test_closing_ends_what_runs() -> None:
    linter = ToldLinter("slow", saying("x"), hangs=True)
    desk = LintDesk(linters=[linter])
    task = asyncio.create_task(desk.lint("x", "a.py", python(), None))
    await linter.started.wait()
    await desk.aclose()
    assert linter.was_cancelled
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_text_that_is_too_long_is_told_so_by_each_linter() -> None:
    linter = ToldLinter("told", saying("x"))
    linted = await LintDesk(linters=[linter]).lint("x" * (5 * 1024 * 1024 + 1), "a.py", python(), None)
    assert linted.linters[0].reason == "the text is longer than 5242880 characters"
    assert linter.paths == []


async def test_a_linter_that_finds_far_too_much_is_cut_and_says_so() -> None:
    many = tuple(saying(str(number)).diagnostics[0] for number in range(2001))
    linted = await LintDesk(linters=[ToldLinter("told", Found(diagnostics=many))]).lint("x", "a.py", python(), None)
    assert len(linted.diagnostics) == 2000
    assert linted.linters[0].reason == "only the first 2000 of 2001 findings are shown"


async def test_many_files_go_in_one_call_and_the_others_by_themselves(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x")
    linter = ToldManyLinter("told", saying("alone"))
    files = [
        LintInput(text="x", path=str(tmp_path / "a.py"), language=python()),
        LintInput(text="x", path="b.py", language=python()),
        LintInput(text="x", path="c.go", language=language_named("go")),
    ]
    linted = await LintDesk(linters=[linter]).lint_files(files)
    assert [[one.message for one in each.diagnostics] for each in linted] == [["a.py"], ["alone"], []]
    assert linter.paths == ["b.py"]


async def test_where_a_bundle_fails_each_file_is_tried(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x")
    linter = ToldManyLinter("told", LinterError("it broke"))
    [linted] = await LintDesk(linters=[linter]).lint_files(
        [LintInput(text="x", path=str(tmp_path / "a.py"), language=python())]
    )
    assert linted.linters == (LinterRun(name="told", version="1.0", ran=False, reason="it broke"),)


@pytest.mark.parametrize(
    ("chosen", "names"),
    [((), {"told", "andiron"}), (("andiron",), {"andiron"}), (("told",), {"told"}), (("off",), set())],
)
async def test_linters_are_chosen_by_name(chosen: tuple[str, ...], names: set[str]) -> None:
    desk = LintDesk(chosen=chosen, linters=[ToldLinter("told", saying("x"))])
    linted = await desk.lint("x\n", "a.py", python(), parse("x\n", python()))
    assert {run.name for run in linted.linters} == names


def test_a_name_that_is_no_linters_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="'rufff', which is no linter") as caught:
        desk_for(Settings(linters=("rufff",)))
    assert caught.value.hint == "Did you mean ruff?"


def test_a_trusted_folder_must_be_named_in_full() -> None:
    with pytest.raises(ConfigurationError, match="'work', which is no absolute path"):
        desk_for(Settings(trusted_folders=("work",)))


@pytest.mark.parametrize(
    ("path", "language", "kind", "name"),
    [
        ("src/a.py", "python", "python", "src/a.py"),
        ("a.txt", "python", "python", "a.txt.py"),
        (None, "typescript", "typescript", "untitled.ts"),
        ("a\0b.py", "python", "python", "untitled.py"),
        ("a" * 300 + ".py", "python", "python", "untitled.py"),
        ("..", "python", "python", "untitled.py"),
        ("Dockerfile", None, "dockerfile", "Dockerfile"),
        ("x/Dockerfile.dev", "python", "dockerfile", "x/Dockerfile.dev"),
        ("web.dockerfile", None, "dockerfile", "web.dockerfile"),
        ("a.unknown", None, None, "a.unknown"),
    ],
)
def test_linters_see_a_name_that_tells_the_language(
    path: str | None, language: str | None, kind: str | None, name: str
) -> None:
    row = language_named(language) if language else None
    assert kind_of(path, row) == kind
    assert named_for(path, row, kind) == name


@pytest.mark.parametrize(
    ("code", "seconds", "reason"),
    [
        ("time.sleep(600)", 2, "it took longer than 2 s"),
        ("os.abort()", 60, "it was ended by SIGABRT: it said nothing"),
        ("print('Segmentation fault (core dumped)')", 60, "what it printed cannot be understood"),
        ("sys.stdout.buffer.write(bytes(range(256)) * 9)", 60, "what it printed cannot be understood"),
        ("print('x' * 100_000_000)", 60, "it printed more than 8192 KiB"),
        ("sys.exit(7)", 60, "it ended with status 7: it said nothing"),
        ("print('{\"comments\": [{}]}')", 60, "what it printed cannot be understood"),
    ],
    ids=["hangs", "crashes", "prose", "bytes", "100 MB", "status", "wrong shape"],
)
async def test_a_linter_gone_wrong_costs_its_findings_only(
    make_program: MakeProgram, tmp_path: Path, code: str, seconds: float, reason: str
) -> None:
    make_program("shellcheck", f"if '--version' in sys.argv: print('version: 9.9.9'); sys.exit()\n{code}")
    desk = LintDesk(chosen=("shellcheck", "andiron"), seconds=seconds)
    bash = language_named("bash")
    text = "curl -k x\n"
    linted = await desk.lint(text, str(tmp_path / "a.sh"), bash, parse(text, bash))
    assert [one.rule for one in linted.diagnostics] == ["tls-verification-off"]
    assert (linted.linters[0].version, linted.linters[0].ran) == ("9.9.9", False)
    assert (linted.linters[0].reason or "").startswith(reason)


@pytest.mark.parametrize("text", ["\0", "x" * 1_000_000, "(" * 10_000, "", "# only\n", "\ud800"], ids=STRANGE)
async def test_real_linters_bear_strange_text(text: str) -> None:
    desk = LintDesk(seconds=4)
    names = ("python", "javascript", "bash", "yaml", "c", "rust")
    work = [desk.lint(text[:20_000] if name == "c" else text, None, language_named(name), None) for name in names]
    for name, linted in zip(names, await asyncio.gather(*work), strict=True):
        assert {run.name for run in linted.linters} >= {"python": {"ruff"}, "javascript": {"oxlint"}}.get(name, set())
