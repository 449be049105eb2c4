"""`python -m andiron_installer`: the set-up inside an environment that has the packages already.

`python3 installer` ends by starting this; whoever installed Andiron from a wheel starts here.
"""

import argparse
import io
import signal
import sys

from andiron_installer.bootstrap.command_line import ending
from andiron_installer.bootstrap.options import add_setup_options


def main(arguments: list[str] | None = None) -> int:
    """Run the set-up and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m andiron_installer", description=__doc__, allow_abbrev=False)
    add_setup_options(parser)
    parser.add_argument("--changed", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)

    def run() -> int:
        from andiron_installer.setup import run_setup

        run_setup(options)
        return 0

    return ending(run)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A model may write what an old console cannot show; that must not end the set-up.
        sys.stdout.reconfigure(errors="replace")
    sys.exit(main())
