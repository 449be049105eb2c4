"""The commands of `andiron` that change the machine; `andiron_daemon.cli.main` finds them by its table."""
