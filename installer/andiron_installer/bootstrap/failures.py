"""What can stop the installer, each with an exit code of its own.

SetupError                     1
├── (wrong Python)            10  said by installer/__main__.py, which must run on every Python
├── NoVenvError               11  Python came without the means to make environments
├── NoCompilerError           12  the engine must be built and nothing here can build it
├── NoNetworkError            13  the package index cannot be reached
├── NoSpaceError              14  the disk is too full
├── ReadOnlyError             15  a folder cannot be written
├── AlreadyRunningError       16  another installer is at work on the same environment
├── InstallError              17  pip or the compiler failed
├── ModelError                18  the model could not be chosen, fetched or checked
└── DaemonError               19  the daemon did not start or did not answer

Ctrl-C is 130, as in every shell; a command line that cannot be meant is 2.
"""

INTERRUPTED = 130


class SetupError(Exception):
    """The root: one line for people and the next step."""

    exit_code = 1

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NoVenvError(SetupError):
    """Python came without the means to make environments."""

    exit_code = 11


class NoCompilerError(SetupError):
    """The engine must be built from source and nothing here can build it."""

    exit_code = 12


class NoNetworkError(SetupError):
    """The package index cannot be reached."""

    exit_code = 13


class NoSpaceError(SetupError):
    """The disk is too full."""

    exit_code = 14


class ReadOnlyError(SetupError):
    """A folder cannot be written."""

    exit_code = 15


class AlreadyRunningError(SetupError):
    """Another installer is at work on the same environment."""

    exit_code = 16


class InstallError(SetupError):
    """Pip or the compiler failed."""

    exit_code = 17


class ModelError(SetupError):
    """The model could not be chosen, fetched or checked."""

    exit_code = 18


class DaemonError(SetupError):
    """The daemon did not start or did not answer."""

    exit_code = 19
