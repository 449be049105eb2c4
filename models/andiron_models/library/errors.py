"""What can go wrong while models are fetched and kept.

ModelError                           of andiron_models.errors
├── CatalogueError          internal             a models.toml cannot be meant
├── PullCancelledError      internal             someone stopped the pull; what was fetched is kept
└── BackendUnavailableError
    └── PullError           backend_unavailable  the model could not be fetched; `details["tried"]` says why, by source
        ├── SourceError     backend_unavailable  one source cannot give it; the next is tried
        ├── ChecksumError   backend_unavailable  what came is not what was expected
        └── DiskSpaceError  backend_unavailable  there is too little room; what was fetched is kept
"""

from andiron_models.errors import BackendUnavailableError, ModelError


class CatalogueError(ModelError):
    """A catalogue file cannot be meant; the message names file and entry."""


class PullCancelledError(ModelError):
    """Someone stopped the pull; pulling again goes on where it stopped."""


class PullError(BackendUnavailableError):
    """The model could not be fetched."""


class SourceError(PullError):
    """One source cannot give the model now."""


class ChecksumError(PullError):
    """What came is not what was expected; `details` has both checksums."""


class DiskSpaceError(PullError):
    """There is too little room on the disk; `details` has the numbers."""
