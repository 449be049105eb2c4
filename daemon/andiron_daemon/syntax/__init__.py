"""What is known of programming languages: their names, their grammars, and how to look into a text with them."""
