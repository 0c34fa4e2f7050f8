"""Retrieval-augmented answers as plain Hamilton modules: load, chunk, index, retrieve, answer.

Each of `load`, `chunk`, `index`, `retrieve`, `answer`, `evaluate` and `questions` is given to
`hamilton.driver.Builder().with_modules(...)`; the other modules are what their nodes are made of.
"""
