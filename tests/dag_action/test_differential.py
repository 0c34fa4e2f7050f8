"""A plan gives what ``Driver.execute`` gives: the same values, the same exceptions, the same refusals."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hamilton import driver, function_modifiers
from hypothesis import given
from hypothesis import strategies as st

from stateflow._drive.nodes import run_nodes
from stateflow.dag_action import DagAction, NodePlanRun, dag
from stateflow.dag_action.fallback import execute
from stateflow.errors import StateflowError
from stateflow.state import State

from tests.dag_action import modules
from tests.dag_action.cases import CASES, Case
from tests.dag_action.modules import loading, transformed
from tests.dag_action.running import arguments, run

Outcome = tuple[str, Any]
REFUSAL = re.compile(r"^\d+ errors encountered|[Ii]nstance and class checks")  # the latter for TypedDict and Protocol

NOT_RUN = {
    "DATA_VALIDATOR_ORIGINAL_OUTPUT_TAG",  # the name of a tag
    "IS_DATA_VALIDATOR_TAG",  # the name of a tag
    "InvalidDecoratorException",  # an exception
    "LiteralDependency",  # what value(...) makes
    "UpstreamDependency",  # what source(...) makes
    "configuration",  # a dependency on config, for use inside subdag
    "logger",  # of the module
}
"""Public names of ``hamilton.function_modifiers`` that no case uses, because they modify no function."""


@pytest.fixture(autouse=True, scope="module")
def _silence() -> Iterator[None]:
    """Keep Hamilton from logging each of the exceptions that it is expected to raise here."""
    logger = logging.getLogger("hamilton")
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(logging.NOTSET)


def by_hamilton(case: Case) -> Outcome:
    """Run a case on a driver of its own."""
    built = driver.Builder().with_modules(*case.modules).with_config(dict(case.config)).build()
    try:
        return "values", built.execute(list(case.outputs), inputs=dict(case.inputs), overrides=dict(case.overrides))
    except Exception as error:  # noqa: BLE001  whatever a node raises is compared
        return _raised(error, is_refusal=bool(REFUSAL.search(str(error))))


def by_plan(case: Case) -> Outcome:
    """Run a case as a DAG action, in a scope that records."""
    return _attempt(case, lambda action: run(action, _state(case), case.inputs).result)


def by_bare_plan(case: Case) -> Outcome:
    """Run a case as a plain call of the action."""
    return _attempt(case, lambda action: action(State(_state(case)), **_taken(action, case))[0])


def by_scheduler(case: Case) -> Outcome:
    """Run the plan of a case as if it had async nodes."""

    def scheduled(action: DagAction) -> Any:
        plan, values = _prepared(action, case)
        return asyncio.run(run_nodes(NodePlanRun(plan, values)))

    return _attempt(case, scheduled)


def by_fallback(case: Case) -> Outcome:
    """Run a case on the action's driver, as the action does where no plan will do."""

    def fallen_back(action: DagAction) -> Any:
        _, values = _prepared(action, case)
        return execute(action._built(), action._wish, values)

    return _attempt(case, fallen_back)


WAYS = [by_plan, by_bare_plan, by_scheduler, by_fallback]


PAIRS = [(name, way) for name in CASES for way in WAYS]
PAIRS.remove(("StopIteration", by_scheduler))  # Python lets it out of no coroutine


@pytest.mark.parametrize(("name", "way"), PAIRS)
def test_a_plan_gives_what_the_driver_gives(name: str, way: Callable[[Case], Outcome]) -> None:
    """Values, exceptions of nodes and refused inputs are those of ``Driver.execute``."""
    case = CASES[name]
    theirs, ours = by_hamilton(case), way(case)
    if case.lenient:
        assert (theirs[0], ours[0]) == ("refused", "values")
    else:
        assert_same(ours, theirs)


def test_there_are_enough_cases() -> None:
    """The suite stays one of at least sixty DAGs."""
    assert len(CASES) >= 60


