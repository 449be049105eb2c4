"""Whom the editor has talked to while all other tests of this folder ran; theirs come first by their names."""

from andiron_testing.code_editor import CodeEditor
from andiron_testing.code_server import CodeServer


def test_nothing_was_asked_of_any_other_machine(window: CodeEditor, server: CodeServer) -> None:
    # The editor names its own files by a host that its service worker answers for.
    foreign = {host for host in window.hosts if not host.endswith("vscode-cdn.net")}
    assert foreign == {"127.0.0.1"}
    assert server.peers() <= {"127.0.0.1"}
