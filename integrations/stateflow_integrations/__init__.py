"""Connections of stateflow to third parties; one module each, named after it."""
