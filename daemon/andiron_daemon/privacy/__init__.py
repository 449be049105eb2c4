"""What may leave this machine: secrets masked, private files withheld, and every sending written down."""
