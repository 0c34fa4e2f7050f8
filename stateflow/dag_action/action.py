"""``dag``: an action whose work is a Hamilton DAG. What it reads is inferred from the names in the DAG."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from stateflow.actions import Action, Dataflow, Need, Output, Retry
from stateflow.context import current_scope
from stateflow.dag_action import arguments as given_as
from stateflow.dag_action import plan as plans
from stateflow.dag_action.compiled import Compiled, Given, compiled
from stateflow.dag_action.hints import shown
from stateflow.dag_action.inference import Wish
from stateflow.dag_action.source import Source
from stateflow.errors import ActionError, GraphError, InputError, names, nearest
from stateflow.state import ABSENT, State

if TYPE_CHECKING:
    from hamilton.driver import Driver

_lock = threading.RLock()  # building mutates the functions that Hamilton resolves, so only one DAG is built at a time


class DagAction(Action):
    """An action that runs nodes of a Hamilton DAG. Made by ``dag``; nothing is built before it is first needed."""

    def __init__(self, source: Source, wish: Wish, faults: Iterable[str] = ()) -> None:
        self._source = source
        self._wish = wish
        self._faults = tuple(faults)
        self._compiled: Compiled | None = None
        self.writes = tuple(dict.fromkeys(output.key for output in wish.outputs))
        self.appends = tuple(dict.fromkeys(output.key for output in wish.outputs if output.kind == "appends"))

    # -- what a graph asks --------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self._name or self._source.name

    @property
    def driver(self) -> Driver:
        """The Hamilton driver, with everything that it offers.

        Raises:
            GraphError: the DAG cannot be built.
        """
        driver = self._built().driver
        if driver is None:
            raise GraphError(*self.findings())
        return driver

    @property
    def body(self) -> Any:
        return self.call

    @property
    def is_streaming(self) -> bool:
        return self._wish.stream is not None

    @property
    def is_async(self) -> bool:
        plan = self._built().plan
        return plan is not None and plan.is_async

    @property
    def is_node_plan(self) -> bool:  # type: ignore[override]  # what is a constant elsewhere depends on the DAG here
        """Whether ``call`` returns a plan that the driver's scheduler runs."""
        return self.is_async and self._built().fallback is None

    def with_name(self, name: str) -> Self:
        renamed = super().with_name(name)
        if renamed._compiled is not None:
            renamed._compiled = renamed._compiled.renamed(name)
        return renamed

    def bind(self, **arguments: Any) -> Self:
        """Return a copy in which these inputs of the DAG are fixed; an unknown name is a finding at build."""
        from dataclasses import replace

        bound = copy.copy(self)
        bound._wish = replace(self._wish, bound={**self._wish.bound, **arguments})
        bound._compiled = None
        return bound

    def needs(self) -> tuple[Need, ...]:
        return self._built().needs

    def _form_findings(self) -> list[str]:
        known = [*self._faults, *self._built().findings]
        return [f"action {self.name!r}, DAG of {self._source.label}: {finding}" for finding in known]

    def annotations(self) -> Iterable[Any]:
        driver = self._built().driver
        return () if driver is None else [node.type for node in driver.graph.nodes.values()]

    def dataflow(self) -> Dataflow:
        """Return the DAG inside the action: the nodes that what is written needs."""
        return self._built().dataflow()

    # -- what a step asks -----------------------------------------------------------------------------

    def call(self, state: State, arguments: Mapping[str, Any]) -> Any:
        """Run the nodes and return their values by name, or what runs them.

        That is a ``NodePlanRun`` where there are async nodes, and an iterator of items for another streaming DAG.
        """
        built = self._compiled or self._built()
        values = self._values(built, arguments)
        plan = built.plan
        assert plan is not None  # else there are findings
        if built.fallback is not None:
            from stateflow.dag_action.fallback import execute

            return execute(built, self._wish, values)
        if plan.is_async:
            return plans.NodePlanRun(plan, values)
        scope = current_scope.get()
        if plan.stream is not None:
            plans.run(plan, values, scope, 0, plan.stream)
            return plans.stream(plan, values, scope, state)
        plans.run(plan, values, scope)
        return plan.results(values)

    def finish(self, state: State, raw: Any) -> tuple[dict[str, Any], State]:
        values: Mapping[str, Any] = raw[0] if isinstance(raw, tuple) else raw
        result: dict[str, Any] = {}
        updated: dict[str, Any] = {}
        appended: dict[str, list[Any]] = {}
        for output in self._wish.outputs:
            value = values[output.node]
            if output.kind == "writes":
                updated[output.key] = result[output.key] = value
            else:
                items = [value] if output.kind == "appends" else self._items(output, value)
                appended.setdefault(output.key, []).extend(items)
        if updated:
            state = state.update(**updated)
        for key, items in appended.items():
            single = len(items) == 1 and key in self.appends
            result[key] = items[0] if single else items
            state = state.append(**{key: items[0]}) if single else state.extend(**{key: items})
        return result, state

    def __call__(self, state: State, /, **inputs: Any) -> tuple[dict[str, Any], State]:
        """Run a synchronous DAG on a plain state, as a unit test does; resources are given by name like inputs.

        Raises:
            InputError: an argument is unknown or missing, or the DAG has async nodes.
        """
        if self.is_async:
            raise InputError(f"action {self.name!r} has async nodes; run it in an application with arun")
        raw = self.call(state, self._arguments(state, inputs))
        if isinstance(raw, Iterator):
            *_, raw = raw
        return self.finish(state, raw)

    def __repr__(self) -> str:
        return f"<DagAction {self.name!r} of {self._source.name!r} writes {names(self.writes)}>"

    # -- inside ---------------------------------------------------------------------------------------

    def _built(self) -> Compiled:
        if self._compiled is None:
            with _lock:
                if self._compiled is None:
                    self._compiled = compiled(self._source, self._wish, self.name)
        return self._compiled

    def _values(self, built: Compiled, arguments: Mapping[str, Any]) -> list[Any]:
        """Return the values with which the plan starts, each looked at."""
        if built.plan is None or built.findings or self._faults:
            raise GraphError(*self.findings())
        values = list(built.plan.start)
        for given in built.given:
            value = arguments.get(given.name, ABSENT)
            if value is ABSENT or (given.classes is not None and not isinstance(value, given.classes)):
                self._look(given, value, built, arguments)
            values[given.place] = value
        return values

    def _look(self, given: Given, value: Any, built: Compiled, arguments: Mapping[str, Any]) -> None:
        """Raise an error where a value is missing, naming all that are, or plainly has the wrong type."""
        external = given.external
        if value is ABSENT:
            if external.required:
                required = [other.name for other in built.given if other.external.required]
                missing = [name for name in required if arguments.get(name, ABSENT) is ABSENT]
                verb = "was" if len(missing) == 1 else "were"
                raise InputError(f"action {self.name!r} needs {', '.join(map(repr, missing))}, which {verb} not given")
            return
        if given.classes is None or built.fits(value, external.type):
            return
        takers = [node.name for node in built.plan.nodes if given.name in node.parameters] if built.plan else []
        fact = f"must be {shown(external.type)} for node {takers[0]!r}, not {type(value).__name__}"
        if external.kind == "input":
            raise InputError(f"action {self.name!r}: input {given.name!r} {fact}")
        raise ActionError(f"action {self.name!r}: {external.source!r} {fact}")

    def _items(self, output: Output, value: Any) -> list[Any]:
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            raise ActionError(
                f"action {self.name!r}: extends {output.key!r} takes a list of items, but node {output.node!r} "
                f"gave a {type(value).__name__}; use appends"
            )
        return list(value)

    def _arguments(self, state: State, inputs: Mapping[str, Any]) -> dict[str, Any]:
        needs = {need.name: need for need in self.needs()}
        for name in inputs:
            if name not in needs:
                raise InputError(f"action {self.name!r} takes no argument {name!r}{nearest(name, needs)}")
        found = dict(inputs)
        for need in needs.values():
            if need.name in found or need.role not in ("read", "read-or-resource"):
                continue
            key = need.key or need.name
            if key in state:
                found[need.name] = state[key]
        return found


