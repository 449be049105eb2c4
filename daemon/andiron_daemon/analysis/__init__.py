"""Static analysis: structure, metrics, diagnostics; nothing here runs the code or asks a model."""
