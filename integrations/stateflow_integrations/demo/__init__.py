"""``stateflow demo``: a conversation with documentation, a RAG application composed of Hamilton modules."""

from stateflow_integrations.demo.application import build, graph
from stateflow_integrations.demo.command import main

__all__ = ["build", "graph", "main"]
