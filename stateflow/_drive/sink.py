"""Carries what happens inside bodies to the hooks and, in the streaming verbs, to the caller."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from stateflow.actions import Action
from stateflow.context import NodeRun, Span
from stateflow.events import Event, Item, NodeFinished
from stateflow.hooks import Hook, HookSet
from stateflow.journal import Address

INSIDE = (
    "post_stream_item",
    "pre_start_span",
    "post_end_span",
    "pre_run_node",
    "post_run_node",
    "do_log_attributes",
)


class Sink:
    """What one call hears from inside its bodies.

    ``outlet`` takes events for the caller, from any thread; None where the verb tells nothing. Async hooks cannot be
    awaited inside a body: they are kept in ``waiting`` until the driver is in charge again. ``raised`` is the last
    error of a hook, which is not the body's.
    """

    def __init__(
        self,
        hooks: HookSet,
        address: Address,
        actions: Mapping[str, Action],
        outlet: Callable[[Event], None] | None,
        *,
        events: bool,
    ) -> None:
        self.hooks = hooks.at
        self.address = address
        self.actions = actions
        self.outlet = outlet
        self.events = events
        self.waiting: list[tuple[Hook, dict[str, Any]]] = []
        self.raised: BaseException | None = None

    def __call__(self, action: str, sequence: int) -> StepSink:
        """Return the listener of one step."""
        return StepSink(self, action, sequence)

    def tell(self, point: str, facts: Mapping[str, Any]) -> None:
        """Call the hooks at a point."""
        for hook in self.hooks[point]:
            if inspect.iscoroutinefunction(hook):
                self.waiting.append((hook, dict(facts)))
            else:
                try:
                    hook(**facts)
                except BaseException as error:
                    self.raised = error
                    raise


class StepSink:
    """The listener of one step; see ``stateflow.context.Listener``."""

    __slots__ = ("action", "count", "facts", "sequence", "sink")

    def __init__(self, sink: Sink, action: str, sequence: int) -> None:
        self.sink = sink
        self.action = action
        self.sequence = sequence
        self.count = 0
        self.facts = {
            "app_id": sink.address.app_id,
            "partition_key": sink.address.partition_key,
            "action": sink.actions[action],
            "sequence_id": sequence,
        }

    @property
    def raised(self) -> BaseException | None:
        """What a hook has raised while the body ran."""
        return self.sink.raised

    def passed(self, value: Any) -> None:
        """Tell the hooks of an item that the driver itself hands to the caller."""
        self.sink.tell("post_stream_item", {**self.facts, "item": value, "item_index": self.count})
        self.count += 1

    def emitted(self, value: Any) -> None:
        self.passed(value)
        if self.sink.outlet is not None:
            self.sink.outlet(Item(self.action, self.sequence, value))

    def span_started(self, span: Span) -> None:
        self.sink.tell("pre_start_span", {**self.facts, "span": span})

    def span_ended(self, span: Span) -> None:
        self.sink.tell("post_end_span", {**self.facts, "span": span})

    def attributes_logged(self, attributes: dict[str, Any], span: Span | None) -> None:
        self.sink.tell("do_log_attributes", {**self.facts, "attributes": attributes, "span": span})

    def node_starts(self, name: str, arguments: Mapping[str, Any]) -> None:
        self.sink.tell("pre_run_node", {**self.facts, "node": name, "arguments": arguments})

    def node_ended(self, node: NodeRun) -> None:
        self.sink.tell("post_run_node", {**self.facts, "node": node})
        if self.sink.events and self.sink.outlet is not None:
            self.sink.outlet(NodeFinished(self.action, self.sequence, node))
