"""Hamilton adapters of ours. Importing this module imports Hamilton, so only functions import it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hamilton.htypes import check_input_type
from hamilton.lifecycle.base import BaseDoCheckEdgeTypesMatch, BaseDoValidateInput

from stateflow.dag_action.hints import fits, is_stream


class Leniency(BaseDoValidateInput):
    """Accepts the inputs that Hamilton refuses wrongly: an int for a float, a marked type, a TypedDict, a Protocol."""

    def do_validate_input(self, *, node_type: type, input_value: Any) -> bool:
        return fits(input_value, node_type, check_input_type)


class Trust(BaseDoValidateInput):
    """Accepts every input: the action has looked at them before."""

    def do_validate_input(self, *, node_type: type, input_value: Any) -> bool:
        return True


class Collecting(BaseDoCheckEdgeTypesMatch):
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
