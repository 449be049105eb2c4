"""Where generation is stopped, judged while the text comes in piece by piece."""

import msgspec
import pytest

from andiron_daemon.completion.multiline import Extent
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.polish import watch_for
from andiron_daemon.completion.stop import Verdict, Watch, Why
from andiron_testing.gaps import scene_at


def watched(written: str, text: str, language: str | None = "python") -> tuple[str, str | None]:
    """Feed a text sign by sign; what was kept of it, and why it was stopped."""
    scene = scene_at(text, language)
    watch = Watch(scene.gap, scene.extent, scene.language, CompletionPolicy())
    verdict: Verdict | None = None
    for sign in written:
        verdict = watch.feed(sign)
        if verdict is not None:
            break
    return (watch.text[: verdict.length], verdict.why.value) if verdict is not None else (watch.text, None)


@pytest.mark.parametrize(
    ("language", "text", "written", "kept", "why"),
    [
        # line
        ("python", "x = █\n", "1\ny = 2\n", "1", "line end"),
        ("python", "x = 1█\n", "\ny = 2\nz", "\ny = 2", "line end"),
        ("python", "x = █\n", "1", "1", None),
        # statement
        ("python", "def f():\n    █\n    return a\n", "a = 1\n    b", "a = 1", "unit end"),
        (
            "python",
            "def f():\n    █\n    return a\n",
            "a = g(\n        1,\n    )\n    b",
            "a = g(\n        1,\n    )",
            "unit end",
        ),
        (
            "python",
            "def f():\n    █\n    return a\n",
            "for x in y:\n        g(x)\n    h(",
            "for x in y:\n        g(x)\n",
            "dedent",
        ),
        (
            "python",
            "def f():\n    █\n    return a\n",
            "if x:\n        a = 1\n    else:\n        a = 2\n    b = 1\n",
            "if x:\n        a = 1\n    else:\n        a = 2\n",
            "dedent",
        ),
        # block
        (
            "python",
            "def f():\n    █\n\nprint(f())\n",
            "x = 1\n    return x\n\n\ndef g():\n",
            "x = 1\n    return x\n\n\n",
            "dedent",
        ),
        ("python", "def f():█\n", "\n    return 1\nprint(f())\n", "\n    return 1\n", "dedent"),
        ("javascript", "function f() {\n  █\n", "return 1;\n}\n\nf();\n", "return 1;\n}", "unit end"),
        (
            "javascript",
            "if (a) {\n  █\n",
            "b();\n} else {\n  c();\n}\nd();\n",
            "b();\n} else {\n  c();\n}",
            "unit end",
        ),
        ("go", "func f() int {\n\t█\n}\n", "return 1\n}\n\nfunc g() {\n", "return 1\n}", "unit end"),
        # a block that goes on, and the top level
        (
            "python",
            "def f():\n    a = 1\n    █\n\n\ndef g():\n    pass\n",
            "b = 2\n\n    c = 3\n",
            "b = 2\n",
            "unit end",
        ),
        ("python", "█", "import os\nimport sys\n", "import os\n", "dedent"),
        (
            "python",
            "█",
            "# what it does\ndef f():\n    return 1\n\n\ndef g():\n",
            "# what it does\ndef f():\n    return 1\n\n\n",
            "dedent",
        ),
        # what stands behind the cursor, and what was said before
        ("python", "def f():\n    █\n\nresult = f()\n", "x = 1\nresult = f()\n", "x = 1\n", "dedent"),
        ("python", "def f():\n    a = 1\n    █\n\n    return a\n", "return a\n", "", "suffix"),
        ("python", "def f():\n    █\n", "g(x)\n    g(x)\n    g(x)\n    g(x)\n", "g(x)\n    g(x)\n", "repetition"),
    ],
)
def test_it_stops_at_the_end_of_the_unit(language: str, text: str, written: str, kept: str, why: str | None) -> None:
    assert watched(written, text, language) == (kept, why)


def test_a_line_that_goes_round_in_circles_is_stopped() -> None:
    kept, why = watched("a" + ", foo" * 40, "x = [█\n")
    assert why == "repetition"
    assert len(kept) < 12


def test_a_block_without_an_end_in_sight_is_stopped_after_some_lines() -> None:
    lines = "".join(f"v{number} = {number}\n    " for number in range(20))
    kept, why = watched(lines, "def f():\n    a = 1\n    █\n")
    assert why == "too long"
    assert len(kept.split("\n")) == CompletionPolicy().open_block_lines


def test_where_many_lines_are_asked_for_only_the_end_of_the_block_counts() -> None:
    scene = scene_at("def f():\n    a = 1\n    █\n", asked=True)
    watch = Watch(scene.gap, scene.extent, scene.language, CompletionPolicy(), is_asked_for=True)
    assert watch.feed("b = 1\n\n    " + "".join(f"v{number} = {number}\n    " for number in range(20))) is None
    assert watch.feed("f = 5\n\n\ndef g(") is not None


def test_a_text_that_ends_by_itself_is_judged_by_its_last_line_too() -> None:
    scene = scene_at("def f():\n    █\n\nprint(f())\n")
    watch = Watch(scene.gap, scene.extent, scene.language, CompletionPolicy())
    assert watch.feed("return 1\nprint") is None
    verdict = watch.finish()
    assert verdict is not None
    assert watch.text[: verdict.length] == "return 1\n"
    assert Watch(scene.gap, scene.extent, scene.language, CompletionPolicy()).finish() is None


@pytest.mark.parametrize(
    ("text", "written", "kept", "why"),
    [
        (
            "for e in l:\n    i█\n    return\n",
            "f e > t:\n        return e\n    x = 1",
            "f e > t:\n        return e\n",
            "dedent",
        ),
        ("for e in l:\n    i█\n        return\n", "f e > t:\n        return e\n", "f e > t:", "line end"),
        ("x = 1█\nprint(x)\n", "\nfor i in y:\n    x += i\nprint(", "\nfor i in y:\n    x += i\n", "dedent"),
        ("f = [i█]\n", " if (\n", " if (", "line end"),
    ],
)
def test_a_line_that_opens_an_empty_block_takes_it_along(text: str, written: str, kept: str, why: str) -> None:
    scene = scene_at(text)
    assert scene.extent is Extent.LINE
    watch = watch_for(scene, CompletionPolicy())
    verdict = watch.feed(written)
    assert verdict is not None
    assert (written[: verdict.length], verdict.why.value) == (kept, why)


def test_a_line_of_its_own_ends_at_its_end_where_one_line_is_asked_for() -> None:
    scene = msgspec.structs.replace(scene_at("for e in l:\n    i█\n", asked=False), is_confined=True)
    verdict = watch_for(scene, CompletionPolicy()).feed("f e > t:\n        return e\n")
    assert verdict is not None
    assert verdict.why is Why.LINE_END


def test_a_statement_that_opens_the_block_below_it_is_whole() -> None:
    scene = scene_at("for x in y:\n    █\n        print(x)\n")
    verdict = watch_for(scene, CompletionPolicy()).feed("if x:\n")
    assert verdict is not None
    assert (verdict.length, verdict.why) == (len("if x:"), Why.UNIT_END)
