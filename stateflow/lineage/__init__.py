"""One picture of control flow, state and the DAGs inside the actions, in many media."""

from stateflow.lineage.model import Lineage

__all__ = ["Lineage"]
