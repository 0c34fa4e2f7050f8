"""The state: an immutable mapping, and the restricted view of it that a body gets."""

from stateflow.state.state import Schema, State, state_of
from stateflow.state.values import ABSENT, Operation, applied, operations_between
from stateflow.state.view import Access, Declared, StateView, operations, settle, view_of

__all__ = [
    "ABSENT",
    "Access",
    "Declared",
    "Operation",
    "Schema",
    "State",
    "StateView",
    "applied",
    "operations",
    "operations_between",
    "settle",
    "state_of",
    "view_of",
]
