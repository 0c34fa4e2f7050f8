"""What stateflow costs and what it gets right, measured beside its rivals: ``python -m benchmarks``."""
