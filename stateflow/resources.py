"""Live objects given to an application: clients, indexes, connections. Injected by name, never stored."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stateflow.errors import ActionError, GraphError


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource that is opened at its first use, once per application.

    ``factory`` takes no argument. ``version`` is kept in the records of the steps that used the resource; two
    resources of one name are taken for equal when their versions are.
    """

    factory: Callable[[], Any]
    version: str | None = None

    def __post_init__(self) -> None:
        if not callable(self.factory):
            raise GraphError(
                f"Resource takes a function that opens the resource, not {self.factory!r}; an object that is open "
                "already is given as it is: with_resources(name=object)"
            )


class Resources:
    """The resources of one application, opened as they are needed."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = dict(given)
        self._open: dict[str, Any] = {}
        self._lock = threading.RLock()

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def open(self, name: str) -> Any:
        """Return the live object, calling its factory the first time."""
        given = self._given[name]
        if not isinstance(given, Resource):
            return given
        with self._lock:
            if name not in self._open:
                opened = given.factory()
                if inspect.iscoroutine(opened):
                    opened.close()
                    raise ActionError(f"the factory of resource {name!r} is async; open it first and give the object")
                self._open[name] = opened
            return self._open[name]

    def versions(self, names: tuple[str, ...]) -> tuple[tuple[str, str | None], ...]:
        """Return name and version of these resources."""
        return tuple((name, self._version(name)) for name in names)

    def opened(self) -> list[Any]:
        """Take out the objects that factories have made, last one first, so that they can be closed."""
        with self._lock:
            made = list(reversed(self._open.values()))
            self._open.clear()
        return made

    def _version(self, name: str) -> str | None:
        given = self._given[name]
        return given.version if isinstance(given, Resource) else None
