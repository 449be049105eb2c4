"""Set-up on a person's machine: environment, model, first answer."""
