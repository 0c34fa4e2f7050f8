"""What decides which transition is taken: comparisons, expressions, functions, counts of visits."""

from typing import TYPE_CHECKING

from stateflow._lazy import later
from stateflow.conditions.comparisons import visits, when
from stateflow.conditions.condition import Condition, default, on_error

if TYPE_CHECKING:
    from stateflow.conditions.expression import expr
else:  # with its interpreter
    __getattr__ = later(__name__, {"expr": "expression"})

__all__ = ["Condition", "default", "expr", "on_error", "visits", "when"]
