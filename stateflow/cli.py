"""The command ``stateflow``: draws applications, and finds the commands that other packages add."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Any

from stateflow.errors import InputError, StateflowError

GROUP = "stateflow.commands"
TEXTS = ("tree", "mermaid", "dot", "json", "svg")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 for success, 1 for an error, 2 for wrong usage."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    added = {point.name: point for point in entry_points(group=GROUP)}
    if given and given[0] in added:
        return int(added[given[0]].load()(given[1:]) or 0)
    options = _parser(sorted(added)).parse_args(given)
    try:
        return int(options.command(options))
    except StateflowError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1


def _parser(added: Sequence[str]) -> argparse.ArgumentParser:
    from stateflow import __version__

    more = f"further commands: {', '.join(added)}" if added else None
    parser = argparse.ArgumentParser(prog="stateflow", description=__doc__, epilog=more)
    parser.add_argument("--version", action="version", version=f"stateflow {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    draw = commands.add_parser("draw", help="draw the lineage of an application or a graph")
    draw.add_argument("target", metavar="module:name", help="an application, graph, builder, or a function giving one")
    draw.add_argument("-o", "--output", metavar="FILE", help="write a file; its suffix says the form, such as .html")
    draw.add_argument("--format", choices=TEXTS, default="tree", help="what to print where no file is given")
    draw.add_argument("--lens", choices=["unified", "control", "data"], default="unified", help="what to show")
    draw.add_argument("--engine", choices=["dot"], help="let Graphviz draw the file")
    draw.set_defaults(command=_draw)
    return parser


def _draw(options: argparse.Namespace) -> int:
    lineage = _lineage_of(_loaded(options.target), options.target)
    lineage = getattr(lineage, options.lens)()
    if options.output:
        lineage.render(options.output, engine=options.engine)
    else:
        print(getattr(lineage, f"to_{options.format}")().rstrip("\n"))  # noqa: T201
    return 0


def _loaded(target: str) -> Any:
    name, separator, path = target.partition(":")
    if not separator or not path:
        raise InputError(f"{target!r} is not of the form module:name, such as examples.counter.application:app")
    if os.getcwd() not in sys.path:  # noqa: PTH109  as python -m does
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    try:
        found: Any = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(f"there is no module {error.name!r}; give one that can be imported from here") from error
    for part in path.split("."):
        if not hasattr(found, part):
            from stateflow.errors import nearest

            raise InputError(f"{name!r} has no {part!r}{nearest(part, vars(found)) if hasattr(found, '__dict__') else ''}")
        found = getattr(found, part)
    return found


def _lineage_of(found: Any, target: str) -> Any:
    for made in (_same, _called, _built):
        candidate = made(found)
        if hasattr(candidate, "lineage"):
            return candidate.lineage()
        if hasattr(candidate, "to_mermaid"):
            return candidate
        found = candidate if candidate is not None else found
    raise InputError(f"{target!r} is a {type(found).__name__}; give an application, a graph, a builder or a lineage")


def _same(found: Any) -> Any:
    return found


def _called(found: Any) -> Any:
    function: Callable[[], Any] | None = found if callable(found) and not hasattr(found, "build") else None
    return function() if function is not None else found


def _built(found: Any) -> Any:
    return found.build() if hasattr(found, "build") else found
