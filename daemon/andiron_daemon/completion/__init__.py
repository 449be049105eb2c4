"""Code completion: from a cursor to a suggestion worth showing."""
