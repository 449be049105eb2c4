"""The accounts of classes that are outranked."""

import pytest

from andiron_models.types import Priority
from andiron_models.worker.credit import LIMIT_MS, SHARES, Credit

CHAT, BACKGROUND = Priority.CHAT, Priority.BACKGROUND


def test_nobody_has_anything_at_first() -> None:
    assert [Credit().of(priority) for priority in Priority] == [0, 0, 0]


def test_a_class_earns_its_share_while_it_is_outranked() -> None:
    credit = Credit()
    credit.settle(100, {CHAT, BACKGROUND}, {})
    assert credit.of(CHAT) == pytest.approx(100 * SHARES[CHAT])
    assert credit.of(BACKGROUND) == pytest.approx(100 * SHARES[BACKGROUND])


def test_a_class_pays_for_what_it_added() -> None:
    credit = Credit()
    credit.settle(100, {CHAT, BACKGROUND}, {CHAT: 10})
    assert credit.of(CHAT) == pytest.approx(100 * SHARES[CHAT] - 10)
    assert credit.of(BACKGROUND) == pytest.approx(100 * SHARES[BACKGROUND])


def test_an_account_is_closed_when_nobody_is_above_any_more() -> None:
    credit = Credit()
    credit.settle(100, {CHAT, BACKGROUND}, {})
    credit.settle(100, {BACKGROUND}, {})
    assert credit.of(CHAT) == 0
    assert credit.of(BACKGROUND) == pytest.approx(200 * SHARES[BACKGROUND])


def test_neither_credit_nor_debt_grows_without_end() -> None:
    credit = Credit()
    credit.settle(1e6, {CHAT}, {})
    assert credit.of(CHAT) == LIMIT_MS
    credit.settle(0, {CHAT}, {CHAT: 1e6})
    assert credit.of(CHAT) == -LIMIT_MS
