"""Faults of the rivals: ours beside theirs. ``benchmarks/faults`` holds the programs that run on the rivals."""
