"""A daemon that is asked to stop and takes its time: run as a program, it ends once a file `may-end` is in its home."""

import sys
import time
from pathlib import Path

from andiron_daemon.paths import find_paths
from andiron_testing.stub_daemon import stub_daemon

_LOOK_SECONDS = 0.02


def main() -> None:
    """Hold the lock and answer, until it may end."""
    with stub_daemon(find_paths()) as stub:
        stub.routes["POST /api/v1/system/stop"] = (202, None)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while not Path(find_paths().state.parent, "may-end").exists():
            time.sleep(_LOOK_SECONDS)


if __name__ == "__main__":
    main()
