"""The command line: what it draws, what it says when it cannot, and the commands that others add."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import stateflow
from stateflow.cli import main

ROOT = Path(__file__).parent.parent
STATEFLOW = (sys.executable, "-W", "error", "-c", "import sys; from stateflow.cli import main; sys.exit(main())")
COUNTER = "examples.counter.application:build"

SHOP = """
import asyncio
from stateflow import Action, ApplicationBuilder, GraphBuilder, State, action, dag

def price(product: str) -> float:
    return 1.0

@action(reads=[], writes=["product"])
def choose(state: State, product: str) -> State:
    return state.update(product=product)

class Pay(Action):
    reads = ["price"]
    writes = ["paid"]
    def run(self, state):
        return {"paid": True}
    def update(self, result, state):
        return state.update(**result)

weigh = dag(price, writes=["price"])
parts = GraphBuilder().with_actions(choose, weigh=weigh, pay=Pay())
parts.with_transitions(("choose", "weigh"), ("weigh", "pay"))
graph = parts.build()
builder = ApplicationBuilder().with_graph(graph).with_entrypoint("choose")
stored = ApplicationBuilder().with_graph(graph).with_entrypoint("choose").with_identifiers("a").with_store("runs.db")
app = builder.build()
lineage = app.lineage()

def build():
    return builder

async def abuild():
    await asyncio.sleep(0)
    return await builder.abuild()

def wants(size):
    return builder

def nothing():
    return None

def wrong():
    return GraphBuilder().with_actions(choose).with_transitions(("choose", "pay")).build()

def raises():
    raise RuntimeError("the shop is closed")

class Window:
    def lineage(self):
        return lineage

class held:
    inner = app
"""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command in this process: ``command("draw", "module:name")``."""

    def run(*arguments: str) -> Done:
        try:
            code = main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return run


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module ``shop`` and a package ``market``; commands run in it."""
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    (tmp_path / "market").mkdir()
    (tmp_path / "market" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "market" / "stall.py").write_text("from shop import app\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("shop", "market", "market.stall", "broken"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def process(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, with warnings as errors."""
    return subprocess.run([*STATEFLOW, *arguments], cwd=folder, capture_output=True, text=True, check=False)


# -- forms ------------------------------------------------------------------------------------------


def test_the_tree_is_what_is_printed(command: Command) -> None:
    """Without options a drawing for the terminal."""
    done = command("draw", COUNTER)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("● ═▶ count\n")
    assert not done.out.endswith("\n\n")


@pytest.mark.parametrize(
    ("form", "start"),
    [("tree", "●"), ("mermaid", "flowchart"), ("dot", "digraph"), ("json", "{"), ("svg", "<svg ")],
)
def test_every_form_is_printed(command: Command, form: str, start: str) -> None:
    """It is the text that the lineage gives, and nothing else."""
    done = command("draw", COUNTER, "--format", form)
    assert done.code == 0
    assert start in done.out.splitlines()[0] or form == "mermaid"
    assert start in done.out


@pytest.mark.parametrize("suffix", ["svg", "html", "mmd", "dot", "json", "txt", "SVG"])
def test_every_suffix_is_written(command: Command, tmp_path: Path, suffix: str) -> None:
    """The suffix says the form; missing folders are made; nothing is printed."""
    path = tmp_path / "new" / f"counter.{suffix}"
    assert command("draw", COUNTER, "-o", str(path)) == Done(0, "", "")
    assert "count" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_pictures_are_drawn_by_graphviz(command: Command, tmp_path: Path, dot: str, suffix: str, start: bytes) -> None:
    """Where the program is installed."""
    path = tmp_path / f"counter.{suffix}"
    assert command("draw", COUNTER, "-o", str(path)).code == 0
    assert path.read_bytes().startswith(start)


def test_the_engine_is_chosen(command: Command, tmp_path: Path, dot: str) -> None:
    """``--engine dot`` gives another svg than our own layout."""
    for name, engine in (("ours.svg", ()), ("theirs.svg", ("--engine", "dot"))):
        assert command("draw", COUNTER, "-o", str(tmp_path / name), *engine).code == 0
    ours, theirs = ((tmp_path / name).read_text(encoding="utf-8") for name in ("ours.svg", "theirs.svg"))
    assert ours != theirs
    assert "graphviz" in theirs.lower()


@pytest.mark.parametrize(
    ("lens", "kinds"),
    [("control", {"start", "action", "end"}), ("data", {"action", "state"}), ("unified", {"start", "end", "state"})],
)
def test_the_lens_chooses_what_is_shown(command: Command, lens: str, kinds: set[str]) -> None:
    """Control flow, data, or both."""
    drawn = json.loads(command("draw", COUNTER, "--lens", lens, "--format", "json").out)
    found = {node["kind"] for node in drawn["nodes"]}
    assert kinds <= found
    assert ("state" in found) == (lens != "control")
    assert ("end" in found) == (lens != "data")


