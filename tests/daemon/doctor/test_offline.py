"""What the witnesses saw, judged; and the counters they read."""

import msgspec
import pytest

from andiron_daemon.doctor.offline import judged
from andiron_daemon.doctor.witness import Seen, kernel_counters

SNMP = """\
Ip: Forwarding OutRequests OutNoRoutes
Ip: 2 0 3
Tcp: ActiveOpens AttemptFails OutSegs
Tcp: 1 0 7
Udp: OutDatagrams
Udp: 0
"""
CLEAN = Seen(
    answers={"completion": "local", "chat": "local"},
    failure="",
    events=(),
    connections=(),
    looks=9,
    kernel={"Tcp.ActiveOpens": 0},
)


def test_nothing_seen_is_a_proof() -> None:
    assert {check.verdict for check in judged(CLEAN)} == {"ok"}


@pytest.mark.parametrize(
    "seen",
    [
        {"events": ("socket.connect ('192.0.2.1', 443)",)},
        {"connections": ("pid 7 to 192.0.2.1:443",)},
        {"kernel": {"Tcp.ActiveOpens": 1}},
        {"answers": {"completion": "local"}, "failure": "no model is installed"},
    ],
)
def test_whatever_one_witness_saw_is_a_failure(seen: dict[str, object]) -> None:
    found = msgspec.structs.replace(CLEAN, **seen)
    failed = [check for check in judged(found) if check.verdict == "fail"]
    assert len(failed) == 1
    assert failed[0].hint


def test_a_system_without_network_namespaces_says_that_a_witness_is_missing() -> None:
    seen = Seen(answers=CLEAN.answers, failure="", events=(), connections=(), looks=1)
    assert [check.verdict for check in judged(seen)] == ["ok", "ok", "ok", "ok", "warn"]


def test_counters_are_read_by_their_titles() -> None:
    counters = kernel_counters(SNMP)
    assert counters["Ip.OutNoRoutes"] == 3
    assert counters["Tcp.ActiveOpens"] == 1
    assert counters["Udp.OutDatagrams"] == 0
    assert kernel_counters("") == {}
