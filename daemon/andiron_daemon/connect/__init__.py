"""What other people's clients have to be told, and how it gets into their files without harm."""
