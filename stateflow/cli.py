"""The command ``stateflow``: draws applications, and finds the commands that other packages add."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
import inspect
import io
import os
import pkgutil
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

from stateflow.errors import InputError, StateflowError, names, nearest

GROUP = "stateflow.commands"
TEXTS = ("tree", "mermaid", "dot", "json", "svg")
INTERRUPTED = 130  # 128 and the number of SIGINT, as shells have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 for success, 1 for an error, 2 for wrong usage.

    Ctrl-C ends it with 130. A reader that leaves early, such as ``head``, ends it with 1. Both are silent.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    added = {point.name: point for point in entry_points(group=GROUP) if point.name != "draw"}
    try:
        if given and given[0] in added:
            code = int(_added(added[given[0]])(given[1:]) or 0)
        else:
            options = _parser(added).parse_args(given)
            code = int(options.command(options))
        sys.stdout.flush()
    except StateflowError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains while it exits
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _added(point: EntryPoint) -> Any:
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        raise InputError(
            f"the command {point.name!r}, added by {_giver(point)}, cannot be loaded from {point.value!r}: {error}"
        ) from error


def _giver(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "an unknown package"


def _parser(added: Mapping[str, EntryPoint]) -> argparse.ArgumentParser:
    from stateflow import __version__

    parser = argparse.ArgumentParser(prog="stateflow", description="Draw applications, and run added commands.")
    parser.add_argument("--version", action="version", version=f"stateflow {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    draw = commands.add_parser("draw", help="draw the lineage of an application or a graph")
    draw.add_argument(
        "target", metavar="module:name", help="an application, graph, builder, action, or a function giving one"
    )
    draw.add_argument("-o", "--output", metavar="FILE", help="write a file; its suffix says the form, such as .html")
    draw.add_argument("--format", choices=TEXTS, help="what to print where no file is given (default: tree)")
    draw.add_argument("--lens", choices=["unified", "control", "data"], default="unified", help="what to show")
    draw.add_argument("--engine", choices=["dot"], help="let Graphviz draw the file")
    draw.set_defaults(command=_draw, usage=draw)
    for name, point in sorted(added.items()):
        commands.add_parser(name, help=f"added by {_giver(point)}", add_help=False)
    return parser


# -- draw -------------------------------------------------------------------------------------------


def _draw(options: argparse.Namespace) -> int:
    if options.output and options.format:
        options.usage.error("--format is for printing: with --output the suffix of the file says the form")
    if options.engine and not options.output:
        options.usage.error("--engine draws a file: name it with --output")
    lineage = _lineage_of(_loaded(options.target), options.target)
    lineage = getattr(lineage, options.lens)()
    if not lineage.graph:
        raise InputError(f"{options.target!r} has nothing to draw in the {options.lens} lens: it has no actions")
    if options.output:
        _write(lineage, options)
    else:
        print(_text(lineage, options.format or "tree").rstrip("\n"))
    return 0


def _write(lineage: Any, options: argparse.Namespace) -> None:
    try:
        lineage.render(options.output, engine=options.engine)
    except OSError as error:
        raise InputError(f"{options.output!r} cannot be written: {error.strerror or error}") from error


def _text(lineage: Any, form: str) -> str:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # an old terminal shows less, and no error
    if form == "tree" and sys.stdout.isatty():
        return str(lineage.to_tree(shutil.get_terminal_size().columns))
    return str(getattr(lineage, f"to_{form}")())


# -- finding what to draw -----------------------------------------------------------------------------


def _loaded(target: str) -> Any:
    name, separator, path = target.partition(":")
    if (folder := os.getcwd()) not in sys.path:  # noqa: PTH109  as python -m has it
        sys.path.insert(0, folder)
    if not separator or not name or not path:
        raise InputError(f"{target!r} is not of the form module:name, such as shop.application:app{_meant(name)}")
    found: Any = _module(name)
    for part in path.split("."):
        if not hasattr(found, part):
            known = (key for key in getattr(found, "__dict__", {}) if not key.startswith("_"))
            raise InputError(f"{name!r} has no {part!r}{nearest(part, known)}")
        found = getattr(found, part)
    return found


def _meant(name: str) -> str:
    """Return a suggestion for a target that lacks its name: what is in the module, or a colon for the last dot."""
    module, _, last = name.rpartition(".")
    if not _is_dotted(name):
        return ""
    if all(_spec(part) for part in _parents(name)):
        return nearest(name, [f"{name}:{held}" for held in _offers(importlib.import_module(name))])
    return f"; did you mean '{module}:{last}'?" if module and all(_spec(part) for part in _parents(module)) else ""


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _module(name: str) -> ModuleType:
    """Import a module; whatever its own code raises is the user's to see, with its traceback."""
    if not _is_dotted(name):
        path = name.removesuffix(".py").replace("\\", "/").strip("./").replace("/", ".")
        near = f"; did you mean {path!r}?" if path != name and _is_dotted(path) else ""
        raise InputError(f"{name!r} is not the name of a module{near}")
    missing = next((part for part in _parents(name) if _spec(part) is None), None)
    if missing is None:
        return importlib.import_module(name)
    file = missing.endswith(".py")
    near = f"; did you mean {missing[:-3]!r}?" if file else nearest(missing, _siblings(missing))
    raise InputError(f"there is no module {missing!r} that can be imported from here{near}")


