"""Walks from functions to all they reach, and writes down what is proved of each thing and what is not."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import functools
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from stateflow.dag_action.version import source
from stateflow.dag_action.version.constant import SCALARS, VALUELESS, key_label
from stateflow.dag_action.version.kinds import (
    LOOKUPS,
    METHODS,
    MUTABLE,
    READS_SOURCE,
    SLOTS,
    class_around,
    decorators,
    full_name,
    is_exposed,
    is_exposing,
    is_inside,
    is_of_project,
    order,
    pretends,
    type_name,
)
from stateflow.dag_action.version.names import Space, Unfound, find, is_filled, named_in_library
from stateflow.dag_action.version.origin import BUILTINS, Library, origin, origin_of_class, origin_of_name
from stateflow.dag_action.version.source import SourceMissingError, Written
from stateflow.dag_action.version.syntax import Reference

Token: TypeAlias = object
"""Nested tuples of plain values. A function or class of the project is a number, in order of discovery."""

_DEEPEST = 100


class Walk:
    """The things reached so far. ``value`` reaches one more; ``proved`` and ``reasons`` tell the result."""

    def __init__(self) -> None:
        self.reasons: set[str] = set()
        self._numbers: dict[int, int] = {}
        self._found: list[types.FunctionType | type] = []
        self._open: set[int] = set()

    def proved(self) -> list[Token]:
        """Return what each function and class of the project says, those included that are reached on the way."""
        found = self._found  # grows while it is walked
        return [self._function(x) if isinstance(x, types.FunctionType) else self._class(x) for x in found]

    # -- values ----------------------------------------------------------------------------------

    def value(self, value: Any, label: str, *, loose: bool = False) -> Token:
        """Return what is proved of a value; ``loose`` says that a mutable container holds it."""
        kind = type(value)
        if encode := SCALARS.get(kind) or VALUELESS.get(kind):
            return kind.__name__, encode(value)
        if kind in MUTABLE:
            return self._once(value, label, lambda: self._container(value, label, loose or MUTABLE[kind]))
        if pretends(value):
            return self._unknown(kind, label)
        if isinstance(value, enum.Enum):
            return "member", self.value(kind, label), str(value)
        if isinstance(value, type) and kind is not types.GenericAlias:
            return self._type(value, label, loose)
        if isinstance(value, types.ModuleType):
            return self._module(value, label)
        if callable(value):
            return self._callable(value, label, loose)
        return self._instance(value, label)

    def _once(self, value: object, label: str, encode: Callable[[], Token]) -> Token:
        if id(value) in self._open or len(self._open) > _DEEPEST:
            self.reasons.add(f"`{label}`: contains itself or is nested too deeply")
            return "cycle"
        self._open.add(id(value))
        try:
            return encode()
        finally:
            self._open.discard(id(value))

    def _container(self, value: Any, label: str, loose: bool) -> Token:
        kind = type(value).__name__
        if isinstance(value, Mapping):
            pairs = [
                (self.value(k, f"{label}[…]", loose=loose), self.value(v, f"{label}[{key_label(k)}]", loose=loose))
                for k, v in value.items()
            ]
            factory = getattr(value, "default_factory", None)
            return kind, tuple(pairs), self.value(factory, f"{label}.default_factory")
        if isinstance(value, (set, frozenset)):
            members = sorted(value, key=order)
            return kind, tuple(sorted((self.value(item, f"{label}[…]", loose=loose) for item in members), key=ascii))
        return kind, tuple([self.value(item, f"{label}[{n}]", loose=loose) for n, item in enumerate(value)])

    def _instance(self, value: Any, label: str) -> Token:
        kind: type = type(value)
        if dataclasses.is_dataclass(value):
            return self._once(value, label, lambda: self._fields(value, label))
        names: tuple[str, ...] = getattr(kind, "_fields", ())
        if isinstance(value, tuple) and names:
            items = [self.value(item, f"{label}.{name}") for name, item in zip(names, value, strict=True)]
            return "namedtuple", self.value(kind, label), tuple(items)
        if isinstance(value, types.SimpleNamespace):
            return self._once(value, label, lambda: ("namespace", self._container(vars(value), label, True)))
        if isinstance(value, (dt.datetime, dt.time)):
            zone = self.value(value.tzinfo, f"{label}.tzinfo")
            return kind.__name__, value.replace(tzinfo=None).isoformat(), value.fold, zone
        if generic := self._generic(value, label):
            return generic
        if library := named_in_library(value):
            return self._library(*library, label)
        return self._unknown(kind, label)

    def _unknown(self, kind: type, label: str) -> Token:
        self.reasons.add(f"`{label}`: instance of {full_name(kind)}")
        return "instance", self.value(kind, label)

    def _fields(self, value: Any, label: str) -> Token:
        names = [field.name for field in dataclasses.fields(value)]
        fields = [(name, self.value(getattr(value, name, None), f"{label}.{name}")) for name in names]
        return "dataclass", self.value(type(value), label), tuple(fields)

    def _generic(self, value: Any, label: str) -> Token:
        """Return what a type expression such as ``list[int]`` says; None when it is none."""
        if (plain := typing.get_origin(value)) is not None:
            parts = [tuple(item) if isinstance(item, list) else item for item in typing.get_args(value)]
            arguments = [self.value(item, label) for item in parts]
            return "generic", self.value(plain, label), tuple(arguments)
        if isinstance(value, typing.NewType):
            return "newtype", value.__name__, self.value(value.__supertype__, label)
        if type(value).__name__ == "TypeAliasType":
            return "alias", value.__name__, self.value(value.__value__, label)
        return None

    # -- callables -------------------------------------------------------------------------------

    def _callable(self, value: Any, label: str, loose: bool) -> Token:
        if isinstance(value, types.FunctionType):
            return self._any_function(value, label, loose)
        if isinstance(value, types.MethodType):
            return "method", self.value(value.__func__, label, loose=loose), self.value(value.__self__, label)
        if isinstance(value, (types.BuiltinFunctionType, types.MethodWrapperType)):
            return self._builtin(value, label)
        if isinstance(value, functools.partial):
            arguments = [self.value(item, f"{label}.args[{n}]") for n, item in enumerate(value.args)]
            keywords = [(key, self.value(item, f"{label}({key}=)")) for key, item in sorted(value.keywords.items())]
            return "partial", self.value(value.func, label, loose=loose), tuple(arguments), tuple(keywords)
        if isinstance(value, functools._lru_cache_wrapper):
            return "cached", self.value(value.__wrapped__, label, loose=loose)
        if isinstance(value, types.MethodDescriptorType | types.WrapperDescriptorType):  # str.lower
            return "method", value.__name__, self.value(value.__objclass__, label)
        return self._instance(value, label)

    def _any_function(self, function: types.FunctionType, label: str, loose: bool) -> Token:
        library = origin(function.__globals__)
        if library is None:
            if loose:
                self.reasons.add(f"`{label}`: callable in a container")
            return self._number(function)
        if hasattr(function, "registry") and hasattr(function, "dispatch"):  # functools.singledispatch
            self.reasons.add(f"`{label}`: dispatches on types that are registered at run time")
        inner = [cell.cell_contents for cell in function.__closure__ or () if is_filled(cell)]
        inner += [getattr(function, "__wrapped__", None)]
        inside = [self.value(item, label, loose=loose) for item in inner if is_of_project(item)]
        return self._library(library, full_name(function), label), tuple(inside)

    def _builtin(self, value: Any, label: str) -> Token:
        owner = value.__self__
        if owner is None or isinstance(owner, types.ModuleType):
            module = value.__module__ or "builtins"
            library = origin_of_name(module)
            if library is None:
                self.reasons.add(f"`{label}`: no source")
                return "builtin", value.__qualname__
            return self._library(library, f"{module}.{value.__qualname__}", label)
        return "bound", value.__name__, self.value(owner, label)

    def _type(self, cls: type, label: str, loose: bool) -> Token:
        library = origin_of_class(cls)
        if library is not None:
            return self._library(library, full_name(cls), label)
        if loose:
            self.reasons.add(f"`{label}`: callable in a container")
        return self._number(cls)

    def _module(self, module: types.ModuleType, label: str) -> Token:
        library = origin(vars(module))
        if library is not None:
            return self._library(library, module.__name__, label)
        self.reasons.add(f"`{label}`: a module of the project as a value")
        return "module"

    def _library(self, library: Library, name: str, label: str) -> Token:
        if not library.version and library != BUILTINS:
            self.reasons.add(f"`{label}`: {name} belongs to no installed distribution")
        return "library", *library, name

    def _number(self, thing: types.FunctionType | type) -> Token:
        if id(thing) not in self._numbers:
            self._numbers[id(thing)] = len(self._found)
            self._found.append(thing)
        return self._numbers[id(thing)]

    # -- definitions -----------------------------------------------------------------------------

    def _function(self, function: types.FunctionType) -> Token:
        name = function.__qualname__
        try:
            written = source.of_function(function)
        except SourceMissingError as error:
            self.reasons.add(f"`{name}`: {error}")
            written = source.of_code(function.__code__)
        self._modifiers(function)
        closure = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        space = Space(written, closure, function.__globals__)
        defaults = [self.value(item, f"{name}(…={n})") for n, item in enumerate(function.__defaults__ or ())]
        keywords = [(k, self.value(v, f"{name}({k}=)")) for k, v in sorted((function.__kwdefaults__ or {}).items())]
        owner = class_around(function)
        around = self.value(owner, name) if owner else None
        return "function", self._definition(space, name, is_exposed(space)), tuple(defaults), tuple(keywords), around

    def _modifiers(self, function: types.FunctionType) -> None:
        """Hamilton's modifiers hang on the function; those beyond the decorators in its source are not covered."""
        lists = [value for value in vars(function).values() if isinstance(value, list)]
        hung = [item for value in lists for item in value if type(item).__module__.startswith("hamilton.")]
        if len(hung) > (decorators(function) if hung else 0):
            self.reasons.add(f"`{function.__qualname__}`: function modifiers that its source does not show")

    def _class(self, cls: type) -> Token:
        bases = tuple([self.value(base, cls.__qualname__) for base in cls.__bases__ if base is not object])
        made = None if type(cls) is type else self.value(type(cls), cls.__qualname__)
        try:
            written = source.of_class(cls)
        except SourceMissingError as error:
            return "made class", cls.__qualname__, bases, made, self._made(cls, str(error))
        cells = [(f.__code__.co_freevars, f.__closure__ or ()) for f in source.own_functions(cls)]
        closure = {name: cell for names, row in cells for name, cell in zip(names, row, strict=True)}
        space = Space(written, closure, source.namespace(cls))
        exposed = any(is_exposing(origin_of_class(base)) for base in cls.__mro__) or is_exposed(space)
        text = self._definition(space, cls.__qualname__, exposed)
        return "class", text, bases, made, tuple(self._attributes(cls, written))

    def _made(self, cls: type, reason: str) -> Token:
        """Return what is known of a class without a class statement: functional Enum and namedtuple."""
        if issubclass(cls, enum.Enum):
            return tuple([(name, self.value(m.value, f"{cls.__name__}.{name}")) for name, m in cls.__members__.items()])
        names: tuple[str, ...] = getattr(cls, "_fields", ())
        if cls.__bases__ == (tuple,) and names:
            defaults = getattr(cls, "_field_defaults", {})
            return names, self.value(defaults, f"{cls.__name__}._field_defaults")
        self.reasons.add(f"`{cls.__qualname__}`: {reason}")
        return ""

    def _attributes(self, cls: type, written: Written) -> Iterator[Token]:
        """Yield what the attributes of a class hold now, where its tree does not already say so."""
        if issubclass(cls, enum.Enum):
            return
        for name, value in sorted(vars(cls).items()):
            label = f"{cls.__qualname__}.{name}"
            functions = list(source.unwrapped(value))
            foreign = [f for f in functions if not is_inside(f, written) and origin(f.__globals__) is None]
            yield from [(name, self.value(f, label)) for f in foreign if not source.is_generated(f)]
            if functions or name.startswith("__") or name == "_abc_impl" or isinstance(value, (*METHODS, *SLOTS)):
                continue
            if name not in getattr(cls, "_fields", ()) and not (
                isinstance(value, type) and value.__qualname__ == label
            ):
                yield name, self.value(value, label)

    def _definition(self, space: Space, name: str, exposed: bool) -> Token:
        syntax = space.written.syntax
        for attribute in syntax.reflection:
            self.reasons.add(f"`{name}`: reads {attribute}")
        reached = []
        for reference in syntax.references:
            token = self._reference(reference, space, exposed)
            if token is not None:
                reached.append((reference.module, reference.path, token))
        return syntax.digest, syntax.docs if exposed else (), tuple(reached)

    def _reference(self, reference: Reference, space: Space, exposed: bool) -> Token:
        label = ".".join(reference.path) or reference.module
        found = find(reference, space)
        if reference.role == "type" and not exposed:
            return type_name(found)
        if isinstance(found, Unfound):
            if reference.role == "value":
                self.reasons.add(f"`{label}`: {found.reason}")
            return None
        if any(found.value is lookup for lookup in LOOKUPS):
            if not reference.fixed:
                self.reasons.add(f"`{reference.call or label}`: dynamic lookup")
            return "lookup", found.label
        if any(found.value is reader for reader in READS_SOURCE):
            self.reasons.add(f"`{label}`: reads source or docstrings")
        if found.library:
            return self._library(found.library, found.label, label)
        return self.value(found.value, found.label)
