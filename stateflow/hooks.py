"""Hooks: methods of the user's that are called at fixed points of an application's life."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from stateflow.context import NodeRun, Span
from stateflow.errors import nearest
from stateflow.state import State

if TYPE_CHECKING:
    from stateflow.actions import Action
    from stateflow.graph import Graph


class LifecycleHook:
    """Subclass it and override what you need; only overridden methods are called.

    Each method may be sync or async (async ones need an async verb) and is called with keywords only. Name those
    that you need and take ``**future_kwargs``, so that more facts can be given later. A ``post_`` hook sees what was
    committed; if it raises, the exception propagates and the step stays committed.
    """

    def post_application_create(
        self, *, app_id: str, partition_key: str | None, state: State, graph: Graph, **future_kwargs: Any
    ) -> Any:
        """Called once, when an application is built."""

    def pre_run_execute_call(
        self, *, app_id: str, partition_key: str | None, state: State, method: str, **future_kwargs: Any
    ) -> Any:
        """Called when a verb starts; ``method`` is its name."""

    def post_run_execute_call(
        self,
        *,
        app_id: str,
        partition_key: str | None,
        state: State,
        method: str,
        exception: BaseException | None,
        **future_kwargs: Any,
    ) -> Any:
        """Called when a verb ends, with the exception that ends it."""

    def pre_run_step(
        self,
        *,
        app_id: str,
        partition_key: str | None,
        action: Action,
        sequence_id: int,
        state: State,
        inputs: Mapping[str, Any],
        **future_kwargs: Any,
    ) -> Any:
        """Called before a body, with the inputs that it takes."""

    def post_run_step(
        self,
        *,
        app_id: str,
        partition_key: str | None,
        action: Action,
        sequence_id: int,
        state: State,
        result: Mapping[str, Any] | None,
        exception: BaseException | None,
        **future_kwargs: Any,
    ) -> Any:
        """Called after a step, also after one that failed: then there is no result, and the state is the one before."""

    def pre_start_stream(
        self, *, app_id: str, partition_key: str | None, action: Action, sequence_id: int, **future_kwargs: Any
    ) -> Any:
        """Called before a streaming body."""

    def post_stream_item(
        self,
        *,
        app_id: str,
        partition_key: str | None,
        action: Action,
        sequence_id: int,
        item: Any,
        item_index: int,
        **future_kwargs: Any,
    ) -> Any:
        """Called for each item that a body yields or emits."""

    def post_end_stream(
        self, *, app_id: str, partition_key: str | None, action: Action, sequence_id: int, **future_kwargs: Any
    ) -> Any:
        """Called when a streaming body has ended."""

    def pre_start_span(
        self,
        *,
        app_id: str,
        partition_key: str | None,
        action: Action,
        sequence_id: int,
        span: Span,
        **future_kwargs: Any,
    ) -> Any:
        """Called when a span opens."""

    def post_end_span(
        self,
        *,
        app_id: str,
        partition_key: str | None,
        action: Action,
        sequence_id: int,
        span: Span,
        **future_kwargs: Any,
    ) -> Any:
        """Called when a span closes."""

    def pre_run_node(
        self,
        *,
        app_id: str,
        partition_key: str | None,
        action: Action,
        sequence_id: int,
        node: str,
        arguments: Mapping[str, Any],
        **future_kwargs: Any,
    ) -> Any:
        """Called before a node of a DAG."""

    def post_run_node(
        self,
        *,
        app_id: str,
        partition_key: str | None,
        action: Action,
        sequence_id: int,
        node: NodeRun,
        **future_kwargs: Any,
    ) -> Any:
        """Called after a node of a DAG, with its record."""

    def do_log_attributes(
        self,
        *,
        app_id: str,
        partition_key: str | None,
        action: Action,
        sequence_id: int,
        attributes: dict[str, Any],
        span: Span | None,
        **future_kwargs: Any,
    ) -> Any:
        """Called by ``log_attributes``; without an open span the attributes belong to the step."""


POINTS: tuple[str, ...] = tuple(name for name in vars(LifecycleHook) if not name.startswith("_"))
CREATED = "post_application_create"
IN_VERBS: tuple[str, ...] = tuple(point for point in POINTS if point != CREATED)
Hook = Callable[..., Any]


class HookSet:
    """The overridden methods of an application's hooks, by point and in the order they were given."""

    def __init__(self, hooks: Iterable[object] = ()) -> None:
        self.given: tuple[object, ...] = tuple(hooks)
        self.at: dict[str, tuple[Hook, ...]] = {
            point: tuple(getattr(hook, point) for hook in self.given if _overrides(hook, point)) for point in POINTS
        }

    def findings(self) -> list[str]:
        """Return one sentence for each hook that would never be called, and each method that cannot be."""
        found = [_idle(hook) for hook in self.given if not any(_overrides(hook, point) for point in POINTS)]
        return found + [
            _uncallable(hook, point) for point in POINTS for hook in self.at[point] if _misfits(hook, point)
        ]

    def first_async(self, *points: str) -> str | None:
        """Return the name of an async hook at one of these points, or None when sync code can call them all."""
        for point in points:
            for hook in self.at[point]:
                if inspect.iscoroutinefunction(hook):
                    return f"{type(getattr(hook, '__self__', hook)).__name__}.{point}"
        return None

    def any(self, *points: str) -> bool:
        """Return whether a hook stands at one of these points."""
        return any(self.at[point] for point in points)


def _overrides(hook: object, point: str) -> bool:
    method: Any = getattr(type(hook), point, None)
    return method is not None and method is not vars(LifecycleHook)[point]


def _facts(point: str) -> list[str]:
    """Return the names of the facts that a hook is given at a point."""
    _, *facts, _ = inspect.signature(vars(LifecycleHook)[point]).parameters
    return facts


def _misfits(hook: Hook, point: str) -> str:
    """Return why a method cannot take the facts of its point, or an empty string."""
    try:
        inspect.signature(hook).bind(**dict.fromkeys(_facts(point)))
    except TypeError as error:
        return str(error)
    except ValueError:  # a method in C, which has no signature
        pass
    return ""


def _uncallable(hook: Hook, point: str) -> str:
    kind = type(getattr(hook, "__self__", hook)).__name__
    return (
        f"hook {kind}.{point} cannot be called with the facts of its point ({_misfits(hook, point)}): it is given "
        f"{', '.join(_facts(point))}; name those that you need, then **future_kwargs"
    )


def _idle(hook: object) -> str:
    if isinstance(hook, type):
        return f"hook {hook.__name__} is a class; give an instance: with_hooks({hook.__name__}())"
    kind = type(hook)
    fact = f"hook {kind.__name__} overrides no method of LifecycleHook, so it would never be called"
    own = [name for name in vars(kind) if not name.startswith("_")]
    return fact + (f"; {own[0]!r} is none of them{nearest(own[0], POINTS)}" if own else "")
