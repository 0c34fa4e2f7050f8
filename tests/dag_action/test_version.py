"""Code versions change with every edit that can change a result, and with no other."""

from __future__ import annotations

import importlib
import importlib.metadata
import itertools
import linecache
import os
import shutil
import subprocess
import sys
import textwrap
import time
import types
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateflow.dag_action.version import code_version, names, origin, scope, source

from tests.dag_action.versioned.cases import PARTIAL, WHOLE

FOLDER = Path(__file__).parent / "versioned"
NODES = (FOLDER / "nodes.txt").read_text("utf-8")
STEPS = (FOLDER / "steps.txt").read_text("utf-8")
ROOT = Path(__file__).parents[2]


class Project:
    """A folder of modules that can be written, imported and forgotten again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count()

    def load(self, name: str, **modules: str) -> types.ModuleType:
        """Write modules into a new folder and import one of them there."""
        place = self.folder / str(next(self._numbers))
        place.mkdir()
        for module, text in modules.items():
            (place / f"{module}.py").parent.mkdir(exist_ok=True)
            (place / f"{module}.py").write_text(textwrap.dedent(text), "utf-8")
        return self.load_from(place, name, modules)

    def load_from(self, place: Path, name: str, modules: Mapping[str, str]) -> types.ModuleType:
        """Import a module from a folder, with nothing left of an earlier one of its name."""
        sys.path.insert(0, str(place))
        for module in modules:
            sys.modules.pop(module, None)
        importlib.invalidate_caches()
        try:
            return importlib.import_module(name)
        finally:
            sys.path.remove(str(place))

    def version(self, text: str, function: str = "node", **modules: str) -> tuple[str, tuple[str, ...]]:
        """Return the code version of one function of a module."""
        module = self.load("written", written=text, **modules)
        return code_version([getattr(module, function)], {})


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    before = set(sys.modules)
    yield Project(tmp_path)
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def both(project: Project, nodes: str, steps: str) -> str:
    module = project.load("nodes", nodes=nodes, steps=steps)
    version, reasons = code_version([module.node], {})
    assert reasons == ()
    return version


# -- edits ---------------------------------------------------------------------------------------

MUST_CHANGE = {
    "body": ("nodes", "value / LIMIT", "value * LIMIT"),
    "helper's body": ("steps", "factor * value", "factor - value"),
    "helper's helper": ("steps", "value + OFFSET", "value - OFFSET"),
    "helper's constant": ("steps", "OFFSET = 10", "OFFSET = 11"),
    "int constant": ("nodes", "LIMIT = 3", "LIMIT = 4"),
    "type of a constant": ("nodes", "LIMIT = 3", "LIMIT = 3.0"),
    "value deep in a dict": ("nodes", "[1, 2]", "[1, 3]"),
    "list made a tuple": ("nodes", "[1, 2]", "(1, 2)"),
    "order of a dict": ("nodes", '{"a": 0.5, "b": [1, 2]}', '{"b": [1, 2], "a": 0.5}'),
    "set": ("nodes", '"y", "z"', '"y"'),
    "pattern": ("nodes", r'r"\w+"', r'r"\w"'),
    "flags of a pattern": ("nodes", r'r"\w+")', r'r"\w+", re.ASCII)'),
    "date": ("nodes", "2020, 1, 2", "2020, 1, 3"),
    "zone": ("nodes", "tzinfo=dt.UTC", "tzinfo=dt.timezone(dt.timedelta(hours=1))"),
    "decimal's digits": ("nodes", '"1.50"', '"1.5"'),
    "bytes": ("nodes", r"\x00\xff", r"\x00\xfe"),
    "type alias that is used": ("nodes", "= dict[str, int]", "= dict[str, float]"),
    "positional default": ("nodes", "power: int = 2", "power: int = 3"),
    "keyword default": ("nodes", '"plain"', '"loud"'),
    "function as a default": ("nodes", "key=moved", "key=steps.unrelated"),
    "annotation": ("nodes", "value: int", "value: float"),
    "closure's value": ("nodes", "adder(2)", "adder(3)"),
    "closure's function": ("nodes", "value + amount", "value - amount"),
    "decorator's argument": ("nodes", "@times(2)", "@times(3)"),
    "decorator's body": ("nodes", "for _ in range(count)", "for _ in range(count + 1)"),
    "decorated body": ("nodes", "value * 3", "value * 4"),
    "decorator removed": ("nodes", "@times(2)\n", ""),
    "partial's argument": ("nodes", "(steps.scale, 0.5)", "(steps.scale, 0.6)"),
    "partial's function": ("nodes", "partial(steps.scale", "partial(steps.unrelated"),
    "first lambda of a line": ("nodes", "value**2", "value**4"),
    "second lambda of a line": ("nodes", "value**3", "value**4"),
    "mutual recursion": ("nodes", "value != 0", "value > 0"),
    "cached function": ("nodes", "value + 100", "value + 101"),
    "method of a base class": ("nodes", "return self.step", "return -self.step"),
    "attribute of a base class": ("nodes", "step = 2", "step = 3"),
    "property": ("nodes", "self.rate() * 2", "self.rate() * 3"),
    "static method": ("nodes", "return 0", "return 1"),
    "class method": ("nodes", "cls.zero() + value", "cls.zero() - value"),
    "base class": ("nodes", "class Price(Rate)", "class Price(Rate, ValueError)"),
    "enum's value": ("nodes", '"red"', '"dark red"'),
    "enum made by a call": ("nodes", '"LOW": 1', '"LOW": 0'),
    "namedtuple's default": ("nodes", "right: int = 7", "right: int = 8"),
    "namedtuple made by a call": ("nodes", "defaults=[0]", "defaults=[1]"),
    "dataclass's value": ("nodes", "Options(depth=4)", "Options(depth=5)"),
    "dataclass's method": ("nodes", "self.depth + 1", "self.depth + 2"),
    "dataclass's decorator": ("nodes", "frozen=True", "order=True"),
    "imported name": ("nodes", "import shift as moved", "import scale as moved"),
    "getattr by a constant": ("nodes", 'getattr(steps, "shift")', 'getattr(steps, "scale")'),
    "inner lambda": ("nodes", "lambda: plus", "lambda: cached"),
    "inside a comprehension": ("nodes", "repeated(rate) for", "cached(rate) for"),
}

MUST_NOT_CHANGE = {
    "comment": ("nodes", "# a comment", "# another comment"),
    "comment removed": ("nodes", "    # a comment\n", ""),
    "helper's comment": ("steps", "# the helper's helper", "#"),
    "layout": ("nodes", "value + 100", "(value\n        + 100)"),
    "spaces": ("nodes", "math.floor(value / LIMIT)", "math.floor(value/LIMIT)"),
    "quotes": ("nodes", '"plain"', "'plain'"),
    "blank lines": ("nodes", "def even", "\n\n\n\ndef even"),
    "moved in its file": ("nodes", "LIMIT = 3", "\n\n# moved\n\nLIMIT = 3"),
    "docstring": ("nodes", '"""Reach everything."""', '"""Reach less."""'),
    "docstring removed": ("nodes", '    """Reach everything."""\n', ""),
    "helper's docstring": ("steps", '"""Scale and shift."""', '"""Scale."""'),
    "dataclass's docstring": ("nodes", '"""Options of a run."""', '"""Options."""'),
    "docstring added to a class": ("nodes", "class Colour(enum.Enum):\n", 'class Colour(enum.Enum):\n    """C."""\n'),
    "module's docstring": ("steps", '"""Steps that the nodes call."""', ""),
    "pass": ("nodes", "    return value * 3", "    pass\n    return value * 3"),
    "unrelated function": ("steps", "value - UNUSED", "value * UNUSED"),
    "unrelated function added": ("steps", "def unrelated", "def other():\n    return 1\n\n\ndef unrelated"),
    "unrelated function removed": ("steps", "def unrelated(value):\n    return value - UNUSED\n", ""),
    "unrelated constant": ("nodes", "UNUSED = 1", "UNUSED = 2"),
    "unrelated constant of a helper's module": ("steps", "UNUSED = 5", "UNUSED = object()"),
    "unrelated import": ("steps", "OFFSET = 10", "import json\n\nOFFSET = 10"),
    "a number's spelling": ("nodes", "LIMIT = 3", "LIMIT = 0x3"),
    "a number's spelling in a body": ("nodes", "value + 100", "value + 1_00"),
    "order in a set": ("nodes", '{"x", "y", "z", "north", "south"}', '{"south", "z", "y", "north", "x"}'),
    "a constant's expression": ("nodes", "LIMIT = 3", "LIMIT = 1 + 2"),
    "a constant's source": ("nodes", "LIMIT = 3", "THREE = 3\nLIMIT = THREE"),
    "order of definitions": ("nodes", "UNUSED = 1\n", "UNUSED = 1\nSPARE = lambda: 1\n"),
    "line ends": ("nodes", "\n", "\n"),
    "string concatenation": ("nodes", '"plain"', '"pl" "ain"'),
    "body of a type that an annotation only names": ("nodes", "local: Price =", "local: Price  ="),
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> str:
    return both(Project(tmp_path_factory.mktemp("original")), NODES, STEPS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path / "ä folder")


def written(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "nodes.py").write_text(NODES, "utf-8")
    (folder / "steps.py").write_text(STEPS, "utf-8")
    return folder


def edited(edit: tuple[str, str, str]) -> dict[str, str]:
    module, old, new = edit
    texts = {"nodes": NODES, "steps": STEPS}
    assert old in texts[module]
    return texts | {module: texts[module].replace(old, new)}


@pytest.mark.parametrize("edit", MUST_CHANGE.values(), ids=MUST_CHANGE)
def test_edit_that_can_change_a_result_changes_the_version(
    project: Project, original: str, edit: tuple[str, str, str]
) -> None:
    """Every piece of code and every constant that is reached counts."""
    assert both(project, **edited(edit)) != original


@pytest.mark.parametrize("edit", MUST_NOT_CHANGE.values(), ids=MUST_NOT_CHANGE)
def test_edit_that_cannot_change_a_result_keeps_the_version(
    project: Project, original: str, edit: tuple[str, str, str]
) -> None:
    """Layout, comments, docstrings and what is not reached never count."""
    assert both(project, **edited(edit)) == original


def test_config_is_part_of_the_version(project: Project) -> None:
    """The same code under another configuration is another node, in whatever order it is given."""
    node = project.load("written", written="def node():\n    return 1\n").node
    first = code_version([node], {"llm": "openai", "size": 1})
    assert first == code_version([node], {"size": 1, "llm": "openai"})
    assert len({first, code_version([node], {"llm": "x", "size": 1}), code_version([node], {})}) == 3


def test_config_that_cannot_be_proved_makes_the_version_partial(project: Project) -> None:
    """A live object in the configuration is named like any other."""
    node = project.load("written", written="def node():\n    return 1\n").node
    assert code_version([node], {"client": types.SimpleNamespace(k=iter([]))})[1] == (
        "`config['client']['k']`: instance of builtins.list_iterator",
    )


def test_constant_that_is_assigned_again_at_run_time_changes_the_version(project: Project) -> None:
    """What a global holds now counts, not what it once held; nothing stale is remembered."""
    module = project.load("nodes", nodes=NODES, steps=STEPS)
    before = code_version([module.node], {})
    for module_, name, value in [(module, "LIMIT", 9), (module, "plus", module.cached), (module.steps, "OFFSET", "x")]:
        old = getattr(module_, name)
        setattr(module_, name, value)
        assert code_version([module.node], {}) != before
        setattr(module_, name, old)
    assert code_version([module.node], {}) == before


def test_class_attribute_and_method_that_are_replaced_count(project: Project) -> None:
    """A class is covered as it is now, with what was put on it after its statement."""
    module = project.load("nodes", nodes=NODES, steps=STEPS)
    versions = {code_version([module.node], {})}
    module.Rate.step = 99
    versions.add(code_version([module.node], {}))
    module.Rate.zero = staticmethod(module.steps.unrelated)
    versions.add(code_version([module.node], {}))
    assert len(versions) == 3


# -- the same everywhere -------------------------------------------------------------------------

PRINT_VERSION = (
    "import nodes; from stateflow.dag_action.version import code_version; print(*code_version([nodes.node], {}))"
)


def run_python(code: str, *places: Path, **environment: str) -> str:
    path = os.pathsep.join(str(place) for place in (*places, ROOT))
    settings = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_version_is_the_same_in_every_process_and_place(tmp_path: Path, original: str, seed: str) -> None:
    """Hash seed, process, folder and what was imported before leave no trace."""
    here, there = written(tmp_path / "ä folder"), written(tmp_path / "deeper" / seed)
    assert run_python(PRINT_VERSION, here, PYTHONHASHSEED=seed) == f"{original} ()"
    assert run_python("import steps, json, email; " + PRINT_VERSION, there, PYTHONHASHSEED=seed) == f"{original} ()"


def test_version_is_the_same_in_a_zip_archive(tmp_path: Path, original: str) -> None:
    """Source inside an archive is source."""
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("nodes.py", NODES)
        file.writestr("steps.py", STEPS)
    assert run_python(PRINT_VERSION, archive) == f"{original} ()"


def test_version_is_the_same_when_the_module_is_the_program(folder: Path, original: str) -> None:
    """A script and its import are the same code."""
    program = folder / "program.py"
    ending = "\nfrom stateflow.dag_action.version import code_version\nprint(*code_version([node], {}))\n"
    program.write_text(NODES + ending, "utf-8")
    code = f"import runpy; runpy.run_path({str(program)!r}, run_name='__main__')"
    assert run_python(code, folder) == f"{original} ()"
    settings = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, program], env=settings, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{original} ()"


def test_version_does_not_depend_on_what_was_imported_before(tmp_path: Path) -> None:
    """A module that only a body imports is covered whether or not it is loaded already."""
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("", "utf-8")
    (package / "late.py").write_text("def rate():\n    return 1\n", "utf-8")
    (tmp_path / "nodes.py").write_text(
        "import shop\n\ndef node():\n    import xml.dom.minidom as dom\n    import shop.late as here\n"
        "    from shop import late\n    return late.rate(), here.rate(), shop.late.rate(), dom.parseString('<a/>')\n",
        "utf-8",
    )
    cold = run_python(PRINT_VERSION, tmp_path)
    assert cold == run_python("import shop.late, xml.dom.minidom; " + PRINT_VERSION, tmp_path)
    assert cold.endswith(" ()")
    (package / "late.py").write_text("def rate():\n    return 2\n", "utf-8")
    assert cold != run_python(PRINT_VERSION, tmp_path)


def test_cell_of_a_notebook_has_source() -> None:
    """Functions and classes typed into IPython are covered, those without a method too."""
    pytest.importorskip("IPython")
    code = """
    import warnings
    warnings.simplefilter("ignore")
    from IPython.core.interactiveshell import InteractiveShell
    from stateflow.dag_action.version import code_version
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    def version(cell):
        shell.run_cell(cell)
        print(*code_version([shell.user_ns["node"]], {}))
    version("from dataclasses import dataclass\\n@dataclass\\nclass P:\\n    x: int = 1\\ndef node():\\n    return P()")
    version("def node():\\n    return P()")
    version("def node():\\n    return 0, P()")
    """
    home = {"IPYTHONDIR": os.environ.get("STATEFLOW_HOME", ".")}
    first, second, third = run_python(textwrap.dedent(code), **home).splitlines()
    assert first == second != third
    assert first.endswith(" ()")


# -- what is proved and what is not --------------------------------------------------------------


@pytest.mark.parametrize(("text", "reasons"), PARTIAL.values(), ids=PARTIAL)
def test_what_is_not_proved_is_named(project: Project, text: str, reasons: list[str]) -> None:
    """A version that does not cover all that is reached says what it leaves out."""
    package = {"package/__init__": "", "package/broken": "raise RuntimeError"}
    version, found = project.version(text, helper="def one():\n    return 1\n", **package)
    assert (len(version), list(found)) == (24, reasons)


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_what_is_proved_is_whole(project: Project, text: str) -> None:
    """Ordinary code is covered without a remark."""
    assert project.version(text)[1] == ()


def test_unproved_parts_still_change_a_version_by_what_they_prove(project: Project) -> None:
    """A partial version covers the class of an instance and the functions in a table."""
    texts = [
        f"class C:\n    def get(self):\n        return {n}\n"
        f"c = C()\nT = {{'f': lambda: {m}}}\ndef node():\n    return c, T"
        for n, m in [(1, 1), (2, 1), (1, 2)]
    ]
    assert len({project.version(text) for text in texts}) == 3


def test_code_without_source_still_counts_by_its_bytecode(project: Project) -> None:
    """What a function without source runs and reaches is part of its partial version."""
    texts = [
        f"space = {{'k': {k}}}\nexec('def node(): return (lambda: k + {n})()', space)\nnode = space['node']"
        for n, k in [(1, 1), (2, 1), (1, 2)]
    ]
    versions = {project.version(text) for text in texts}
    assert len(versions) == 3
    assert {reasons for _, reasons in versions} == {("`node`: no source",)}


def test_enum_reached_as_a_class_covers_its_statement(project: Project) -> None:
    """An enum's members stand in its tree, its methods too."""
    text = (
        "import enum\nclass E(enum.Enum):\n    A = 1\n    def up(self):\n        return {}\ndef node():\n    return E"
    )
    assert project.version(text.format(1)) != project.version(text.format(2))


