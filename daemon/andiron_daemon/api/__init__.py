"""The HTTP surface: one resource a file, thin handlers over services."""
