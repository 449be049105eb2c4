"""Ids sort by time and do not repeat."""

import time

from andiron_daemon.identifiers import new_id


def test_a_later_id_sorts_behind() -> None:
    first = new_id()
    while time.time_ns() // 1_000_000 == int(_milliseconds(first)):
        pass
    assert first < new_id()


def test_ids_of_one_moment_differ() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert {len(identifier) for identifier in ids} == {22}


def _milliseconds(identifier: str) -> int:
    number = 0
    for digit in identifier[:9]:
        number = number * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(digit)
    return number