def test_tag_makes_a_version_whole(project: Project) -> None:
    """The tag and the function's name are then all there is to it."""
    tags = {"version": "7", "owner": "me"}
    first = project.load("written", written="client = iter('')\ndef node():\n    return client")
    second = project.load("written", written="def node():\n    return 2\ndef other():\n    return 2")
    version = code_version([first.node], {"a": 1}, tags)
    assert version[1] == ()
    assert version == code_version([second.node], {}, {"version": "7"})
    assert version != code_version([second.node], {}, {"version": "8"})
    assert version != code_version([second.other], {}, tags)
    assert code_version([second.node], {}, {"owner": "me"}) == code_version([second.node], {})


def test_node_without_a_function_has_a_version() -> None:
    """A node that only the configuration makes has one too."""
    assert code_version([], {"a": 1}) != code_version([], {"a": 2})


# -- libraries -----------------------------------------------------------------------------------


def install(folder: Path, version: str, *, record: bool = True, name: str = "pricing") -> Path:
    """Lay out a distribution ``name`` with the package ``pricing`` as an installer does."""
    place = folder / "site-packages"
    shutil.rmtree(place, ignore_errors=True)
    (place / "pricing").mkdir(parents=True)
    code = "def rate(x):\n    return x\n\nclass Model:\n    pass\n\ndef tool(f):\n    return f\n\nclient = iter('')\n"
    (place / "pricing" / "__init__.py").write_text(code, "utf-8")
    (place / "pricing" / "deep.py").write_text("def rate(x):\n    return x\n", "utf-8")
    info = place / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
    if record:
        (info / "RECORD").write_text("pricing/__init__.py,,\npricing/deep.py,,\n", "utf-8")
    else:
        (info / "top_level.txt").write_text("pricing\n", "utf-8")
    return place


