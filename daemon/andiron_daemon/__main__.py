"""`python -m andiron_daemon` is `andiron`."""

import sys

from andiron_daemon.cli.main import main

sys.exit(main())
