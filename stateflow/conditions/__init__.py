"""What decides which transition is taken: comparisons, expressions, functions, counts of visits."""

from stateflow.conditions.comparisons import visits, when
from stateflow.conditions.condition import Condition, default, on_error
from stateflow.conditions.expression import expr

__all__ = ["Condition", "default", "expr", "on_error", "visits", "when"]
