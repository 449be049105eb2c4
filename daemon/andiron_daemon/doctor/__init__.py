"""What `andiron doctor` looks at: one check a line, with a verdict and, where something is wrong, the next step."""
