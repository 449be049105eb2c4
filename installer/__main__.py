"""`python3 installer`: from a bare Python to a running Andiron.

This file only looks at the Python it runs on, so it is written for every Python there is; the work is in
`andiron_installer.bootstrap`, which needs the standard library of Python 3.11 and nothing else.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - a person may well start this with an older Python
    sys.stderr.write(
        "Andiron needs Python 3.11 or newer, and this is Python "
        + ".".join(str(part) for part in sys.version_info[:3])
        + " ("
        + (sys.executable or "python")
        + ").\nhint: start it with a newer one, for example: python3.11 installer\n"
    )
    sys.exit(10)

from andiron_installer.bootstrap.command_line import main

sys.exit(main(sys.argv[1:]))
