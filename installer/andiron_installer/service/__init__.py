"""The user service: one description of it, a renderer for each platform, and what a person does with it."""