def dag(
    *modules_or_functions: Any,
    driver: Any = None,
    writes: Iterable[str] | Mapping[str, str] = (),
    appends: Mapping[str, str | Iterable[str]] | Iterable[str] = (),
    extends: Mapping[str, str | Iterable[str]] | Iterable[str] = (),
    reads: Mapping[str, str] | Iterable[str] | None = None,
    optional_reads: Mapping[str, str] | Iterable[str] | None = None,
    inputs: Iterable[str] = (),
    overrides: Mapping[str, str] | None = None,
    bind: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    adapters: Iterable[Any] = (),
    cache: Any = None,
    stream: str | None = None,
    name: str | None = None,
    tags: Iterable[str] = (),
    retry: Retry | None = None,
    timeout: float | None = None,
    thread: bool = True,
) -> DagAction:
    """Make an action of a Hamilton DAG.

    Its reads are inferred: what the requested nodes need from outside and nobody else gives is a read of the state key
    of that name, unless the application has a resource of that name. An input with a default is left to Python.

    Args:
        modules_or_functions: where the nodes are defined; plain functions work as well as modules.
        driver: a Hamilton driver that exists already, in place of modules.
        writes: nodes whose values become state keys of their names, or ``{state_key: node}``.
        appends: ``{state_key: node or nodes}``, or names that are both, of values appended to the list in the key.
        extends: likewise, of values that are lists, and extend the list in the key.
        reads: ``{dag_input: state_key}``, or names that are both, of inputs taken from the state.
        optional_reads: likewise, for inputs with a default, which may be absent from the state.
        inputs: names of inputs that the caller of a run gives; one with a default is optional.
        overrides: ``{node: state_key}``: the node is not run, the state gives its value.
        bind: values for inputs that never change.
        config: Hamilton's config, which decides which nodes there are.
        adapters: Hamilton lifecycle adapters for the driver.
        cache: True, a path, or the options of Hamilton's ``with_cache``.
        stream: a node that returns an iterator, sync or async; its items go to the caller as they come.
        name: the action's name; by default the last segment of the first module or function.
        tags: names under which halts find the action as ``"@tag:name"``.
        retry: how often to try again; None for never.
        timeout: seconds that one try may take.
        thread: whether an async run moves a synchronous DAG to a worker thread.
    """
    faults: list[str] = []
    wish = Wish(
        outputs=given_as.outputs(writes, appends, extends, faults),
        reads=given_as.named("reads", reads, faults),
        optional_reads=given_as.named("optional_reads", optional_reads, faults),
        inputs=given_as.listed("inputs", inputs, faults),
        overrides=given_as.pairs("overrides", overrides, faults, "state key"),
        bound=given_as.mapped("bind", bind, faults),
        config=given_as.mapped("config", config, faults),
        stream=stream,
    )
    hooks = given_as.many("adapters", adapters, faults)
    source = Source(modules_or_functions, driver, wish.config, hooks, cache, streams=stream is not None)
    made_tags = given_as.listed("tags", tags, faults)
    made = DagAction(source, wish, faults)
    made._name = name
    made.tags = made_tags
    made.retry = retry
    made.timeout = timeout
    made.thread = thread
    return made