USES = [
    "import pricing\ndef node(x):\n    return pricing.rate(x)",
    "from pricing import rate\ndef node(x):\n    return rate(x)",
    "from pricing import client\ndef node(x):\n    return client",
    "def node(x):\n    from pricing import rate\n    return rate(x)",
    "def node(x):\n    import pricing.deep\n    return pricing.deep.rate(x)",
    "from pricing import Model\nclass Mine(Model):\n    pass\ndef node(x):\n    return Mine()",
    "import pricing\nT = {'m': pricing.Model, 'r': pricing.rate}\ndef node(x):\n    return T",
    "import pricing\nx = pricing\ndef node():\n    return x",
]


@pytest.mark.parametrize("name", ["pricing", "acme-pricing"])
def test_version_of_a_distribution_counts_and_its_code_does_not(tmp_path: Path, name: str) -> None:
    """An installed package is covered by the name and version of who installed it."""
    for number, use in enumerate(USES):
        (tmp_path / f"use{number}.py").write_text(use, "utf-8")
    code = "import importlib\nfrom stateflow.dag_action.version import code_version\n"
    code += f"for n in range({len(USES)}): print(*code_version([importlib.import_module(f'use{{n}}').node], {{}}))"

    def versions(place: Path) -> list[str]:
        return run_python(code, tmp_path, place).splitlines()

    first, second = (versions(install(tmp_path, version, name=name)) for version in ("1.0", "1.1"))
    again = install(tmp_path, "1.0", name=name)
    with (again / "pricing" / "__init__.py").open("a", encoding="utf-8") as file:
        file.write("\nK = 1\n")
    assert first == versions(again)
    assert all(one != other and one.endswith(" ()") for one, other in zip(first, second, strict=True))
    assert len(first) == len(USES)


