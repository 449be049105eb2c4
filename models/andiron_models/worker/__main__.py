"""The worker process: `python -m andiron_models.worker`, spoken to over standard input and output.

Whatever libraries print goes to standard error; the descriptor of standard output is kept for frames alone.
The process gives way a little, so that the editor beside it stays quick while a model computes.
"""

import contextlib
import os
import signal
import sys

import psutil

_NICENESS = 5


def main() -> int:
    """Run until the daemon says stop or goes away; 0 in both cases."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    frames = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _give_way()
    from andiron_models.worker.loop import run

    with os.fdopen(frames, "wb") as sink:
        try:
            run(sys.stdin.buffer, sink)
        except BrokenPipeError:
            return 0
    return 0


def _give_way() -> None:
    with contextlib.suppress(psutil.AccessDenied):
        if sys.platform == "win32":
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            psutil.Process().nice(_NICENESS)


if __name__ == "__main__":
    sys.exit(main())
