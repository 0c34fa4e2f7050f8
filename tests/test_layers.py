"""Imports run one way: a module of ``stateflow`` imports only from layers below its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import stateflow

ROOT = Path(__file__).parent.parent

LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "_lazy"),
    ("codec",),
    ("state", "strict"),
    ("context", "schema"),
    ("conditions", "actions", "events", "hooks", "resources"),
    ("graph",),
    ("dag_action",),
    ("lineage",),
    ("journal",),
    ("store",),
    ("_plan",),
    ("_drive",),
    ("application",),
    ("persistence",),
    ("__init__",),
    ("cli",),
)
"""From the ground up. Modules of one layer do not import each other."""

UPWARD: frozenset[tuple[str, str, str]] = frozenset(
    {
        ("actions", "Action.lineage", "lineage"),
        ("graph", "Graph.lineage", "lineage"),
    }
)
"""The only imports that reach up: (module, function, what it imports). Functions of one line beside the import."""

THIRD_PARTY: dict[str, frozenset[str]] = {
    "hamilton": frozenset({"dag_action"}),
    "networkx": frozenset({"lineage"}),
    "graphviz": frozenset({"lineage"}),
    "pydantic": frozenset({"codec", "schema"}),
}
"""Which modules import which distributions; none of them when ``stateflow`` is imported."""

WATCHED = """
import sys
done = []
def watch(event, arguments):
    if event.startswith("socket.") or event in ("os.mkdir", "os.remove", "os.rename", "subprocess.Popen"):
        done.append(event)
    elif event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        done.append(f"open {arguments[0]} {arguments[1]}")
sys.addaudithook(watch)
import stateflow
print(done)
"""

HEAVY = ("pandas", "numpy", "hamilton", "networkx", "graphviz", "pydantic", "fastapi", "openai")


@dataclass(frozen=True, slots=True)
class Import:
    """``function`` is empty for an import that runs when its module is imported."""

    file: Path
    function: str
    target: str

    @property
    def unit(self) -> str:
        """The module or folder directly below ``stateflow`` in which the import stands."""
        return unit_of(".".join(self.file.relative_to(ROOT).with_suffix("").parts))


def unit_of(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def imports(folder: str) -> list[Import]:
    """Return every import in the Python files below a folder, less those for type checkers alone."""
    files = sorted((ROOT / folder).rglob("*.py"))
    return [found for file in files for found in _imports(file, ast.parse(file.read_text(encoding="utf-8")), ())]


def _imports(file: Path, tree: ast.AST, inside: tuple[str, ...]) -> Iterator[Import]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Import(file, _function(inside), alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (Import(file, _function(inside), target) for target in _targets(node))
        elif isinstance(node, ast.ClassDef):
            yield from _imports(file, node, (*inside, node.name))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _imports(file, node, (*inside, f"{node.name}()"))
        elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield from _imports(file, node, inside)


def _targets(node: ast.ImportFrom) -> Iterator[str]:
    module = node.module or ""
    if module == "stateflow":  # `from stateflow import graph` and `from stateflow import action` look alike
        yield from (f"stateflow.{alias.name}" if _is_module(alias.name) else "stateflow" for alias in node.names)
    else:
        yield module


def _is_module(name: str) -> bool:
    return (ROOT / "stateflow" / f"{name}.py").exists() or (ROOT / "stateflow" / name).is_dir()


def _function(inside: tuple[str, ...]) -> str:
    """Return the qualified name of the function that an import stands in, or nothing."""
    return ".".join(inside).replace("()", "") if any(name.endswith("()") for name in inside) else ""


OURS = imports("stateflow")
RANK = {module: rank for rank, layer in enumerate(LAYERS) for module in layer}


def test_every_module_has_a_layer() -> None:
    found = {path.stem for path in (ROOT / "stateflow").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert found - {"__pycache__", "py"} == set(RANK)


def test_imports_run_one_way() -> None:
    """What is imported with a module, or in a function that is not listed, lies in a layer below."""
    wrong = {
        f"{found.file.relative_to(ROOT)} imports {found.target}"
        for found in OURS
        if found.target.split(".")[0] == "stateflow"
        and unit_of(found.target) != found.unit
        and (found.unit, found.function, unit_of(found.target)) not in UPWARD
        and RANK[unit_of(found.target)] >= RANK[found.unit]
    }
    assert wrong == set()


def test_imports_that_reach_up_are_those_that_are_listed() -> None:
    found = {
        (found.unit, found.function, unit_of(found.target))
        for found in OURS
        if found.function
        and found.target.startswith("stateflow.")
        and unit_of(found.target) != found.unit
        and RANK[unit_of(found.target)] >= RANK[found.unit]
    }
    assert found == UPWARD


def test_third_parties_are_imported_where_they_belong() -> None:
    """Hamilton, for one, is imported by ``dag_action`` alone."""
    wrong = {
        f"{found.file.relative_to(ROOT)} imports {found.target}"
        for found in OURS
        if (name := found.target.split(".")[0]) not in {*sys.stdlib_module_names, "stateflow"}
        and found.unit not in THIRD_PARTY.get(name, frozenset())
    }
    assert wrong == set()


@pytest.mark.parametrize(
    ("folder", "banned"),
    [
        ("stateflow", ("stateflow_dags", "stateflow_integrations", "dags", "integrations")),
        ("dags", ("stateflow", "stateflow_integrations", "dags", "integrations")),
        ("integrations", ("dags", "integrations")),
    ],
)
def test_packages_keep_apart(folder: str, banned: tuple[str, ...]) -> None:
    """The framework knows no integration; the DAG modules are plain Hamilton."""
    assert [found for found in imports(folder) if found.target.split(".")[0] in banned] == []


def test_integrations_import_public_names_only() -> None:
    reached = [found for found in imports("integrations") if found.target.startswith("stateflow.")]
    assert [found for found in reached if any(part.startswith("_") for part in found.target.split("."))] == []


def test_public_names_exist_and_are_listed_once() -> None:
    assert len(stateflow.__all__) == len(set(stateflow.__all__))
    assert [name for name in stateflow.__all__ if not hasattr(stateflow, name)] == []


def test_importing_loads_nothing_heavy() -> None:
    """``import stateflow`` opens no window on pandas, numpy, Hamilton, networkx and pydantic."""
    program = f"import sys, stateflow; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_importing_touches_nothing() -> None:
    """``import stateflow`` writes no file, opens no socket and starts no process."""
    done = subprocess.run([sys.executable, "-B", "-c", WATCHED], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
