"""Where a DAG comes from: the modules, functions or driver given, and the Hamilton driver built of them, once."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from stateflow.dag_action.quiet import quiet
from stateflow.errors import GraphError

if TYPE_CHECKING:
    from hamilton.driver import Driver

REPAIR = (
    "importing Hamilton failed ({error}); an upgrade from sf-hamilton 1.89 or older leaves its files incomplete: "
    "repair them with pip install --force-reinstall --no-deps apache-hamilton"
)


class Source:
    """What ``dag`` was given to take nodes from. Copies of an action share it, and so its driver."""

    def __init__(
        self,
        parts: Sequence[Any],
        driver: Any,
        config: Mapping[str, Any],
        adapters: Sequence[Any],
        cache: Any,
        *,
        streams: bool,
    ) -> None:
        self.parts = tuple(parts)
        self.given = driver
        self.config = dict(config)
        self.adapters = tuple(adapters)
        self.cache = cache
        self.streams = streams
        self._built: Driver | None = None

    @property
    def name(self) -> str:
        """The last segment of the name of the first module or function."""
        parts = self.parts or tuple(getattr(self.given, "graph_modules", ()))
        return _name(parts[0]).rpartition(".")[2] if parts else "dag"

    @property
    def label(self) -> str:
        """The modules and functions as messages name them."""
        parts = self.parts or tuple(getattr(self.given, "graph_modules", ()))
        return ", ".join(repr(_name(part)) for part in parts) or "no modules"

    def driver(self) -> Driver:
        """Return the driver, built at the first call; the caller holds the lock.

        Raises:
            GraphError: its findings say why none can be built.
        """
        if self._built is None:
            self._built = self._build()
        return self._built

    def _build(self) -> Driver:
        try:
            from hamilton import driver
        except ImportError as error:
            raise GraphError(REPAIR.format(error=error)) from error
        findings = [*self._conflicts(driver.Driver), *_misfits(self.parts)]
        if findings:
            raise GraphError(*findings)
        if self.given is not None:
            return cast("Driver", self.given)  # _conflicts has looked at its type
        modules = [part for part in self.parts if isinstance(part, ModuleType)]
        functions = [part for part in self.parts if not isinstance(part, ModuleType)]
        facades = _facades(functions)
        with quiet(), _importable(facades):
            empty = _empty(modules)
            if empty:
                raise GraphError(*empty)
            return self._assemble([*modules, *facades])

    def _conflicts(self, kind: type) -> list[str]:
        found = []
        if self.given is not None:
            if not isinstance(self.given, kind):
                found.append(f"driver= is a {type(self.given).__name__}, not a Hamilton Driver; build it first")
            if self.parts:
                found.append("both modules and driver= are given; the driver has its modules already")
            named = {"config": self.config, "adapters": self.adapters, "cache": self.cache}
            found += [f"{name}= and driver= are both given; give it to the driver" for name in named if named[name]]
        elif not self.parts:
            found.append("no modules are given; write dag(module, writes=[...])")
        return found

    def _assemble(self, modules: list[ModuleType]) -> Driver:
        from hamilton import driver

        from stateflow.dag_action.adapters import own_adapters

        builder = driver.Builder().with_modules(*modules).with_config(dict(self.config))
        try:
            builder.with_adapters(*self.adapters, *own_adapters(self.adapters, streams=self.streams))
            if self.cache:
                builder.with_cache(**_cache_options(self.cache))
            built = builder.build()
        except Exception as error:
            raise GraphError(f"Hamilton could not build the DAG{_place(str(error), modules)}: {error}") from error
        _allow_parallel(built)
        return built


def _name(part: Any) -> str:
    """Return the name of a module or function, less the suffix that ``@config`` takes from it when a DAG is built."""
    name = str(getattr(part, "__name__", repr(part)))
    return name.rpartition("__")[0] or name if hasattr(part, "resolve") else name


def _misfits(parts: Sequence[Any]) -> list[str]:
    found = []
    for part in parts:
        if isinstance(part, ModuleType):
            continue
        name = _name(part)
        if not isinstance(part, FunctionType):
            found.append(f"{name!r} is neither a module nor a function, but a {type(part).__name__}")
        elif name == "<lambda>":
            found.append("a lambda has no name to give to its node; write it with def")
        elif name.startswith("_"):
            found.append(f"function {name!r} starts with '_', which marks helpers; rename it to make it a node")
        elif not part.__module__:
            found.append(f"function {name!r} belongs to no module; set its __module__")
    return found


def _empty(modules: Sequence[ModuleType]) -> list[str]:
    from hamilton.graph_utils import find_functions

    found = []
    for module in modules:
        if find_functions(module):
            continue
        name = module.__name__
        if sys.modules.get(name) is not module:
            remedy = f"it is not in sys.modules, where Hamilton looks: sys.modules[{name!r}] = the module"
        else:
            remedy = "nodes are the functions defined in it whose names do not start with '_'"
        found.append(f"module {name!r} has no nodes; {remedy}")
    return found


def _facades(functions: Sequence[Callable[..., Any]]) -> list[ModuleType]:
    """Return, for each home of the functions, a module of that name that holds nothing else.

    Hamilton takes nodes from modules only, and only functions whose ``__module__`` has the name of that module.
    """
    facades: dict[str, ModuleType] = {}
    for number, function in enumerate(functions):
        home = function.__module__
        facade = facades.setdefault(home, ModuleType(home, "Functions given to dag()."))
        facade.__file__ = getattr(sys.modules.get(home), "__file__", None)
        setattr(facade, f"function_{number}", function)
    return list(facades.values())


@contextmanager
def _importable(facades: Sequence[ModuleType]) -> Iterator[None]:
    """Register modules that nobody has imported for as long as Hamilton looks for them."""
    absent = [facade for facade in facades if facade.__name__ not in sys.modules]
    sys.modules.update({facade.__name__: facade for facade in absent})
    try:
        yield
    finally:
        for facade in absent:
            sys.modules.pop(facade.__name__, None)


def _cache_options(cache: Any) -> dict[str, Any]:
    if cache is True:
        return {}
    return dict(cache) if isinstance(cache, Mapping) else {"path": cache}


def _place(text: str, modules: Sequence[ModuleType]) -> str:
    """Return `` in module.function, line n`` for the function that Hamilton's message names, or an empty string."""
    words = set(text.replace(".", " ").replace(":", " ").replace("'", " ").split())
    for module in modules:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name in words and function.__module__ == module.__name__:
                return f", in {module.__name__}.{name}, line {function.__code__.co_firstlineno}"
    return f" of {', '.join(module.__name__ for module in modules)}"


def _allow_parallel(built: Driver) -> None:
    """Give a driver the executor that Parallelizable nodes need; the builder's own default."""
    from hamilton import driver, node
    from hamilton.execution import executors, grouping

    roles = {found.node_role for found in built.graph.nodes.values()}
    if roles & {node.NodeType.EXPAND, node.NodeType.COLLECT}:
        manager = executors.DefaultExecutionManager(
            local_executor=executors.SynchronousLocalTaskExecutor(),
            remote_executor=executors.MultiThreadingExecutor(max_tasks=10),
        )
        adapters: Any = built.adapter
        built.graph_executor = driver.TaskBasedGraphExecutor(manager, grouping.GroupByRepeatableBlocks(), adapters)
