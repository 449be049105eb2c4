"""Our own rules: what a tree tells of a fault that the linters of a language leave unsaid."""
