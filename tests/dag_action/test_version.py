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

from stateflow.dag_action.version import code_version, names, origin, source, syntax

FOLDER = Path(__file__).parent / "versioned"
NODES = (FOLDER / "nodes.py").read_text("utf-8")
STEPS = (FOLDER / "steps.py").read_text("utf-8")
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
    copy = tmp_path / "ä copy" / seed
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert run_python(PRINT_VERSION, copy, PYTHONHASHSEED=seed) == f"{original} ()"
    assert run_python("import steps, json, email; " + PRINT_VERSION, FOLDER, PYTHONHASHSEED=seed) == f"{original} ()"


def test_version_is_the_same_in_a_zip_archive(tmp_path: Path, original: str) -> None:
    """Source inside an archive is source."""
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("nodes.py", NODES)
        file.writestr("steps.py", STEPS)
    assert run_python(PRINT_VERSION, archive) == f"{original} ()"


def test_version_is_the_same_when_the_module_is_the_program(tmp_path: Path, original: str) -> None:
    """A script and its import are the same code."""
    shutil.copy(FOLDER / "steps.py", tmp_path)
    program = tmp_path / "program.py"
    ending = "\nfrom stateflow.dag_action.version import code_version\nprint(*code_version([node], {}))\n"
    program.write_text(NODES + ending, "utf-8")
    code = f"import runpy; runpy.run_path({str(program)!r}, run_name='__main__')"
    assert run_python(code, tmp_path) == f"{original} ()"
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


# -- what is not proved --------------------------------------------------------------------------

