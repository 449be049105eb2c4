"""How long things are kept: the time before which a row is past its time."""

import datetime

from andiron_daemon.storage.records import time_text


def oldest_kept(at: str, days: int) -> str:
    """Return the time so many days before another, both as they stand in the database; 0 days keep all for ever."""
    if not days:
        return ""
    return time_text(datetime.datetime.fromisoformat(at) - datetime.timedelta(days=days))
