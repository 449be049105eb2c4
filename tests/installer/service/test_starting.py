"""What is said of a service that was started and does not answer, whatever manager runs it."""

import pytest

from andiron_daemon.paths import Paths
from andiron_installer.service.control import Logs, State
from andiron_installer.service.description import Description
from andiron_installer.service.errors import ServiceError
from andiron_installer.service.plan import Plan
from andiron_installer.service.service import Service


class SilentControl:
    """A manager that takes everything up, and whose daemon never answers."""

    kind = "silent"

    def __init__(self, state: State) -> None:
        self._state = state

    def plan(self, description: Description, *, autostart: bool) -> Plan:
        return Plan(kind=self.kind, name=description.name, autostart=autostart, files=(), variables={})

    def start(self, description: Description) -> None: ...

    def stop(self, description: Description) -> None: ...

    def state(self, description: Description) -> State:
        return self._state

    def logs(self, description: Description, *, lines: int, follow: bool) -> Logs:
        return Logs()


def failure_of(paths: Paths, state: State) -> ServiceError:
    service = Service(paths, SilentControl(state), start_seconds=0.0)
    service.install(service.plan())
    with pytest.raises(ServiceError) as caught:
        service.start()
    return caught.value


def test_a_daemon_that_is_slow_to_come_is_told_from_one_that_does_not(paths: Paths) -> None:
    slow = failure_of(paths, State(activity="starting", pid=7, detail="the disk is full"))
    assert slow.message == "the service is starting (pid 7) and has not answered within 0 s: the disk is full"
    assert "may still come: andiron service status" in (slow.hint or "")


@pytest.mark.parametrize("state", [State(activity="failed", detail="exit 78"), State(activity="waiting", restarts=2)])
def test_a_daemon_that_ended_is_not_waited_for(paths: Paths, state: State) -> None:
    dead = failure_of(paths, state)
    assert dead.message.startswith("the service was started and does not answer")
    assert state.detail in dead.message
    assert dead.hint == "See why: andiron service logs"
