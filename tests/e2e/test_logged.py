"""One request can be followed through the log, from its answer down to the engine, and no text of it is there."""

from pathlib import Path

import msgspec
import pytest

from andiron_daemon.paths import Paths
from andiron_testing.daemon_process import StartDaemon, andiron, put_model

pytestmark = pytest.mark.model

_MARKER = "quixotic_marker"


def test_a_request_is_followed_down_to_the_engine(start_daemon: StartDaemon, paths: Paths, smollm2_path: Path) -> None:
    put_model(smollm2_path, paths)
    daemon = start_daemon(DEBUG="on")
    client = daemon.client
    client.post("/api/v1/chat/message", {"message": f"{_MARKER}?", "max_tokens": 4})
    client.post("/api/v1/code/complete", {"prefix": f"def {_MARKER}(a):\n    return", "max_tokens": 4})
    assert andiron("stop").returncode == 0
    text = paths.log_file.read_text(encoding="utf-8")
    lines = [msgspec.json.decode(line, type=dict[str, object]) for line in text.splitlines()]
    of_the_engine = [line for line in lines if line.get("request_id") and "worker" in str(line["message"])]
    told = {str(line["message"]).partition(": ")[2].partition(",")[0] for line in of_the_engine}
    assert {"chat taken", "infill taken"} <= told
    assert any(word.startswith("over: ") for word in told)
    assert len({line["request_id"] for line in of_the_engine}) >= 2
    assert _MARKER not in text
    assert paths.token_file.read_text(encoding="utf-8").strip() not in text