def test_distribution_without_a_list_of_files_is_found_by_its_top_level_name(tmp_path: Path) -> None:
    """Old installers leave no list of files."""
    (tmp_path / "nodes.py").write_text("import pricing\ndef node(x):\n    return pricing.rate(x)", "utf-8")
    first = run_python(PRINT_VERSION, tmp_path, install(tmp_path, "1.0", record=False))
    assert first.endswith(" ()")
    assert first != run_python(PRINT_VERSION, tmp_path, install(tmp_path, "2.0", record=False))


def test_package_that_nobody_installed_makes_the_version_partial(tmp_path: Path) -> None:
    """A folder that was copied among the installed ones has no version."""
    (tmp_path / "nodes.py").write_text("import pricing\ndef node(x):\n    return pricing.rate(x)", "utf-8")
    place = install(tmp_path, "1.0")
    shutil.rmtree(place / "pricing-1.0.dist-info")
    assert run_python(PRINT_VERSION, tmp_path, place).endswith(
        "('`pricing.rate`: pricing.rate belongs to no installed distribution',)"
    )


def test_docstring_and_annotations_count_where_a_library_may_read_them(tmp_path: Path) -> None:
    """A tool's description and a validator's types are behaviour."""
    place = install(tmp_path, "1.0")
    texts = [
        f"from pricing import {name}\nclass Arg:\n    x = {x}\n{text}"
        for name, text in [
            ("tool", '@tool\ndef node(a: Arg) -> int:\n    """{doc}."""'),
            ("Model", 'class Mine(Model):\n    """{doc}."""\n    a: Arg\ndef node():\n    return Mine()'),
        ]
        for x, text in [(1, text.format(doc="One")), (2, text.format(doc="One")), (1, text.format(doc="Two"))]
    ]
    found = set()
    for text in texts:
        (tmp_path / "nodes.py").write_text(text, "utf-8")
        found.add(run_python(PRINT_VERSION, tmp_path, place))
    assert len(found) == 6


