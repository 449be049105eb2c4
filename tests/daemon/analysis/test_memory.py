"""Nothing is kept of what was analysed: a daemon that looks at texts all day stays as large as it was."""

import gc
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from andiron_daemon.analysis.linters.desk import LintDesk
from andiron_daemon.analysis.rules.rule import all_rules
from andiron_daemon.analysis.rules.search import search
from andiron_daemon.analysis.service import AnalysisService
from andiron_daemon.analysis.static import analyse
from andiron_daemon.analysis.types import AnalysisInput
from andiron_daemon.syntax.languages import language_named
from andiron_daemon.syntax.parse import parse
from andiron_daemon.syntax.pieces import Pieces

SAMPLES = sorted((Path(__file__).parent / "samples").glob("sample_*"))
MEGABYTE = 1024 * 1024


def resident_bytes() -> int:
    """Say how much of this process is in memory."""
    return int(psutil.Process().memory_info().rss)


def growth(work: Callable[[], object], rounds: int) -> int:
    """Say by how much the process grows by doing the same again and again, once it has all that it keeps."""
    for _ in range(3):
        work()
    gc.collect()
    before = resident_bytes()
    for _ in range(rounds):
        work()
    gc.collect()
    return resident_bytes() - before


def bad_examples(language: str) -> str:
    """All that the rules find in a language, which is what they ask most about."""
    return "\n".join(
        example.code
        for rule in all_rules()
        for example in rule.examples
        if example.language == language and example.verdict == "bad"
    )


def test_parsing_keeps_no_text() -> None:
    text = "x = 1\n# " + "words " * 120_000
    assert growth(lambda: parse(text, language_named("python"), limit_seconds=60), 40) < 8 * MEGABYTE


@pytest.mark.parametrize("language", ["python", "javascript", "java"])
def test_the_rules_keep_no_tree(language: str) -> None:
    text = bad_examples(language) * 8

    def work() -> None:
        syntax = parse(text, language_named(language), limit_seconds=60)
        assert syntax is not None
        assert search(syntax, limit_seconds=60).diagnostics

    assert growth(work, 30) < 8 * MEGABYTE


def test_the_static_part_keeps_nothing_in_any_language() -> None:
    texts = [(path.name, path.read_text(encoding="utf-8")) for path in SAMPLES]
    assert growth(lambda: [analyse(text, name) for name, text in texts], 15) < 8 * MEGABYTE


async def test_the_service_stays_as_large_as_it_was() -> None:
    text = bad_examples("python") * 4
    desk = LintDesk(chosen=["andiron"])
    service = AnalysisService(desk)

    async def rounds(count: int) -> None:
        for _ in range(count):
            async for _event in service.analyse(AnalysisInput(code=text, path="a.py")):
                pass

    try:
        await rounds(5)
        gc.collect()
        before = resident_bytes()
        await rounds(40)
        gc.collect()
        assert resident_bytes() - before < 8 * MEGABYTE
    finally:
        await service.aclose()
        await desk.aclose()


def test_buffers_are_given_from_one_parse_to_the_next() -> None:
    first, second = Pieces(b"a" * 100_000), Pieces(b"b" * 100_000)
    ours, theirs = first(0, None), second(0, None)
    assert isinstance(ours, bytearray)
    assert ours is not theirs
    assert (bytes(ours[:1]), len(ours)) == (b"a", 64 * 1024)
    first.close()
    assert first(99_999, None) == b"a"
    third = Pieces(b"c" * 70_000)
    assert third(0, None) is ours
    assert third(70_000, None) is None
    third.close()
    second.close()


def test_no_character_is_cut_at_the_end_of_a_piece() -> None:
    for length in [*range(1, 140), 65_535, 65_536, 65_537]:
        data = ("x" * length + "🙂").encode()
        pieces = Pieces(data)
        place, sizes = 0, []
        while (piece := pieces(place, None)) is not None:
            assert bytes(piece) == data[place : place + len(piece)]
            sizes.append(len(piece))
            place += len(piece)
        pieces.close()
        assert place == len(data)
        assert isinstance(pieces(length, None), bytes)
        again = Pieces(data)
        last = again(length, None)
        assert last is not None
        assert bytes(last) == "🙂".encode()
        again.close()


def test_the_text_of_a_node_can_still_be_had_of_the_tree() -> None:
    syntax = parse("x = '🙂'\n", language_named("python"))
    assert syntax is not None
    assert syntax.root.text == syntax.text.encode()
