"""The assists: explaining, refactoring, finding bugs, writing tests; what a model says is checked before it is told."""
