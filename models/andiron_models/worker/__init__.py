"""The worker process: the one place where a model is loaded and evaluated."""
