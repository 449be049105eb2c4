"""More ports than one: where they are taken the daemon starts all the same, and says so once."""

import socket

import httpx

from andiron_testing.daemon_process import StartDaemon, andiron


def test_a_port_that_is_taken_is_warned_of_and_no_more(start_daemon: StartDaemon) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        daemon = start_daemon(ANDIRON_EXTRA_PORTS=str(port))
        assert daemon.client.health()["status"] == "ok"
        daemon.client.post("/api/v1/system/stop", {})
        assert daemon.wait() == 0
    warnings = [line for line in daemon.said().splitlines() if line.startswith("warning:")]
    assert len(warnings) == 1
    assert f"not listening on port {port} too" in warnings[0]


def test_what_is_no_port_stops_the_start() -> None:
    done = andiron("serve", variables={"ANDIRON_EXTRA_PORTS": "8012,many", "PORT": "0"})
    assert done.returncode == 78
    assert "'many'" in done.stderr


def test_without_a_token_ollamas_clients_work_on_the_loopback(start_daemon: StartDaemon) -> None:
    daemon = start_daemon(ANDIRON_AUTH="off")
    answer = httpx.get(f"{daemon.record.url}/api/tags", trust_env=False)
    assert answer.json() == {"models": []}
