"""The state: an immutable mapping, and the restricted view of it that a body gets."""

from stateflow.state.state import Schema, State, belongs_to, state_of
from stateflow.state.values import ABSENT, Operation, applied, operations_between
from stateflow.state.view import Access, Declared, StateView, advice, operations, settle, view_of

__all__ = [
    "ABSENT",
    "Access",
    "Declared",
    "Operation",
    "Schema",
    "State",
    "StateView",
    "advice",
    "applied",
    "belongs_to",
    "operations",
    "operations_between",
    "settle",
    "state_of",
    "view_of",
]