PARTIAL = {
    "instance": (
        "class Client:\n    pass\nclient = Client()\ndef node():\n    return client.get()",
        ["`client`: instance of written.Client"],
    ),
    "instance of a library's class": (
        "import email.message\nm = email.message.Message()\ndef node():\n    return m",
        ["`m`: instance of email.message.Message"],
    ),
    "instance in a closure": (
        "def make(x):\n    def inner():\n        return x\n    return inner\nnode = make(iter('a'))",
        ["`x`: instance of builtins.str_ascii_iterator"],
    ),
    "instance as a default": (
        "def node(*, x=iter(())):\n    return x",
        ["`node(x=)`: instance of builtins.tuple_iterator"],
    ),
    "instance as a positional default": (
        "def node(x=iter(())):\n    return x",
        ["`node(…=0)`: instance of builtins.tuple_iterator"],
    ),
    "dispatch table": (
        "def f():\n    return 1\nTABLE = {'x': f, 'n': 1}\ndef node(k):\n    return TABLE[k]()",
        ["`TABLE['x']`: callable in a container"],
    ),
    "lambda in a list": (
        "STEPS = [lambda: 1]\ndef node():\n    return STEPS",
        ["`STEPS[0]`: callable in a container"],
    ),
    "class in a set": (
        "class A:\n    pass\nclass B:\n    pass\nALL = {B, A}\ndef node():\n    return ALL",
        ["`ALL[…]`: callable in a container"],
    ),
    "partial in a dict": (
        "import functools\ndef f(x):\n    return x\nT = {1: functools.partial(f, 2)}\ndef node():\n    return T",
        ["`T[1]`: callable in a container"],
    ),
    "class as a key": (
        "class A:\n    pass\nT = {A: iter('')}\ndef node():\n    return T",
        ["`T[A]`: instance of builtins.str_ascii_iterator", "`T[…]`: callable in a container"],
    ),
    "getattr by a computed name": (
        "import math\ndef node(name):\n    return getattr(math, name)",
        ["`getattr(math, name)`: dynamic lookup"],
    ),
    "getattr as a value": ("def node(x):\n    return map(getattr, x)", ["`getattr`: dynamic lookup"]),
    "globals": ("def node(x):\n    return globals()[x]", ["`globals()`: dynamic lookup"]),
    "importlib": (
        "import importlib\ndef node(x):\n    return importlib.import_module(x)",
        ["`importlib.import_module(x)`: dynamic lookup"],
    ),
    "import_module": (
        "def node(x):\n    from importlib import import_module\n    return import_module(x)",
        ["`import_module(x)`: dynamic lookup"],
    ),
    "eval": ("def node(x):\n    return eval('1 + 1')", ["`eval('1 + 1')`: dynamic lookup"]),
    "sys.modules": ("import sys\ndef node(x):\n    return sys.modules[x]", ["`sys.modules`: dynamic lookup"]),
    "attribute of a function": ("def node(x):\n    return x.__globals__", ["`node`: reads __globals__"]),
    "docstring that is read": (
        "import inspect\ndef node(x):\n    return x.__doc__, inspect.getdoc(x)",
        ["`inspect.getdoc`: reads source or docstrings", "`node`: reads __doc__"],
    ),
    "module as a value": (
        "import helper\ndef node():\n    return vars(helper)",
        ["`helper`: a module of the project as a value"],
    ),
    "namespace of a module": (
        "import helper\ndef node(x):\n    return helper.__dict__[x]",
        ["`helper.__dict__`: helper does not define it, or only at run time"],
    ),
    "attribute made at run time": (
        "import helper\ndef node():\n    return helper.late",
        ["`helper.late`: helper does not define it, or only at run time"],
    ),
    "name that is not defined": ("def node():\n    return nowhere", ["`nowhere`: not defined"]),
    "variable that is not filled": (
        "def make():\n    def inner():\n        return later\n    return inner\n    later = 1\nnode = make()",
        ["`later`: not defined yet"],
    ),
    "module that is missing": (
        "def node():\n    import nowhere_at_all\n    return nowhere_at_all.x",
        ["`x`: nowhere_at_all cannot be imported (ModuleNotFoundError)"],
    ),
    "function without source": (
        "space = {}\nexec('def node(): return 1', space)\nnode = space['node']",
        ["`node`: no source"],
    ),
    "class without source": (
        "space = {}\nexec('class A: pass', space)\nA = space['A']\ndef node():\n    return A()",
        ["`A`: no source"],
    ),
    "class made by a call": ("A = type('A', (), {})\ndef node():\n    return A()", ["`A`: no source"]),
    "class defined twice": (
        "class A:\n    x = 1\nclass A:\n    x = 2\ndef node():\n    return A",
        ["`A`: its file defines it more than once"],
    ),
    "decorator's local variable": (
        "def deco(n):\n    return lambda f: f\ndef make(n):\n    @deco(n)\n    def inner():\n        return 1\n"
        "    return inner\nnode = make(1)",
        ["`n`: local variable of a function around it, which is not kept"],
    ),
    "bound method": (
        "class C:\n    def run(self):\n        return 1\nrun = C().run\ndef node():\n    return run()",
        ["`run`: instance of written.C"],
    ),
    "bound method of a built-in": (
        "bump = iter('ab').__next__\ndef node():\n    return bump()",
        ["`bump`: instance of builtins.str_ascii_iterator"],
    ),
    "list in itself": (
        "loop = []\nloop.append(loop)\ndef node():\n    return loop",
        ["`loop[0]`: contains itself or is nested too deeply"],
    ),
    "attribute of a class": (
        "class A:\n    it = iter('')\ndef node():\n    return A",
        ["`A.it`: instance of builtins.str_ascii_iterator"],
    ),
    "dispatch on types": (
        "import functools\n@functools.singledispatch\ndef show(x):\n    return 1\ndef node(x):\n    return show(x)",
        ["`show`: dispatches on types that are registered at run time"],
    ),
    "field of a dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass D:\n    x: object\nD1 = D(iter(''))\n"
        "def node():\n    return D1",
        ["`D1.x`: instance of builtins.str_ascii_iterator"],
    ),
    "field of a named tuple": (
        "from typing import NamedTuple\nclass D(NamedTuple):\n    x: object\nD1 = D(iter(''))\ndef node():\n    return D1",
        ["`D1.x`: instance of builtins.str_ascii_iterator"],
    ),
    "object that answers anything": (
        "class Proxy:\n    def __getattribute__(self, name):\n        raise RuntimeError(name)\n"
        "    def __call__(self):\n        return 1\np = Proxy()\ndef node():\n    return p()",
        ["`p`: instance of written.Proxy"],
    ),
    "wrapped by something without a name": (
        "import contextvars\nv = contextvars.ContextVar('v')\ndef node():\n    return v.get()",
        ["`v`: instance of _contextvars.ContextVar"],
    ),
    "import of a project module by name": (
        "import helper, importlib\ndef node():\n    return importlib.import_module('helper').one()",
        ["`helper`: a module of the project as a value"],
    ),
}


@pytest.mark.parametrize(("text", "reasons"), PARTIAL.values(), ids=PARTIAL)
def test_what_is_not_proved_is_named(project: Project, text: str, reasons: list[str]) -> None:
    """A version that does not cover all that is reached says what it leaves out."""
    version, found = project.version(text, helper="def one():\n    return 1\n")
    assert (len(version), list(found)) == (24, reasons)


