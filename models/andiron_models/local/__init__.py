"""The local backend: the daemon's side of the worker process."""