def test_library_decorator_does_not_hide_the_project_function(project: Project) -> None:
    """A wrapper that a library made leads to what it wraps."""
    text = (
        "import contextlib\n@contextlib.contextmanager\ndef opened():\n    yield {}\ndef node():\n    return opened()"
    )
    assert project.version(text.format(1)) != project.version(text.format(2))


def test_function_that_the_project_put_into_a_library_is_covered(project: Project) -> None:
    """A library's version says nothing of what was patched in."""
    text = "import calendar\ndef one():\n    return {}\ncalendar.one = one\ndef node():\n    return calendar.one()"
    assert project.version(text.format(1)) != project.version(text.format(2))
    delattr(sys.modules["calendar"], "one")


def test_origin_tells_project_python_and_libraries_apart() -> None:
    """Location decides; the framework itself is a library wherever it lies."""
    import email.message

    assert origin.origin(vars(email.message)) == origin.PYTHON
    assert origin.origin({"__name__": "builtins"}) == origin.BUILTINS
    assert origin.origin({"__name__": "__main__"}) is None
    assert origin.origin({"__name__": "sys"}) == origin.PYTHON
    assert origin.origin({"__name__": "spread", "__path__": ["/somewhere/spread"]}) is None
    assert origin.origin(globals()) is None
    assert origin.origin(vars(scope)) == ("stateflow", importlib.metadata.version("stateflow"))
    assert origin.origin_of_name("nowhere_at_all") is None
    assert origin.origin_of_name("") is None
    assert origin.origin_of_name("turtledemo") == origin.PYTHON


