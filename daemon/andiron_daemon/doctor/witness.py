"""What was seen of the network while Andiron worked, and the kernel's counters of it."""

import msgspec

SNMP = "/proc/net/snmp"
_COUNTERS = {
    "Tcp": ("ActiveOpens", "AttemptFails", "OutSegs"),
    "Udp": ("OutDatagrams",),
    "Ip": ("OutRequests", "OutNoRoutes"),
}


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What three witnesses saw; `kernel` is null where the process had no network of its own to count."""

    answers: dict[str, str]
    failure: str
    events: tuple[str, ...]
    connections: tuple[str, ...]
    looks: int
    kernel: dict[str, int] | None = None


def kernel_counters(text: str) -> dict[str, int]:
    """Read of /proc/net/snmp how often anything was sent or tried to be."""
    rows: dict[str, list[list[str]]] = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        rows.setdefault(name, []).append(rest.split())
    found: dict[str, int] = {}
    for name, wanted in _COUNTERS.items():
        if name not in rows:
            continue
        titles, values = rows[name][:2]
        table = dict(zip(titles, values, strict=True))
        found |= {f"{name}.{title}": int(table[title]) for title in wanted if title in table}
    return found