def _parents(name: str) -> Iterable[str]:
    parts = name.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts) + 1))


def _spec(name: str) -> Any:
    """Return where a module is, or None; the package around it, if it has one, is imported."""
    package = name.rpartition(".")[0]
    if package and not hasattr(importlib.import_module(package), "__path__"):
        return None
    return sys.modules.get(name) or importlib.util.find_spec(name)


def _siblings(name: str) -> list[str]:
    """Return the names of the modules that stand where this one would; outside a package those in this folder."""
    package = name.rpartition(".")[0]
    folders = getattr(importlib.import_module(package), "__path__", ()) if package else [os.getcwd()]  # noqa: PTH109
    return [f"{package}.{found.name}" if package else found.name for found in pkgutil.iter_modules(folders)]


def _lineage_of(found: Any, target: str) -> Any:
    """Return the lineage of what was found, made by calling and building it where that is needed."""
    from stateflow.actions import Action

    if isinstance(found, type) and issubclass(found, Action):
        raise InputError(f"{target!r} is a class of actions; give an instance, or an application that has one")
    if isinstance(found, ModuleType):
        held = _offers(found)
        raise InputError(f"{target!r} is a module; name something in it" + (f": {names(held)}" if held else ""))
    if not _is_drawable(found) and callable(found):
        found = _called(found, target)
    if _is_drawable(found) and not hasattr(found, "lineage") and callable(getattr(found, "build", None)):
        found = found.build()
    if not _is_drawable(found):
        wanted = "an application, a graph, a builder, an action or a lineage"
        raise InputError(f"{target!r} gives a {type(found).__name__}, and what is drawn is {wanted}")
    return found if hasattr(found, "to_mermaid") else found.lineage()


def _is_drawable(found: Any) -> bool:
    return not isinstance(found, type) and any(hasattr(found, name) for name in ("lineage", "build", "to_mermaid"))


def _offers(module: ModuleType) -> list[str]:
    """Return the names of a module that can be drawn, its own functions that need no argument among them."""
    return sorted(name for name, value in vars(module).items() if name[0] != "_" and _is_offered(value, module))


def _is_offered(value: Any, module: ModuleType) -> bool:
    if isinstance(value, (type, ModuleType)):
        return False
    if not inspect.isfunction(value) or value.__module__ != module.__name__:
        return _is_drawable(value)
    try:
        inspect.signature(value).bind()
    except TypeError:
        return False
    return True


def _called(found: Any, target: str) -> Any:
    """Call a function, or a class, that needs no argument."""
    try:
        inspect.signature(found).bind()
    except TypeError as error:
        raise InputError(f"{target!r} cannot be called: {error}; give a function that needs no argument") from error
    except ValueError:  # no signature to read: let the call tell
        pass
    made = found()
    return asyncio.run(made) if inspect.iscoroutine(made) else made
