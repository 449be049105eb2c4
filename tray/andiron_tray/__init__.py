"""The tray icon: a client of the daemon, nothing more."""
