"""The four assists: explain, refactor, find bugs, generate tests; each is context, prompt, schema, validation."""
