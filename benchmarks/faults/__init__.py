"""Faults of the rivals, each shown on the installed rival by a small program.

Every public function of the modules here runs one program and returns in a few words what was observed; it is
deterministic. ``tests/faults`` holds the same programs on stateflow beside them. ``python -m benchmarks.faults``
prints them all.
"""
