"""Kept states: found by what they begin with, bounded in bytes."""

from andiron_models.worker.states import StateStore, as_tokens, common_prefix


def _store(*runs: list[int], limit_bytes: int = 1000, data: bytes = b"d" * 80) -> StateStore:
    store = StateStore(limit_bytes)
    for run in runs:
        store.put(run, data)
    return store


def _kept(store: StateStore) -> list[list[int]]:
    return [state.tokens.tolist() for state in store.states()]


def test_what_two_runs_begin_with_is_counted() -> None:
    assert common_prefix(as_tokens([1, 2, 3]), as_tokens([1, 2, 4, 5])) == 2
    assert common_prefix(as_tokens([1, 2]), as_tokens([1, 2, 3])) == 2
    assert common_prefix(as_tokens([]), as_tokens([1])) == 0


def test_the_state_that_begins_most_like_a_prompt_is_found() -> None:
    length, state = _store([1, 2, 3], [1, 9]).best(as_tokens([1, 2, 4]))
    assert length == 2
    assert state is not None
    assert state.tokens.tolist() == [1, 2, 3]


def test_nothing_in_common_is_nothing_found() -> None:
    assert _store([1, 2]).best(as_tokens([3])) == (0, None)
    assert StateStore(0).best(as_tokens([3])) == (0, None)


def test_a_state_that_goes_on_from_another_takes_its_place() -> None:
    store = _store([1, 2], [5], [1, 2, 3])
    assert _kept(store) == [[5], [1, 2, 3]]
    assert store.size_bytes == 2 * 80 + 4 * 4


def test_the_oldest_leave_when_the_bound_is_reached() -> None:
    store = _store([1], [2], [3], limit_bytes=200)
    assert _kept(store) == [[2], [3]]
    assert store.size_bytes <= 200


def test_a_state_that_was_put_back_outlives_those_that_were_not() -> None:
    store = _store([1], [2])
    _, state = store.best(as_tokens([1]))
    assert state is not None
    store.touch(state)
    assert _kept(store) == [[2], [1]]


def test_looking_for_a_state_does_not_keep_it() -> None:
    store = _store([1, 5], [2])
    store.best(as_tokens([1, 7]))
    assert _kept(store) == [[1, 5], [2]]


def test_a_state_that_has_left_meanwhile_may_be_touched() -> None:
    store = _store([1])
    _, state = store.best(as_tokens([1]))
    assert state is not None
    store.clear()
    store.touch(state)
    assert len(store) == 0


def test_a_state_larger_than_the_bound_is_not_kept_and_drives_out_none() -> None:
    store = _store([1], limit_bytes=200)
    store.put([1, 2], b"d" * 500)
    assert _kept(store) == [[1]]


def test_a_run_is_covered_by_a_state_that_begins_with_all_of_it() -> None:
    store = _store([1, 2, 3])
    assert store.covers(as_tokens([1, 2]))
    assert not store.covers(as_tokens([1, 2, 3, 4]))


def test_a_cleared_store_holds_nothing() -> None:
    store = _store([1], [2])
    store.clear()
    assert (len(store), store.size_bytes) == (0, 0)
