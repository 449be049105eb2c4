"""The proof that nothing leaves the machine: a completion and a chat in a child process whose sockets are watched."""

import functools
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence

import msgspec

from andiron_daemon.doctor.verdict import Check
from andiron_daemon.doctor.witness import Seen

_LIMIT_SECONDS = 600.0
_MODULE = "andiron_daemon.doctor.watched"
_LATER = "Where the policy is `local` this is a fault of Andiron's: please report it. See ANDIRON_BACKEND."


def offline_checks() -> Iterator[Check]:
    """Run the child and say what was seen."""
    own = _own_network()
    command = [*own, sys.executable, "-P", "-m", _MODULE, *(["--own-network"] if own else [])]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=_LIMIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Check(name="offline", verdict="fail", said=f"the watched process did not end: {error}")
        return
    try:
        seen = msgspec.json.decode(ended.stdout.splitlines()[-1], type=Seen)
    except (msgspec.MsgspecError, IndexError):
        said = ended.stderr.decode("utf-8", errors="replace").strip().splitlines()
        yield Check(
            name="offline",
            verdict="fail",
            said=f"the watched process ended with status {ended.returncode}: {said[-1] if said else 'no word'}",
        )
        return
    yield from judged(seen)


def judged(seen: Seen) -> Iterator[Check]:
    """Say what the witnesses saw."""
    for kind in ("completion", "chat"):
        if kind in seen.answers:
            yield Check(name=f"offline {kind}", verdict="ok", said=f"answered by {seen.answers[kind]}")
        else:
            hint = "See whether a model is installed: `andiron models`."
            yield Check(name=f"offline {kind}", verdict="fail", said=seen.failure or "not answered", hint=hint)
    if seen.events:
        shown = "; ".join(dict.fromkeys(seen.events))
        yield Check(name="sockets of Python", verdict="fail", said=shown, hint=_LATER)
    else:
        yield Check(name="sockets of Python", verdict="ok", said="no connection begun, no name looked up (audit hook)")
    if seen.connections:
        yield Check(name="sockets of the processes", verdict="fail", said="; ".join(seen.connections), hint=_LATER)
    else:
        said = f"none of daemon and engine was connected anywhere ({seen.looks} looks)"
        yield Check(name="sockets of the processes", verdict="ok", said=said)
    yield _kernel(seen.kernel)


def _kernel(counters: dict[str, int] | None) -> Check:
    if counters is None:
        return Check(
            name="kernel's counters",
            verdict="warn",
            said="not available: this system gives no network namespace",
            hint="On Linux with util-linux and user namespaces the kernel itself bears witness.",
        )
    sent = {name: count for name, count in counters.items() if count}
    if sent:
        return Check(name="kernel's counters", verdict="fail", said=f"something was sent: {sent}", hint=_LATER)
    said = f"0 connections, 0 datagrams, 0 packets, native code included ({', '.join(counters)})"
    return Check(name="kernel's counters", verdict="ok", said=said)


@functools.cache
def _own_network() -> Sequence[str]:
    """Return how to start a process in a network of its own, empty where that cannot be done."""
    unshare = shutil.which("unshare")
    if not sys.platform.startswith("linux") or unshare is None:
        return ()
    command = [unshare, "--user", "--map-current-user", "--net"]
    for tried in (command, [unshare, "-r", "-n"]):
        works = subprocess.run([*tried, "true"], capture_output=True, timeout=10, check=False)
        if works.returncode == 0:
            return tried
    return ()
