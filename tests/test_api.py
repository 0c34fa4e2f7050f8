"""The public names: listed, sorted in their groups, documented, and cheap to import."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import stateflow

SOURCE = Path(stateflow.__file__).read_text(encoding="utf-8")
HEAVY = ("pandas", "numpy", "hamilton", "networkx", "pydantic")


def groups() -> dict[str, list[str]]:
    """The names in ``__all__`` by the comment above them."""
    found: dict[str, list[str]] = {}
    title = ""
    for line in SOURCE.partition("__all__ = [\n")[2].partition("\n]")[0].splitlines():
        text = line.strip()
        if text.startswith("# "):
            title = text.removeprefix("# ")
            found[title] = []
        else:
            found[title].append(text.strip('",'))
    return found


def test_every_name_is_there() -> None:
    """What is listed exists, once, and nothing public is left out."""
    assert [name for name in stateflow.__all__ if not hasattr(stateflow, name)] == []
    assert len(set(stateflow.__all__)) == len(stateflow.__all__)
    modules = {name for name, value in vars(stateflow).items() if inspect.ismodule(value)}
    public = {name for name in vars(stateflow) if not name.startswith("_")} - modules - {"TYPE_CHECKING", "later"}
    assert public == set(stateflow.__all__)


def test_names_are_sorted_in_groups() -> None:
    """Each group has a title; classes come before functions, both in order."""
    found = groups()
    assert [name for group in found.values() for name in group] == stateflow.__all__
    for title, group in found.items():
        assert title
        assert group == sorted(group), title


@pytest.mark.parametrize("name", stateflow.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    """Classes, functions and their public methods have docstrings of their own."""
    given: Any = getattr(stateflow, name)
    if not (inspect.isclass(given) or inspect.isfunction(given)):
        return  # `default` and `Input` have theirs in the source
    assert (given.__doc__ or "").strip(), name
    assert not (given.__doc__ or "").startswith(f"{name}("), f"{name} has the docstring that dataclasses make"
    if not inspect.isclass(given):
        return
    for attribute, value in vars(given).items():
        plain = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if not attribute.startswith("_") and inspect.isfunction(plain):
            overridden = any(attribute in vars(parent) for parent in given.__mro__[1:])
            twin = attribute[0] == "a" and hasattr(given, attribute[1:])  # means what the sync one means
            assert plain.__doc__ or overridden or twin, f"{name}.{attribute}"


def test_no_module_shadows_a_function() -> None:
    """``from stateflow import action`` gives the function, whatever has been imported before."""
    program = (
        "import stateflow.actions, stateflow.graph, stateflow.persistence; from stateflow import action, span, dag"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; print(all(map(callable, (action, span, dag))))"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "True"


def test_building_and_running_loads_nothing_heavy() -> None:
    """An application of functions runs without pandas, numpy, Hamilton, networkx and pydantic."""
    program = f"""
import sys
from stateflow import ApplicationBuilder, action, expr, open_store
@action(reads=["n"], writes=["n"])
def work(state):
    return state.update(n=state["n"] + 1)
app = (ApplicationBuilder().with_actions(work).with_transitions(("work", "work", expr("n < 3"))).with_state(n=0)
       .with_entrypoint("work").with_tracker(open_store("memory://")).build())
app.run()
print([name for name in {HEAVY} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
