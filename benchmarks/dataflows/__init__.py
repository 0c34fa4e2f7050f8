"""Hamilton modules that every contestant runs."""
