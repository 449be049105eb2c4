"""What can go wrong in the tray.

TrayError
├── TrayUnavailableError   nothing here can show an icon with a menu; the tray ends
└── ActionError            a menu item could not do its work; the tray says so and goes on
"""


class TrayError(Exception):
    """The root; `message` is for people, `hint` is the next step."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class TrayUnavailableError(TrayError):
    """Nothing here can show an icon with a menu."""


class ActionError(TrayError):
    """A menu item could not do its work."""
