"""Actions whose annotations name what is imported for type checkers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stateflow import action

if TYPE_CHECKING:
    from decimal import Decimal

    from stateflow import Input, State, StepContext


@action(writes=["seen"])
def work(state: State, amount: Decimal, count: int, ctx: StepContext) -> State:
    return state.update(seen=(amount, count, ctx.action))


@action(writes=["said"])
def signed(seen: Any, tone: Input[str]) -> str:
    return f"{seen[1]} {tone}"
