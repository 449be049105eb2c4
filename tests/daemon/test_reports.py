"""Error reports tell where it broke, and nothing of what it was about."""

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from andiron_daemon.errors import ConfigurationError
from andiron_daemon.reports import scrubbed, set_up_reports

DSN = "http://key@127.0.0.1:9/1"
_log = logging.getLogger("andiron_daemon.tested")


class _Kept(Transport):
    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.envelopes: list[Envelope] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)


@pytest.fixture
def kept() -> Iterator[_Kept]:
    transport = _Kept()
    set_up_reports(DSN, transport=transport)
    yield transport
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


def test_an_error_is_reported_without_messages_values_and_text(kept: _Kept) -> None:
    code_of_a_person = "marker of the text"
    _log.warning("marker logged before")
    try:
        raise ValueError(f"cannot read {code_of_a_person}")
    except ValueError:
        _log.exception("%s failed", code_of_a_person)
    events = [event for envelope in kept.envelopes if (event := envelope.get_event()) is not None]
    assert len(events) == 1
    told = json.dumps(events[0], default=str)
    assert "ValueError" in told
    assert "%s failed" in told
    assert "test_an_error_is_reported" in told
    for secret in ("marker", "/home", "server_name", "vars", "context_line"):
        assert secret not in told


def test_unknown_parts_of_an_event_are_dropped() -> None:
    assert scrubbed({"level": "error", "request": {"data": "x"}, "user": {"ip": "1"}, "extra": {"a": 1}}) == {
        "level": "error"
    }


def test_without_a_dsn_nothing_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    set_up_reports("")
    with pytest.raises(ConfigurationError, match="not installed"):
        set_up_reports(DSN)


def test_what_is_no_dsn_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="SENTRY_DSN"):
        set_up_reports("nonsense")
