"""How long things are kept: the time before which a row is past its time."""

import datetime


def oldest_kept(at: str, days: int) -> str:
    """Return the time so many days before another, both as they stand in the database; 0 days keep all for ever."""
    if not days:
        return ""
    then = datetime.datetime.fromisoformat(at) - datetime.timedelta(days=days)
    return then.isoformat(timespec="microseconds").replace("+00:00", "Z")
