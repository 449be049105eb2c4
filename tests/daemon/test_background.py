"""Starting in the background where the start goes wrong."""

import sys

import pytest

from andiron_daemon import background
from andiron_daemon.background import StartError, start_in_background
from andiron_daemon.paths import Paths


def _play(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(background, "own_command", lambda *_: [sys.executable, "-c", code])


def test_one_that_never_answers_is_given_up_and_ended(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    _play(monkeypatch, "import signal; signal.pause()")
    with pytest.raises(StartError, match=r"did not answer within 0 s") as caught:
        start_in_background(paths, timeout_seconds=0.1)
    assert "andiron serve" in (caught.value.hint or "")


def test_one_that_ends_without_a_word_has_a_hint_all_the_same(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    _play(monkeypatch, "raise SystemExit(1)")
    with pytest.raises(StartError, match="exit status 1") as caught:
        start_in_background(paths)
    assert str(paths.state) in (caught.value.hint or "")


def test_one_that_ends_is_not_waited_for_and_its_words_are_told(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    _play(
        monkeypatch, "import sys; print('error: no room', 'hint: make some', sep='\\n', file=sys.stderr); sys.exit(78)"
    )
    with pytest.raises(StartError, match=r"^no room$") as caught:
        start_in_background(paths)
    assert (caught.value.status, caught.value.hint) == (78, "make some")
