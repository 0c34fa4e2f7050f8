"""Reusable Hamilton modules; plain Hamilton, usable without stateflow."""