# -- targets ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["app", "graph", "parts", "builder", "lineage", "build", "abuild", "Window", "held.inner"]
)
def test_whatever_leads_to_a_lineage_is_drawn(shop: Path, command: Command, name: str) -> None:
    """An application, a graph, their builders, a lineage, a function or class that gives one, an attribute of one."""
    done = command("draw", f"shop:{name}", "--format", "json")
    assert done.code == 0, done.err
    assert "weigh" in {node["name"] for node in json.loads(done.out)["nodes"] if node["kind"] == "action"}


@pytest.mark.parametrize("name", ["choose", "weigh"])
def test_an_action_is_drawn_alone(shop: Path, command: Command, name: str) -> None:
    """With what it takes and gives; it neither starts nor ends anything."""
    drawn = json.loads(command("draw", f"shop:{name}", "--format", "json").out)
    found = {node["kind"]: node["name"] for node in drawn["nodes"]}
    assert found["action"] == ("choose" if name == "choose" else found["action"])
    assert not {"start", "end"} & set(found)


def test_drawing_a_builder_writes_nothing(shop: Path, command: Command) -> None:
    """No run begins in the store that it names."""
    assert command("draw", "shop:stored") == command("draw", "shop:builder")
    assert not (shop / "runs.db").exists()


def test_a_package_is_imported_from_here(shop: Path) -> None:
    """As with ``python -m``, the folder in which the command runs comes first."""
    done = process("draw", "market.stall:app", folder=shop)
    assert done.returncode == 0, done.stderr
    assert "weigh" in done.stdout


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("shop", "'shop' is not of the form module:name, such as shop.application:app; did you mean 'shop:app'?"),
        ("shop.app", "did you mean 'shop:app'?"),
        ("market.stall", "did you mean 'market.stall:app'"),
        (":app", "':app' is not of the form module:name"),
        ("shop:", "'shop:' is not of the form module:name"),
        ("shpo:app", "there is no module 'shpo' that can be imported from here; did you mean 'shop'?"),
        ("market.stal:app", "there is no module 'market.stal' that can be imported from here; did you mean 'market.st"),
        ("shop.app:app", "there is no module 'shop.app' that can be imported"),
        ("shop.py:app", "there is no module 'shop.py' that can be imported from here; did you mean 'shop'?"),
        ("market/stall.py:app", "'market/stall.py' is not the name of a module; did you mean 'market.stall'?"),
        ("shop..x:app", "'shop..x' is not the name of a module"),
        ("shop:ap", "'shop' has no 'ap'; did you mean 'app'?"),
        ("shop:held.iner", "'shop' has no 'iner'; did you mean 'inner'?"),
        ("shop:SHOP", "'shop' has no 'SHOP'"),
        ("shop:asyncio", "'shop:asyncio' is a module; name something in it"),
        ("shop:wants", "'shop:wants' cannot be called: missing a required argument: 'size'; give a function that"),
        ("shop:nothing", "'shop:nothing' gives a NoneType, and what is drawn is an application, a graph, a builder"),
        ("shop:Pay", "'shop:Pay' is a class of actions; give an instance"),
        ("shop:GraphBuilder", "'shop:GraphBuilder' has nothing to draw in the unified lens"),
        ("shop:wrong", "there is no action 'pay'"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(shop: Path, command: Command, target: str, message: str) -> None:
    """The fact and what was probably meant, with exit code 1."""
    done = command("draw", target)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert message in done.err


@pytest.mark.parametrize(
    ("code", "last"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import surely_missing", "ModuleNotFoundError: No module named 'surely_missing'"),
        ("import market.missing", "ModuleNotFoundError: No module named 'market.missing'"),
        ("x = (", "SyntaxError: '(' was never closed"),
    ],
)
def test_a_module_that_raises_shows_its_traceback(shop: Path, code: str, last: str) -> None:
    """The fault is the user's to find: file and line are shown."""
    (shop / "broken.py").write_text(f"\n{code}\n", encoding="utf-8")
    done = process("draw", "broken:app", folder=shop)
    assert done.returncode == 1
    assert 'broken.py", line 2' in done.stderr
    assert done.stderr.strip().endswith(last)


def test_a_function_that_raises_shows_its_traceback(shop: Path) -> None:
    """The same for what happens when the target is called."""
    done = process("draw", "shop:raises", folder=shop)
    assert done.returncode == 1
    assert "in raises" in done.stderr
    assert "RuntimeError: the shop is closed" in done.stderr


# -- usage ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "required: command"),
        (("drow",), "invalid choice: 'drow'"),
        (("draw",), "required: module:name"),
        (("draw", COUNTER, "--lens", "side"), "invalid choice: 'side'"),
        (("draw", COUNTER, "--format", "png"), "invalid choice: 'png'"),
        (("draw", COUNTER, "--format", "svg", "-o", "x.svg"), "--format is for printing"),
        (("draw", COUNTER, "--engine", "dot"), "--engine draws a file"),
    ],
)
def test_wrong_usage_is_two(command: Command, arguments: tuple[str, ...], message: str) -> None:
    """The usage and the fault are shown, with exit code 2."""
    done = command(*arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


@pytest.mark.parametrize(
    ("file", "message"),
    [("counter.foo", "has no known suffix"), ("counter", "has no known suffix"), ("taken/counter.svg", "cannot be")],
)
def test_files_that_cannot_be_written(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, message: str
) -> None:
    """An unknown suffix, or a file where a folder should be: one line, with exit code 1."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("")
    done = command("draw", COUNTER, "-o", file)
    assert done.code == 1
    assert message in done.err
    assert file.rpartition("/")[2] in done.err


def test_help(command: Command) -> None:
    """It lists the commands, those that are added with who adds them."""
    done = command("--help")
    assert done.code == 0
    assert "draw" in done.out
    assert "added by stateflow" in done.out
    assert "demo" in done.out


def test_help_of_a_command(command: Command) -> None:
    """Each command has its own, added ones too."""
    assert "module:name" in command("draw", "--help").out
    assert "--evaluate" in command("demo", "--help").out


def test_version(command: Command) -> None:
    """The version of the package."""
    assert command("--version").out == f"stateflow {stateflow.__version__}\n"


def test_the_installed_command() -> None:
    """The script that an installation puts beside the interpreter is this command."""
    script = Path(sys.executable).with_name("stateflow")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"stateflow {stateflow.__version__}\n"


# -- pipes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["tree", "svg"])
def test_a_reader_that_leaves_early(form: str) -> None:
    """``stateflow draw … | head -1`` prints a line and complains about nothing."""
    read, write = os.pipe()
    os.close(read)
    command = [*STATEFLOW, "draw", COUNTER, "--format", form]
    done = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_pipeline_of_a_shell() -> None:
    """The same through a shell and the real ``head``."""
    line = f'"{sys.executable}" -c "from stateflow.cli import main; main()" draw {COUNTER} --format json | head -1'
    done = subprocess.run(line, shell=True, cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_an_old_terminal_shows_less() -> None:
    """Characters that its encoding lacks are no error."""
    variables = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*STATEFLOW, "draw", COUNTER], cwd=ROOT, capture_output=True, env=variables, check=True)
    assert b"count" in done.stdout


# -- added commands -------------------------------------------------------------------------------------


ADDED = """
from stateflow import GraphError

def greet(arguments):
    print("hello", *arguments)

def seven(arguments):
    return 7

def refuse(arguments):
    raise GraphError("not today")

def stop(arguments):
    raise KeyboardInterrupt
"""
POINTS = """[stateflow.commands]
greet = added_commands:greet
seven = added_commands:seven
refuse = added_commands:refuse
stop = added_commands:stop
broken = added_missing:main
renamed = added_commands:main
draw = added_commands:greet
"""


@pytest.fixture
def _added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that adds commands, some of them broken."""
    information = tmp_path / "greeter-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: greeter\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(POINTS)
    (tmp_path / "added_commands.py").write_text(ADDED)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("_added")
def test_an_added_command_gets_its_arguments(command: Command) -> None:
    """All that follow its name; returning nothing is success."""
    assert command("greet", "--loud", "world") == Done(0, "hello --loud world\n", "")


@pytest.mark.usefixtures("_added")
@pytest.mark.parametrize(
    ("name", "code", "error"), [("seven", 7, ""), ("refuse", 1, "error: not today\n"), ("stop", 130, "")]
)
def test_an_added_command_ends_as_it_wants(command: Command, name: str, code: int, error: str) -> None:
    """With its exit code, an error of ours in one line, or Ctrl-C without a word."""
    assert command(name) == Done(code, "", error)


@pytest.mark.usefixtures("_added")
@pytest.mark.parametrize(("name", "fault"), [("broken", "added_missing"), ("renamed", "main")])
def test_a_broken_command_says_whose_it_is(command: Command, name: str, fault: str) -> None:
    """The package that adds it, and what is wrong with it."""
    done = command(name)
    assert done.code == 1
    assert f"the command {name!r}, added by greeter, cannot be loaded" in done.err
    assert fault in done.err


@pytest.mark.usefixtures("_added")
def test_a_broken_command_leaves_the_others_alone(command: Command) -> None:
    """Help, our own commands and those of others work beside it; ours cannot be replaced."""
    assert "added by greeter" in command("--help").out
    assert command("greet").code == 0
    drawn = command("draw", COUNTER, "--format", "svg").out
    assert ET.fromstring(drawn).tag.endswith("svg")
