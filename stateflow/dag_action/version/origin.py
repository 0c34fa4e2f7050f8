"""Says where code comes from: the project, an installed distribution, or Python itself."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import platform
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

_INSTALLED = {"site-packages", "dist-packages"}
_MADE_BY_PYTHON = 1 << 9  # Py_TPFLAGS_HEAPTYPE
_OURSELVES = __name__.partition(".")[0]


class Library(NamedTuple):
    """Code that a version covers by a name and a version number instead of by its text."""

    name: str
    version: str


PYTHON = Library("python", platform.python_version())
BUILTINS = Library("builtins", "")  # the language version stands in the head of every code version


def origin(space: Mapping[str, Any]) -> Library | None:
    """Return the library that a module's namespace belongs to; None for the project."""
    return _origin(str(space.get("__name__", "")), _location(space))


def origin_of_name(module: str) -> Library | None:
    """Return the library of a module by its name, without importing it; None for the project."""
    loaded = sys.modules.get(module)
    if loaded is not None:
        return origin(vars(loaded))
    if module.partition(".")[0] in sys.stdlib_module_names:
        return PYTHON
    try:
        spec = importlib.util.find_spec(module.partition(".")[0])
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    places = list(spec.submodule_search_locations or ())
    return _origin(module, spec.origin or (places[0] if places else ""))


def origin_of_class(cls: type) -> Library | None:
    """Return the library of a class; None for the project."""
    if cls.__module__ == "builtins" and cls.__flags__ & _MADE_BY_PYTHON:  # by exec, in a namespace without a name
        return None
    return origin_of_name(cls.__module__)


def _location(space: Mapping[str, Any]) -> str:
    file = space.get("__file__")
    if isinstance(file, str):
        return file
    return next(iter(space.get("__path__", ())), "")


@functools.cache
def _origin(module: str, location: str) -> Library | None:
    top = module.partition(".")[0]
    if module == "builtins":
        return BUILTINS
    if top == _OURSELVES:  # the framework is a library to its users, also when it is being developed
        return Library(_OURSELVES, _version(_OURSELVES))
    path = PurePath(location)
    if _INSTALLED.intersection(path.parts):
        return _distribution(top, _relative(path))
    if not location or location == "frozen":
        return PYTHON if top in sys.stdlib_module_names and top != "__main__" else None
    return PYTHON if any(path.is_relative_to(place) for place in _python_places()) else None


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _relative(path: PurePath) -> str:
    parts = path.parts
    last = max(number for number, part in enumerate(parts) if part in _INSTALLED)
    return "/".join(parts[last + 1 :])


def _distribution(top: str, file: str) -> Library:
    """Return who installed a file. An empty version says that nobody did."""
    if _installs(top, file):  # most are named after their package, and reading all of them takes 0.1 s
        return Library(top, _version(top))
    candidates = sorted(set(_packages().get(top, ())))
    owners = [name for name in candidates if _installs(name, file)] or candidates
    if not owners:
        return Library(top, "")
    return Library("+".join(owners), "+".join(_version(name) for name in owners))


def _installs(distribution: str, file: str) -> bool:
    try:
        record = importlib.metadata.distribution(distribution).read_text("RECORD")
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return False
    return f"\n{file}," in f"\n{record}"


@functools.cache
def _packages() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


@functools.cache
def _python_places() -> tuple[str, ...]:
    return (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