def test_framework_that_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs from a folder too."""

    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert origin._version("stateflow") == ""


# -- Hamilton ------------------------------------------------------------------------------------

HAMILTON = """
from hamilton.function_modifiers import config, parameterize, pipe_output, step, tag, value
K = 3

def add(x: int) -> int:
    return x + 1

@tag(owner="me")
@parameterize(a={"v": value(K)}, b={"v": value(5)})
def node(v: int) -> int:
    '''Doc.'''
    return v

@config.when(llm="x")
@pipe_output(step(add))
def piped__x(v: int) -> int:
    return v

def spare(x: int) -> int:
    return x + 1

late = tag(a="b")(spare)
"""


def test_modifiers_are_covered_as_their_source_shows_them(project: Project) -> None:
    """Arguments of Hamilton's decorators count, constants and functions in them too; docstrings below them do not."""
    edits = {
        "": "",
        "K = 3": "K = 4",
        "value(5)": "value(6)",
        '"me"': '"you"',
        "    return x + 1\n\n@tag": "    return x + 2\n\n@tag",
        '="x"': '="y"',
    }
    found: dict[str, tuple[Any, Any]] = {}
    for old, new in {**edits, "Doc.": "Other."}.items():
        module = project.load("written", written=HAMILTON.replace(old, new) if old else HAMILTON)
        found[old] = code_version([module.node], {}), code_version([module.piped__x], {})
    assert all(reasons == () for pair in found.values() for _, reasons in pair)
    node, piped = found[""]
    assert {old for old, pair in found.items() if pair[0] != node} == {"K = 3", "value(5)", '"me"'}
    assert {old for old, pair in found.items() if pair[1] != piped} == {"    return x + 1\n\n@tag", '="x"'}


