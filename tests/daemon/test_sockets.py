import os
import socket

import pytest

from andiron_daemon.errors import ConfigurationError
from andiron_daemon.sockets import PortInUseError, is_loopback, listen, program_on, url_of


def test_the_default_loopback_is_listened_on_in_both_families() -> None:
    sockets = listen("127.0.0.1", 0)
    try:
        names = [opened.getsockname()[:2] for opened in sockets]
        assert names[0][0] == "127.0.0.1"
        assert names[1:] in ([], [("::1", names[0][1])])
        assert url_of(sockets) == f"http://127.0.0.1:{names[0][1]}"
        with socket.create_connection(("127.0.0.1", names[0][1])):
            pass
    finally:
        for opened in sockets:
            opened.close()


def test_a_taken_port_names_the_port_and_the_program() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError) as caught:
            listen("127.0.0.1", port)
        assert f"port {port} is in use by " in caught.value.message
        assert f"(pid {os.getpid()})" in caught.value.message
        assert caught.value.hint is not None
        assert "--port" in caught.value.hint
    assert program_on(port) is None


def test_a_taken_second_loopback_is_gone_without(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        sockets = listen("localhost", port)
        for opened in sockets:
            opened.close()
    assert [opened.family for opened in sockets] == [socket.AF_INET]
    assert "not listening on ::1" in caplog.text


@pytest.mark.parametrize("host", ["192.0.2.1", "a..b"])
def test_an_address_that_is_not_of_this_machine_is_a_wrong_setting(host: str) -> None:
    with pytest.raises(ConfigurationError, match="HOST is"):
        listen(host, 0)


def test_every_address_is_reached_by_the_loopback() -> None:
    sockets = listen("0.0.0.0", 0)
    try:
        assert url_of(sockets).startswith("http://127.0.0.1:")
    finally:
        sockets[0].close()


@pytest.mark.parametrize(
    ("host", "is_so"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.2", False),
        ("example.com", False),
    ],
)
def test_only_a_loopback_address_counts_as_one(host: str, is_so: bool) -> None:
    assert is_loopback(host) is is_so
