"""Tests of the reusable Hamilton modules, on plain Hamilton."""