def test_modifier_that_the_source_does_not_show_makes_the_version_partial(project: Project) -> None:
    """A modifier that is applied by a call stands in no tree of the function's."""
    module = project.load("written", written=HAMILTON)
    assert code_version([module.late], {})[1] == ("`spare`: function modifiers that its source does not show",)
    text = HAMILTON + "import functools\n@functools.wraps(node)\ndef wrapped(v: int) -> int:\n    return node(v)\n"
    assert code_version([project.load("written", written=text).wrapped], {})[1] == ()
    text = """
    from hamilton.function_modifiers import tag
    space = {}
    exec('def f(): return 1', space)
    node = tag(a='b')(space['f'])
    """
    assert project.version(text)[1] == ("`f`: function modifiers that its source does not show", "`f`: no source")


# -- source --------------------------------------------------------------------------------------


def test_file_that_was_edited_after_its_import_is_not_trusted(project: Project) -> None:
    """The version speaks of the code that runs, never of a newer text."""
    module = project.load(
        "written", written="class C:\n    def a(self):\n        return 1\ndef node():\n    return C()"
    )
    path = Path(str(module.__file__))
    path.write_text(path.read_text("utf-8").replace("return 1", "return 234"), "utf-8")
    assert code_version([module.node], {})[1] == ("`C`: the source that is found differs from the code that runs",)
    module = project.load("written", written="def node():\n    return 1")
    Path(str(module.__file__)).write_text("def node():\n    return 234", "utf-8")
    assert code_version([module.node], {})[1] == ("`node`: the source that is found differs from the code that runs",)


def test_file_that_no_longer_parses_is_not_trusted(project: Project) -> None:
    """A file in the middle of an edit is no source."""
    module = project.load("written", written="def node():\n    return 1")
    Path(str(module.__file__)).write_text("def node(:", "utf-8")
    assert code_version([module.node], {})[1] == ("`node`: its source cannot be parsed",)


def test_function_whose_code_was_exchanged_is_read_anew(project: Project) -> None:
    """What is remembered of a function belongs to its code."""
    module = project.load("written", written="def node():\n    return 1\ndef other():\n    return 2\n")
    before = code_version([module.node], {})
    module.node.__code__ = module.other.__code__
    assert code_version([module.node], {}) == code_version([module.other], {}) != before


def test_expression_that_is_nested_too_deeply_is_named(project: Project) -> None:
    """A tree too deep to walk makes the version partial instead of failing the build."""
    deep = "x" + " + x" * 600
    assert project.version(f"def node(x):\n    return {deep}")[1] == ("`node`: nested too deeply to read",)


def test_function_in_this_very_module_has_source() -> None:
    """The asserts here are rewritten by pytest; a test's own functions are covered all the same."""

    class Local:
        def one(self) -> int:
            assert CONSTANT
            return CONSTANT

    def node() -> Local:
        assert CONSTANT
        return Local()

    assert code_version([node], {})[1] == ()


CONSTANT = 1


def test_two_lambdas_that_cannot_be_told_apart_make_the_version_partial(folder: Path) -> None:
    """Without columns in the code a guess is not proof."""
    code = (
        "import nodes; from stateflow.dag_action.version import code_version; print(code_version([nodes.cube], {})[1])"
    )
    reason = "('`<lambda>`: its source cannot be told apart from other code on its line',)"
    assert run_python(code, folder, PYTHONNODEBUGRANGES="1") == reason


