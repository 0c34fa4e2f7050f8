"""Tells the things that a walk meets apart: what looks code up, what holds others, what a library may read."""

from __future__ import annotations

import builtins
import collections
import contextlib
import functools
import importlib
import inspect
import operator
import pkgutil
import sys
import types
from collections.abc import Mapping
from typing import Any

from stateflow.dag_action.version import source
from stateflow.dag_action.version.constant import SCALARS
from stateflow.dag_action.version.names import Found, Space, Unfound, find, library_of
from stateflow.dag_action.version.origin import Library, origin, origin_of_class
from stateflow.dag_action.version.source import SourceMissingError, Written
from stateflow.dag_action.version.syntax import Reference

LOOKUPS = (
    builtins.getattr,
    builtins.eval,
    builtins.exec,
    builtins.compile,
    builtins.globals,
    builtins.__import__,
    importlib.import_module,
    importlib.__import__,
    operator.attrgetter,
    operator.methodcaller,
    pkgutil.resolve_name,
    sys.modules,
)
READS_SOURCE = (inspect.getdoc, inspect.getsource, inspect.getsourcelines)
MUTABLE: Mapping[type, bool] = {
    list: True,
    dict: True,
    set: True,
    collections.OrderedDict: True,
    collections.defaultdict: True,
    collections.Counter: True,
    collections.deque: True,
    tuple: False,
    frozenset: False,
    types.MappingProxyType: False,
}
_READS_NOTHING = {"python", "builtins", "apache-hamilton", "sf-hamilton", __name__.partition(".")[0]}
METHODS = (classmethod, staticmethod, property, functools.cached_property, functools.partialmethod)
SLOTS = (types.MemberDescriptorType, types.GetSetDescriptorType)


def order(value: object) -> tuple[str, ...]:
    """Sort a set so that its members are met in one order under every hash seed."""
    encode = SCALARS.get(type(value))
    code = getattr(value, "__code__", None)
    line = f"{code.co_firstlineno:9}" if isinstance(code, types.CodeType) else ""
    return type(value).__qualname__, str(encode(value) if encode else getattr(value, "__qualname__", "")), line


def pretends(value: object) -> bool:
    """Return whether an object shows another class than its own, as proxies and mocks do."""
    try:
        return value.__class__ is not type(value) and type(value) is not types.GenericAlias
    except Exception:  # noqa: BLE001 - outside their context some proxies raise
        return True


def full_name(value: Any) -> str:
    """Return the module and qualified name of a class or function."""
    return f"{value.__module__}.{value.__qualname__}"


def type_name(found: Found | Unfound) -> object:
    """Return what counts of a type in an annotation."""
    if isinstance(found, Found) and isinstance(found.value, type):
        library = origin_of_class(found.value)
        return "type", full_name(found.value) if library else found.value.__qualname__
    return None


def decorators(function: Any) -> int:
    """Return how many decorators stand in the sources of a function and of those that it wraps."""
    count = 0
    while isinstance(function, types.FunctionType):
        with contextlib.suppress(SourceMissingError):
            count += len(source.of_function(function).syntax.decorators)
        function = getattr(function, "__wrapped__", None)
    return count


def is_exposed(space: Space) -> bool:
    """Return whether a decorator may read docstring and annotations, as validators and tools do."""
    found = [find(Reference(path), space) for path in space.written.syntax.decorators if path]
    return any(isinstance(item, Found) and is_exposing(library_of(item)) for item in found)


def is_exposing(library: Library | None) -> bool:
    """Return whether a library may read more of a definition than what it runs."""
    return library is not None and library.name not in _READS_NOTHING


def is_of_project(value: object) -> bool:
    """Return whether a value is a function or class of the project."""
    if isinstance(value, types.FunctionType):
        return origin(value.__globals__) is None
    return isinstance(value, type) and origin_of_class(value) is None


def is_inside(function: types.FunctionType, written: Written) -> bool:
    """Return whether a function was written between the first and last line of a definition."""
    code = function.__code__
    return code.co_filename == written.file and written.first_line <= code.co_firstlineno <= written.last_line


def class_around(function: types.FunctionType) -> type | None:
    """Return the class of the project whose body defines a function, where its name leads to it."""
    names = function.__code__.co_qualname.split(".")[:-1]
    value: object = function.__globals__.get(names[0]) if names else None
    for name in names[1:]:
        value = vars(value).get(name) if isinstance(value, type) else None
    return value if isinstance(value, type) and is_of_project(value) else None