def test_every_modifier_is_used_by_a_case() -> None:
    """A modifier that a new Hamilton brings has no case yet, and fails here."""
    public = {
        name
        for name, value in vars(function_modifiers).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    folder = Path(next(iter(modules.__path__)))
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    used = {name for name in public if re.search(rf"(?<![\w.]){name}(?!\w)", source)}
    assert used - NOT_RUN == public - NOT_RUN
    assert public >= NOT_RUN


def test_materializers_write_what_they_are_told(tmp_path: Path) -> None:
    """Nodes that load and save files run in a plan too."""
    (tmp_path / "in.json").write_text('{"b": 1, "a": 2}', encoding="utf-8")
    case = Case((loading,), ("read_back",), {"path": str(tmp_path / "in.json"), "target": str(tmp_path / "out.json")})
    assert by_plan(case) == by_hamilton(case) == ("values", {"read_back": '{"keys": ["a", "b"]}'})


def test_models_are_broken_in_hamilton_and_said_to_be() -> None:
    """@model and @dynamic_transform get no config from Hamilton 1.90, which the finding reports in its words."""
    with pytest.raises(Exception, match="has no parameter: weights"):
        driver.Builder().with_modules(transformed).with_config({"weights": {"a": 2}}).build()
    (finding,) = dag(transformed, writes=["score"], config={"weights": {"a": 2}}).findings()
    assert "has no parameter: weights" in finding


# -- random DAGs ------------------------------------------------------------------------------------


@st.composite
def random_cases(draw: st.DrawFn) -> tuple[list[Callable[..., Any]], Case]:
    """Draw functions that depend on each other and on inputs, some with defaults, some of which raise."""
    functions: list[Callable[..., Any]] = []
    for index in range(draw(st.integers(1, 9))):
        known = [f"n{other}" for other in range(index)] + ["a", "b", "c"]
        taken = draw(st.lists(st.sampled_from(known), unique=True, max_size=4))
        optional = draw(st.integers(0, len(taken)))
        functions.append(_node(index, taken, optional, draw(st.integers(0, 25))))
    named = [function.__name__ for function in functions]
    outputs = draw(st.lists(st.sampled_from(named), unique=True, min_size=1, max_size=3))
    inputs = draw(st.dictionaries(st.sampled_from("abc"), st.integers(-5, 5) | st.none() | st.just("wrong")))
    overridden = draw(st.lists(st.sampled_from(named), unique=True, max_size=2))
    overrides = {name: 1000 for name in overridden if name not in outputs}
    return functions, Case((), tuple(outputs), inputs, {}, overrides)


def _node(index: int, taken: list[str], optional: int, luck: int) -> Callable[..., Any]:
    def body(arguments: Mapping[str, Any]) -> int:
        if luck == 0:
            raise ArithmeticError(f"n{index}")
        return index + sum((place + 2) * (value or 0) for place, value in enumerate(arguments.values()))

    required = taken[: len(taken) - optional]
    written = ", ".join([f"{name}: int" for name in required] + [f"{name}: int = 7" for name in taken[len(required) :]])
    source = f"def n{index}({written}) -> int:\n    return body({{{', '.join(f'{name!r}: {name}' for name in taken)}}})"
    space: dict[str, Any] = {"body": body, "__name__": __name__}
    compiled = compile(source, "<random>", "exec")
    _define(compiled, space)
    made: Callable[..., Any] = space[f"n{index}"]
    return made


_define = vars(__import__("builtins"))["exec"]


@given(random_cases())
def test_random_dags_give_what_the_driver_gives(drawn: tuple[list[Callable[..., Any]], Case]) -> None:
    """Values, exceptions and refusals agree on DAGs that nobody thought of."""
    functions, shape = drawn
    case = Case((_module(functions),), shape.outputs, shape.inputs, {}, shape.overrides)
    assert_same(by_plan(case), by_hamilton(case))


def _module(functions: list[Callable[..., Any]]) -> Any:
    from stateflow.dag_action.source import _facades

    (facade,) = _facades(functions)
    return facade


# -- inside -------------------------------------------------------------------------------------------


def _attempt(case: Case, runs: Callable[[DagAction], Any]) -> Outcome:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return "values", runs(_action(case))
    except StateflowError as error:
        return _raised(error, is_refusal=True)
    except Exception as error:  # noqa: BLE001  likewise
        return _raised(error, is_refusal=False)


def _raised(error: Exception, *, is_refusal: bool) -> Outcome:
    return ("refused", None) if is_refusal else ("raised", (type(error), error.args))


def _action(case: Case) -> DagAction:
    """Return the action of a case; names that nothing needs, which Hamilton ignores, are findings of ours."""
    graph = dag(*case.modules, writes=case.outputs, config=case.config).driver.graph
    reached, _ = graph.get_upstream_nodes(list(case.outputs), runtime_overrides=dict(case.overrides))
    externals = {node.name for node in reached if node.user_defined} - set(case.config)
    return dag(
        *case.modules,
        writes=case.outputs,
        config=case.config,
        overrides={node.name: f"key_{node.name}" for node in reached if node.name in case.overrides},
        inputs=[name for name in case.inputs if name in externals],
    )


def _state(case: Case) -> dict[str, Any]:
    return {f"key_{name}": value for name, value in case.overrides.items()}


def _taken(action: DagAction, case: Case) -> dict[str, Any]:
    return {need.name: case.inputs[need.name] for need in action.needs() if need.name in case.inputs}


def _prepared(action: DagAction, case: Case) -> tuple[Any, list[Any]]:
    given = arguments(action, _state(case), case.inputs, {})
    built = action._built()
    return built.plan, action._values(built, given)


def assert_same(ours: Outcome, theirs: Outcome) -> None:
    """Compare outcomes, frames and series by their contents."""
    assert ours[0] == theirs[0], f"{ours} is not {theirs}"
    if ours[0] != "values":
        assert ours == theirs
        return
    assert list(ours[1]) == list(theirs[1])
    for name, value in theirs[1].items():
        assert type(ours[1][name]) is type(value)
        if isinstance(value, (pd.Series, pd.DataFrame)):
            assert ours[1][name].equals(value)
        else:
            assert ours[1][name] == value
