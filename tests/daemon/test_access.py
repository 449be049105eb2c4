"""Links and sessions: how long they last, and what ends them."""

import pytest

from andiron_daemon.access import LINK_SECONDS, SESSION_SECONDS, Access
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.paths import Paths
from andiron_daemon.settings import Settings


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(paths: Paths, clock: Clock) -> Access:
    return Access(Settings(token="the-token"), paths.token_file, clock)


def test_a_link_works_once(access: Access) -> None:
    code = access.make_link()
    secret = access.redeem(code)
    assert secret is not None
    assert secret != code
    assert access.is_session(secret)
    assert access.redeem(code) is None


def test_a_link_is_good_for_a_short_while(access: Access, clock: Clock) -> None:
    code = access.make_link()
    clock.now += LINK_SECONDS + 1
    assert access.redeem(code) is None


def test_a_session_lasts_as_long_as_it_is_used(access: Access, clock: Clock) -> None:
    secret = access.redeem(access.make_link())
    assert secret is not None
    for _ in range(3):
        clock.now += SESSION_SECONDS - 1
        assert access.is_session(secret)
    clock.now += SESSION_SECONDS + 1
    assert not access.is_session(secret)


def test_a_session_ended_is_over(access: Access) -> None:
    secret = access.redeem(access.make_link())
    assert secret is not None
    access.end_session(secret)
    assert not access.is_session(secret)
    assert not access.is_session("never-was")


def test_a_new_token_ends_the_old_one_and_all_that_was_made_under_it(access: Access) -> None:
    told: list[str] = []
    access.on_rotation(told.append)
    code, secret = access.make_link(), access.redeem(access.make_link())
    assert secret is not None
    access.take("the-new-token")
    assert access.is_token("the-new-token")
    assert not access.is_token("the-token")
    assert not access.is_session(secret)
    assert access.redeem(code) is None
    assert told == ["the-new-token"]


def test_links_and_sessions_do_not_pile_up(access: Access) -> None:
    codes = [access.make_link() for _ in range(100)]
    assert access.redeem(codes[0]) is None
    secrets = []
    for _ in range(100):
        secret = access.redeem(access.make_link())
        assert secret is not None
        secrets.append(secret)
    assert not access.is_session(secrets[0])
    assert access.is_session(secrets[-1])


@pytest.mark.parametrize(("settings", "told"), [(Settings(token="x"), "settings"), (Settings(auth=False), "no token")])
def test_a_token_that_is_not_kept_in_a_file_cannot_be_rotated(settings: Settings, told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told) as caught:
        Access(settings).check_rotation()
    assert caught.value.hint
