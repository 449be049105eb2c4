"""What can go wrong while a bundle is made.

BundleError   with what to do about it
"""


class BundleError(Exception):
    """The bundle was not made, or is not what its manifest says; `hint` is the next step."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
