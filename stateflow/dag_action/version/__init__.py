"""Code versions: what can be proved of the code behind a node, as one digest, and the names of what cannot.

1. Covered by its syntax tree: a function, and each function and class of the project that it reaches by global
   name, attribute of a module, closure, default, decorator, base class, ``functools.partial`` or ``__wrapped__``.
   Comments, layout, ``pass``, position, file and module name never count. A docstring counts only where a library
   may act on it: under a library's decorator (Hamilton's aside) and in subclasses of a library's class.
2. Covered by its value: a constant that is reached by name. Mappings keep their order; sets have none.
3. Covered by name and version: what an installed distribution, Python or stateflow itself provides.
4. Types in the annotations of functions count by qualified name. The annotations of class bodies, and of functions
   under a library's decorator, count like any other code.
5. Not proved, and named in a reason: instances, callables in a mutable container, modules as values, lookups by a
   computed name, names that are not defined (yet), code without source or whose source is not what runs.
6. A project module that a body imports is imported here too, so that a version never depends on what came first.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from stateflow.dag_action.version.syntax import digest
from stateflow.dag_action.version.walk import Walk

__all__ = ["code_version"]

_FORMAT = 1
_LANGUAGE = (sys.implementation.name, *sys.version_info[:2])
_NONE: Mapping[str, str] = MappingProxyType({})


def code_version(
    functions: Sequence[Callable[..., Any]], config: Mapping[str, Any], tags: Mapping[str, str] = _NONE
) -> tuple[str, tuple[str, ...]]:
    """Return the code version of a node, 24 hex digits, and the sorted reasons why it is only partial.

    ``functions`` are the node's originating functions, ``config`` the part of the configuration that it used.
    A tag ``version`` replaces all of that: the version is then the tag and the functions' names, and never partial.
    """
    if "version" in tags:
        names = tuple(getattr(function, "__name__", "") for function in functions)
        return digest((_FORMAT, "tag", tags["version"], names)), ()
    walk = Walk()
    roots = tuple([walk.value(function, getattr(function, "__qualname__", "function")) for function in functions])
    used = tuple([(key, walk.value(value, f"config[{key!r}]")) for key, value in sorted(config.items())])
    return digest((_FORMAT, _LANGUAGE, roots, used, tuple(walk.proved()))), tuple(sorted(walk.reasons))