def test_class_without_methods_in_a_notebook_without_its_cell_has_no_source() -> None:
    """What no cell in memory defines is not found."""
    module = types.ModuleType("cells")
    sys.modules["cells"] = module
    linecache.cache["<cell 1>"] = (1, None, ["other = 1\n"], "<cell 1>")
    try:
        made = type("Lost", (), {"__module__": "cells"})
        assert code_version([made], {})[1] == ("`Lost`: no source",)
    finally:
        del sys.modules["cells"], linecache.cache["<cell 1>"]


def test_class_defined_in_two_branches_is_told_apart_by_its_methods(project: Project) -> None:
    """The branch that ran is the one that counts."""
    text = "if {}:\n    class A:\n        def x(self):\n            return 1\nelse:\n    class A:\n"
    text += "        def x(self):\n            return 2\ndef node():\n    return A"
    first, second = project.version(text.format(True)), project.version(text.format(False))
    assert first != second
    assert first[1] == second[1] == ()


def test_generated_methods_say_nothing_that_the_class_statement_does_not(project: Project) -> None:
    """What attrs and dataclasses write has no source, and needs none."""
    text = """
    class A:
        x = 1
    space = {}
    exec(compile("def made(self): return 1", "<attrs generated made A>", "exec"), globals(), space)
    A.made = space["made"]
    def node():
        return A()
    """
    assert project.version(text)[1] == ()


# -- properties ----------------------------------------------------------------------------------

CONSTANTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals() | st.dates(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


def holding(constant: object) -> tuple[str, tuple[str, ...]]:
    return code_version([], {"k": constant})


@given(CONSTANTS, CONSTANTS)
def test_constants_have_equal_versions_only_when_they_are_written_alike(first: object, second: object) -> None:
    """The encoding is canonical and loses nothing, types least of all."""
    assert (holding(first) == holding(second)) == (repr(first) == repr(second))


@given(st.lists(st.integers() | st.text() | st.tuples(st.text(), st.integers())))
def test_set_has_one_version_however_it_was_filled(items: list[Any]) -> None:
    """A set has no order."""
    forward, backward = {*items}, {*reversed(items)}
    assert holding(forward) == holding(backward)
    assert holding(frozenset(forward)) != holding(forward)


@given(st.permutations(range(6)), st.integers(0, 3))
def test_layout_never_matters(order: list[int], blank: int) -> None:
    """Helpers may stand in any order, with anything between them."""
    parts = [f"def f{n}(x):\n    return x + {n} + f{(n + 1) % 6}(x)\n" for n in range(6)]
    text = "\n".join("\n" * blank + f"# {n}\n" + parts[n] for n in order)
    name = f"<laid out {order} {blank}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    space: dict[str, Callable[[int], int]] = {}
    types.FunctionType(compile(text, name, "exec", dont_inherit=True), space)()
    try:
        result = code_version([space["f0"]], {})
    finally:
        del linecache.cache[name]
    assert _seen.setdefault("layout", result) == result
    assert result[1] == ()


_seen: dict[str, object] = {}


# -- cost ----------------------------------------------------------------------------------------


def test_hundred_nodes_take_less_than_the_build_may_cost(project: Project) -> None:
    """The budget is 0.2 s for 100 nodes read for the first time; the limit here leaves room for a busy machine."""
    helper = "def help(x):\n" + "    x = [x + y for y in range(3) if y > x]\n" * 8 + "    return x\n"
    body = "    a = help(a + len(b)) + (a if a else b)\n" * 8 + "    return a\n"
    text = helper + "".join(f"def node{n}(a: int, b: str = 'x') -> int:\n{body}" for n in range(100))
    module = project.load("written", written=text)
    start = time.perf_counter()
    versions = {code_version([getattr(module, f"node{n}")], {}) for n in range(100)}
    assert time.perf_counter() - start < 1.0
    assert len(versions) == 100


def test_internals_resolve_what_no_module_shows() -> None:
    """Corners that no module above can hold."""
    assert names.named_in_library(types.SimpleNamespace(__module__="nowhere", __name__="x")) is None
    assert scope.imports([]) == {}
    assert source.namespace(type("Lost", (), {"__module__": "nowhere"})) == {}
