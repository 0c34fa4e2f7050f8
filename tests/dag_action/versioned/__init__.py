"""Modules whose code versions are taken: they are read, copied, edited and run in processes of their own."""
