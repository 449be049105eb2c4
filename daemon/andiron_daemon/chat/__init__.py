"""Conversations: what is said, what the model is shown of it."""
