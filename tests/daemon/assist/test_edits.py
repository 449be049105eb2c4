from hypothesis import given
from hypothesis import strategies as st

from andiron_daemon.assist.edits import edits_between, unified_diff
from andiron_daemon.positions import Position, Range
from andiron_testing.assists import apply_edits

_TEXTS = st.text(alphabet=st.sampled_from("ab \n\r\t😀é\x0c\u2028"), max_size=60)


@given(_TEXTS, _TEXTS)
def test_the_edits_make_exactly_the_new_text_of_the_old_one(old: str, new: str) -> None:
    assert apply_edits(old, edits_between(old, new)) == new


@given(_TEXTS)
def test_the_same_text_needs_no_edits_and_has_no_diff(text: str) -> None:
    assert edits_between(text, text) == ()
    assert unified_diff(text, text, "a.py") == ""


def test_an_edit_is_no_longer_than_what_differs() -> None:
    (edit,) = edits_between("a = 1\r\nb = '😀' + x\r\nc = 3", "a = 1\r\nb = '😀' + y\r\nc = 3")
    assert edit.new_text == "y"
    assert edit.range == Range(Position(1, 11), Position(1, 12))


def test_edits_never_overlap_and_stand_in_order() -> None:
    edits = edits_between("a\nb\nc\nd\ne\n", "A\nb\nC\nd\nE")
    starts = [(edit.range.start.line, edit.range.start.character) for edit in edits]
    assert starts == sorted(starts)
    assert len(edits) == 3


def test_a_line_end_of_two_characters_is_never_parted() -> None:
    (edit,) = edits_between("a\r\n", "a\n")
    assert edit.range == Range(Position(0, 1), Position(1, 0))


def test_a_diff_says_where_the_last_line_has_no_end() -> None:
    diff = unified_diff("a\nb", "a\nc\n", "src/x.py")
    assert diff.startswith("--- a/src/x.py\n+++ b/src/x.py\n")
    assert "-b\n\\ No newline at end of file\n+c\n" in diff