WHOLE = {
    "logger": "import logging\nlog = logging.getLogger(__name__)\ndef node():\n    log.info('x')",
    "lock": "import threading\nlock = threading.RLock()\ndef node():\n    with lock:\n        return 1",
    "sentinel": "MISSING = object()\ndef node(x=MISSING):\n    return x is MISSING",
    "functions in a tuple": "def f():\n    return 1\nALL = (f, len)\ndef node():\n    return ALL",
    "library's functions in a dict": "import math\nT = {'f': math.floor, 'i': int}\ndef node():\n    return T",
    "ufunc": "import numpy as np\nfrom numpy import add\nadd2 = np.add\ndef node(x):\n    return add(add2(x, np.pi), np.log(x))",
    "object that a library offers": "from string import digits\nfrom os import environ\ndef node():\n    return environ, digits",
    "special forms": "from typing import Any, Optional\ndef node(x):\n    return Optional[x], Any",
    "generic class": "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass Box(Generic[T]):\n    pass\n"
    "IntBox = Box[int]\ndef node():\n    return IntBox()",
    "callable type": "from collections.abc import Callable\nclass A:\n    pass\nF = Callable[[A], int]\ndef node():\n    return F",
    "new type": "from typing import NewType\nId = NewType('Id', str)\ndef node():\n    return Id('x')",
    "alias type": "from typing_extensions import TypeAliasType\nA = TypeAliasType('A', int)\ndef node():\n    return A",
    "default dict": "from collections import defaultdict\nD = defaultdict(list, a=1)\ndef node():\n    return D",
    "namespace": "from types import SimpleNamespace\nN = SimpleNamespace(a=1)\ndef node():\n    return N.a",
    "time": "import datetime as dt\nT = dt.time(1, 2, fold=1)\ndef node():\n    return T",
    "method of a built-in type": "lower = str.lower\nfind = 'abc'.find\ndef node(x):\n    return lower(x), find(x)",
    "class method": "class C:\n    @classmethod\n    def of(cls):\n        return cls()\nof = C.of\ndef node():\n    return of()",
    "method": "class C:\n    def a(self):\n        return self.b()\n    def b(self):\n        return 1\nnode = C.a",
    "property with a setter": "class C:\n    @property\n    def a(self):\n        return 1\n    @a.setter\n"
    "    def a(self, value):\n        self.x = value\n    @property\n    def deleted(self):\n        return 2\nnode = C.a.fset",
    "slots": "class C:\n    __slots__ = ('a',)\ndef node():\n    return C().a",
    "abstract class": "from abc import ABC, abstractmethod\nclass C(ABC):\n    @abstractmethod\n    def a(self): ...\n"
    "def node():\n    return C",
    "nested class": "class C:\n    class D:\n        x = 1\n    kind = D\ndef node():\n    return C.D",
    "class in a function": "def make(n):\n    class C:\n        def a(self):\n            return n\n    return C\n"
    "C3 = make(3)\ndef node():\n    return C3().a()",
    "context manager": "import contextlib\n@contextlib.contextmanager\ndef opened():\n    yield 1\ndef node():\n"
    "    with opened() as x:\n        return x",
    "attribute of a function": "def f():\n    return f.limit\nf.limit = 3\ndef node():\n    return f.limit + f()",
    "walrus, match and star": "def node(x):\n    if (n := len(x)) > 1:\n        return [m := n for _ in x], m\n    match x:\n"
    "        case [a, *rest]:\n            return a, rest\n        case {'k': k, **more} as whole:\n"
    "            return k, more, whole\n    try:\n        return 1\n    except ValueError as error:\n        return error",
    "global and nonlocal": "count = 0\ndef node():\n    global count\n    count += 1\n    n = 1\n    def inner():\n"
    "        nonlocal n\n        n += count\n        return lambda n=n, *, k=count: n + k\n    del n\n    return inner",
    "comprehension over a name of its own": "x = [1]\ndef node():\n    return [x for x in x], {y: z for y in x for z in x if z}",
    "class body that reads a global first": "K = 1\ndef node():\n    class C:\n        K = K\n        n: 'int' = 2\n"
    "        def a(self):\n            return K\n    return C",
    "quoted annotation": "def node(x: 'dict[str, Nowhere]', y: 'not code' = 1, *z: 'Nowhere', **k: int) -> 'Nowhere':\n    return x",
    "private import": "def node():\n    import os.path\n    from json import dumps as d\n    return os.path.join(d(1))",
    "operator by a constant": "import operator\nget = operator.attrgetter\ndef node():\n    return operator.attrgetter('a')",
    "constants of every type": "import uuid, fractions, pathlib, zoneinfo, enum, datetime as dt\n"
    "class F(enum.Flag):\n    A = 1\n    B = 2\n"
    "ALL = [None, ..., True, 2**20000, -0.0, float('nan'), 1j, 'ü\\ud800', b'', bytearray(b'x'), range(3),\n"
    "       uuid.UUID(int=3), fractions.Fraction(1, 3), pathlib.PurePosixPath('a'), zoneinfo.ZoneInfo('UTC'),\n"
    "       dt.date(2020, 1, 1), dt.timedelta(1), F.A | F.B, {1: 2, (1, 2): 3.5}]\ndef node():\n    return ALL, 2**5",
    "pydantic model": """
        from pydantic import BaseModel, Field, PrivateAttr, computed_field, field_serializer, field_validator
        class M(BaseModel):
            x: int = Field(3, gt=0)
            _p: int = PrivateAttr(2)
            @field_validator("x")
            @classmethod
            def check(cls, value):
                return value
            @computed_field
            @property
            def y(self) -> int:
                return 1
            @field_serializer("x")
            def show(self, value):
                return value
        def node():
            return M()
        """,
    "lambda that spans lines": "node = (\n    lambda x:\n    x + 1\n)",
    "nested lambdas": "node = lambda: lambda: (lambda: 1)",
    "coroutine": "async def node(x):\n    async for y in x:\n        async with y as z:\n            yield await z",
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_what_is_proved_is_whole(project: Project, text: str) -> None:
    """Ordinary code is covered without a remark."""
    assert project.version(text)[1] == ()


def test_unproved_parts_still_change_a_version_by_what_they_prove(project: Project) -> None:
    """A partial version covers the class of an instance and the functions in a table."""
    texts = [
        f"class C:\n    def get(self):\n        return {n}\nc = C()\nT = {{'f': lambda: {m}}}\ndef node():\n    return c, T"
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


def test_origin_tells_project_python_and_libraries_apart() -> None:
    """Location decides; the framework itself is a library wherever it lies."""
    import email.message

    assert origin.origin(vars(email.message)) == origin.PYTHON
    assert origin.origin({"__name__": "builtins"}) == origin.BUILTINS
    assert origin.origin({"__name__": "__main__"}) is None
    assert origin.origin({"__name__": "sys"}) == origin.PYTHON
    assert origin.origin({"__name__": "spread", "__path__": ["/work/spread"]}) is None
    assert origin.origin(globals()) is None
    assert origin.origin(vars(syntax)) == ("stateflow", importlib.metadata.version("stateflow"))
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
    text = "from hamilton.function_modifiers import tag\nspace = {}\nexec('def f(): return 1', space)\nnode = tag(a='b')(space['f'])"
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


def test_two_lambdas_that_cannot_be_told_apart_make_the_version_partial(project: Project) -> None:
    """Without columns in the code, as under -X no_debug_ranges, a guess is not proof."""
    code = (
        "import nodes; from stateflow.dag_action.version import code_version; print(code_version([nodes.cube], {})[1])"
    )
    done = subprocess.run(
        [sys.executable, "-X", "no_debug_ranges", "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(FOLDER), str(ROOT)]), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "('`<lambda>`: its source cannot be told apart from other code on its line',)"


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
    def add(cls):
        space = {}
        exec(compile("def made(self): return 1", "<attrs generated made A>", "exec"), globals(), space)
        cls.made = space["made"]
        return cls
    @add
    class A:
        x = 1
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
    forward, backward = set(items), set(items[::-1])
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
    text = helper + "".join(
        f"def node{n}(a: int, b: str = 'x') -> int:\n"
        + "    a = help(a + len(b)) + (a if a else b)\n" * 8
        + "    return a\n"
        for n in range(100)
    )
    module = project.load("written", written=text)
    start = time.perf_counter()
    versions = {code_version([getattr(module, f"node{n}")], {}) for n in range(100)}
    assert time.perf_counter() - start < 1.0
    assert len(versions) == 100


def test_internals_resolve_what_no_module_shows() -> None:
    """Corners that no module above can hold."""
    assert names.named_in_library(types.SimpleNamespace(__module__="nowhere", __name__="x")) is None
    assert syntax.imports([]) == {}
    assert source.namespace(type("Lost", (), {"__module__": "nowhere"})) == {}
