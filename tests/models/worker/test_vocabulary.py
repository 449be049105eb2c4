"""Which tokens agree with bytes already given."""

from hypothesis import given
from hypothesis import strategies as some

from andiron_models.worker.vocabulary import Vocabulary

pieces = some.lists(some.one_of(some.binary(max_size=4), some.text("ab", max_size=4).map(str.encode)), max_size=40)
pendings = some.one_of(some.binary(min_size=1, max_size=6), some.text("ab", min_size=1, max_size=6).map(str.encode))


@given(pieces, pendings)
def test_the_tokens_that_agree_are_those_that_begin_it_or_go_on_from_it(pieces: list[bytes], pending: bytes) -> None:
    agreeing = Vocabulary(pieces).agreeing(pending).tolist()
    expected = [
        token
        for token, piece in enumerate(pieces)
        if piece and (piece.startswith(pending) or pending.startswith(piece))
    ]
    assert sorted(agreeing) == expected


@given(pieces)
def test_the_highest_bytes_have_no_successor_and_are_found_all_the_same(pieces: list[bytes]) -> None:
    with_high = [*pieces, b"\xff\xff", b"\xff\xff\x01", b"\xff"]
    agreeing = Vocabulary(with_high).agreeing(b"\xff\xff").tolist()
    assert {len(with_high) - 1, len(with_high) - 2, len(with_high) - 3} <= set(agreeing)


def test_tokens_without_bytes_never_agree() -> None:
    assert Vocabulary([b"", b"a", b""]).agreeing(b"a").tolist() == [1]


def test_an_empty_vocabulary_agrees_with_nothing() -> None:
    assert Vocabulary([]).agreeing(b"a").tolist() == []
