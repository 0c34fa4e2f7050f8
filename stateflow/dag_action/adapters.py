"""Hamilton adapters of ours. Importing this module imports Hamilton, so only functions import it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hamilton.htypes import check_input_type
from hamilton.lifecycle.base import BaseDoCheckEdgeTypesMatch, BaseDoValidateInput

from stateflow.dag_action.hints import Fits, fits, is_stream


class Leniency(BaseDoValidateInput):  # type: ignore[misc]  # Hamilton ships no types
    """Accepts the inputs that Hamilton refuses wrongly: an int for a float, a marked type, a TypedDict, a Protocol."""

    def do_validate_input(self, *, node_type: type, input_value: Any) -> bool:
        return fits(input_value, node_type, _hamiltons)


class Trust(BaseDoValidateInput):  # type: ignore[misc]  # Hamilton ships no types
    """Accepts every input: the action has looked at them before."""

    def do_validate_input(self, *, node_type: type, input_value: Any) -> bool:
        return True


class Collecting(BaseDoCheckEdgeTypesMatch):  # type: ignore[misc]  # Hamilton ships no types
    """Lets a node take the collected items of a stream; which edges do is judged when the plan is made."""

    def do_check_edge_types_match(self, *, type_from: type, type_to: type) -> bool:
        return is_stream(type_to)


def own_adapters(given: Sequence[Any], *, streams: bool) -> list[Any]:
    """Return the adapters that a driver of ours gets beside those given, of which one may do the same."""
    found: list[Any] = []
    if not any(isinstance(adapter, BaseDoValidateInput) for adapter in given):
        found.append(Leniency())
    if streams and not any(isinstance(adapter, BaseDoCheckEdgeTypesMatch) for adapter in given):
        found.append(Collecting())
    return found


def check_of(driver: Any) -> Fits:
    """Return what says whether a value fits a type: the driver's own adapter if it has one, else our lenient check."""
    for adapter in driver.adapter.sync_methods.get("do_validate_input", ()):
        if not isinstance(adapter, Leniency):
            return lambda value, hint: value is None or adapter.do_validate_input(node_type=hint, input_value=value)
    return lambda value, hint: fits(value, hint, _hamiltons)


def _hamiltons(value: Any, hint: Any) -> bool:
    return bool(check_input_type(hint, value))
