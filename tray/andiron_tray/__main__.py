"""`python -m andiron_tray`: what `andiron-tray` runs, by the Python that has it."""

import sys

from andiron_tray.main import main

if __name__ == "__main__":
    sys.exit(main())
