"""Resolves a name as the running code would: closure, globals, builtins, attributes of modules, imports in a body."""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stateflow.dag_action.version.origin import Library, origin, origin_of_class, origin_of_name
from stateflow.dag_action.version.source import Written
from stateflow.dag_action.version.syntax import Reference

_MISSING = object()


@dataclass(frozen=True, slots=True)
class Space:
    """Where the names of one definition are looked up."""

    written: Written
    closure: Mapping[str, types.CellType]
    globals: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What a name leads to, and the library that accounts for it when it is not looked into."""

    value: Any
    label: str
    library: Library | None = None


@dataclass(frozen=True, slots=True)
class Unfound:
    """Why a name leads nowhere."""

    reason: str


def find(reference: Reference, space: Space) -> Found | Unfound:
    """Resolve a reference of a definition."""
    if reference.module:
        return _imported(reference.module, reference.path, space.globals)
    name, rest = reference.path[0], reference.path[1:]
    if name in space.closure:
        cell = space.closure[name]
        return _follow(cell.cell_contents, rest, name) if is_filled(cell) else Unfound("not defined yet")
    if name in space.written.hidden:
        return Unfound("local variable of a function around it, which is not kept")
    value = space.globals.get(name, _MISSING)
    if value is _MISSING:
        value = getattr(builtins, name, _MISSING)
        return Unfound("not defined") if value is _MISSING else Found(value, name)
    return _from_library(value, name, space) or _follow(value, rest, name)


def is_filled(cell: types.CellType) -> bool:
    """Return whether a closure's cell holds a value."""
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def library_of(found: Found) -> Library | None:
    """Return the library that a name leads to; None for the project."""
    if isinstance(found.value, types.FunctionType):
        return found.library or origin(found.value.__globals__)
    return found.library or (origin_of_class(found.value) if isinstance(found.value, type) else None)


def named_in_library(value: Any) -> tuple[Library, str] | None:
    """Return the library and full name of an object that its module offers by name, such as a ufunc."""
    try:
        module = value.__module__
        name = getattr(value, "__name__", None) or value._name
    except Exception:  # noqa: BLE001 - a proxy may raise anything
        return None
    if not isinstance(module, str) or _offered(module, name) is not value:
        return None
    library = origin_of_name(module)
    return (library, f"{module}.{name}") if library else None


def _from_library(value: object, name: str, space: Space) -> Found | None:
    """Recognise what the file's own ``from library import name`` still provides, whatever it is."""
    module, names = space.written.imports.get(name, ("", ()))
    if not names or module.startswith(".") or isinstance(value, types.ModuleType):
        return None
    library = origin_of_name(module)
    if library is None or _offered(module, names[0]) is not value:
        return None
    return _accounted(value, f"{module}.{names[0]}", library)


def _offered(module: str, name: str) -> object:
    loaded = sys.modules.get(module)
    return _MISSING if loaded is None else vars(loaded).get(name, _MISSING)


def _accounted(value: object, label: str, library: Library) -> Found:
    """Let the library account for a value, unless the project has put a function of its own there."""
    patched = isinstance(value, types.FunctionType) and origin(value.__globals__) is None
    return Found(value, label, None if patched else library)


def _follow(value: Any, path: tuple[str, ...], label: str) -> Found | Unfound:
    """Read attributes as far as they lead through modules."""
    while path and isinstance(value, types.ModuleType):
        if library := origin(vars(value)):
            return _accounted(_inside(value, path), ".".join((value.__name__, *path)), library)
        inner = _MISSING if path[0] == "__dict__" else _attribute(value, path[0])
        if inner is _MISSING:
            return Unfound(f"{value.__name__} does not define it, or only at run time")
        value, label, path = inner, f"{label}.{path[0]}", path[1:]
    if path and isinstance(value, types.FunctionType) and path[0] in vars(value):
        return Found(vars(value)[path[0]], f"{label}.{path[0]}")
    return Found(value, label)


def _attribute(module: types.ModuleType, name: str) -> Any:
    """Return an attribute of a project's module; a module inside a package is imported when it is not yet."""
    if name in vars(module) or not hasattr(module, "__path__"):
        return vars(module).get(name, _MISSING)
    try:
        return importlib.import_module(f"{module.__name__}.{name}")
    except Exception:  # noqa: BLE001 - whatever the module raises while it is imported
        return _MISSING


def _imported(module: str, path: tuple[str, ...], space: Mapping[str, Any]) -> Found | Unfound:
    """Resolve an import statement inside a body, and run it when it is for a module of the project."""
    try:
        name = importlib.util.resolve_name(module, space.get("__package__") or "")
        if library := origin_of_name(name):  # its version is enough, and importing it may be slow
            loaded = sys.modules.get(name)
            return _accounted(_inside(loaded, path) if loaded else None, ".".join((name, *path)), library)
        return _follow(importlib.import_module(name), path, name)
    except Exception as error:  # noqa: BLE001 - whatever the module raises while it is imported
        return Unfound(f"{module} cannot be imported ({type(error).__name__})")


def _inside(value: object, path: tuple[str, ...]) -> object:
    """Return what lies at the end of a path through a library's modules, without running their ``__getattr__``."""
    for name in path:
        if not isinstance(value, types.ModuleType):
            break
        value = vars(value).get(name)
    return value
