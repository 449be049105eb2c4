"""The assistant's daemon: API, chat, completion, storage and command line.

Imports nothing, so that `andiron --version` and the tray stay quick.
"""

__version__ = "0.1.0"
