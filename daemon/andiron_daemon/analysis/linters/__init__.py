"""Linters behind one small interface, and the desk that runs the right ones for a text."""
