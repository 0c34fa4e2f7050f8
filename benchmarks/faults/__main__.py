"""Shows every fault on the installed rivals: ``python -m benchmarks.faults``."""

from __future__ import annotations

import importlib
import inspect
import logging
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType

from benchmarks import faults


def programs() -> Iterator[tuple[ModuleType, list[Callable[[], str]]]]:
    """Yield each module of this package with its observing functions, in the order in which they stand there."""
    for found in pkgutil.iter_modules(faults.__path__, f"{faults.__name__}."):
        if found.name != f"{faults.__name__}.__main__":
            module = importlib.import_module(found.name)
            yield module, [function for _, function in vars(module).items() if observes(function, module)]


def observes(function: object, module: ModuleType) -> bool:
    if not inspect.isfunction(function) or function.__module__ != module.__name__:
        return False
    signature = inspect.signature(function)
    return not signature.parameters and signature.return_annotation == "str" and bool(function.__doc__)


def main() -> None:
    logging.disable(logging.CRITICAL)
    for module, functions in programs():
        print(module.__doc__)
        for function in functions:
            print(f"    {function.__name__}: {function()}")


if __name__ == "__main__":
    main()
