"""Reads a function's signature: which arguments its body needs, and who may give each of them."""

from __future__ import annotations

import inspect
import numbers
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, get_args, get_origin

from stateflow.actions.action import INPUT, Input, Need, Role
from stateflow.context import StepContext

NUMBERS: Mapping[type, type] = {int: numbers.Integral, float: numbers.Real, complex: numbers.Complex}
"""What a number of each kind may be; those of numpy count."""


def parameters(function: Callable[..., Any], *, open_role: Role) -> tuple[Need, ...]:
    """Return the needs of a body, without its ``state``; unmarked parameters get ``open_role``."""
    hints = hints_of(function)
    found = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == "state" or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        hint = hints.get(parameter.name, Any)
        required = parameter.default is parameter.empty
        plain = unwrapped(hint) | None if parameter.default is None else unwrapped(hint)
        found.append(Need(parameter.name, role_of(hint, open_role), required, plain))
    return tuple(found)


def role_of(hint: Any, open_role: Role) -> Role:
    """Return who gives an argument with this annotation."""
    plain = unwrapped(hint)
    if plain is StepContext or (_is_union(plain) and StepContext in get_args(plain)):
        return "context"
    if is_input(hint):
        return "input"
    return open_role


def is_input(hint: Any) -> bool:
    """Return whether an annotation is ``Input[...]``, also inside an Optional."""
    if get_origin(hint) is Annotated:
        return INPUT in get_args(hint)[1:]
    return _is_union(hint) and any(is_input(part) for part in get_args(hint))


def unwrapped(hint: Any) -> Any:
    """Return an annotation without its ``Annotated`` marks."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the evaluated annotations of a function; one that cannot be evaluated counts as Any.

    ``StepContext`` and ``Input`` are known also where they are imported for type checkers alone.
    """
    plain: Any = inspect.unwrap(function)
    plain = getattr(plain, "__func__", plain)
    space = {"StepContext": StepContext, "Input": Input, **getattr(plain, "__globals__", {})}
    found = {}
    for name, annotation in getattr(plain, "__annotations__", {}).items():
        single = types.SimpleNamespace(__annotations__={name: annotation})
        try:
            found[name] = typing.get_type_hints(single, space, include_extras=True)[name]
        except (NameError, TypeError, AttributeError, SyntaxError):
            found[name] = Any
    return found


def takes_state(function: Callable[..., Any]) -> bool:
    """Return whether the first parameter of a function is its ``state``."""
    first = next(iter(inspect.signature(function).parameters.values()), None)
    return first is not None and first.name == "state" and first.kind is not first.KEYWORD_ONLY


def takes_any(function: Callable[..., Any]) -> bool:
    """Return whether a function has a ``**kwargs`` parameter."""
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in inspect.signature(function).parameters.values())


def fits(value: Any, hint: Any) -> bool:
    """Return False only where a value plainly has another type than the annotation asks for.

    Classes are compared by ``isinstance`` (numbers by their kind: an int is a float too), unions by their members,
    containers by their outer type. Anything finer is taken for fitting.
    """
    origin = get_origin(hint)
    if hint is Any:
        return True
    if origin is Annotated:
        return fits(value, get_args(hint)[0])
    if _is_union(hint):
        return any(fits(value, part) for part in get_args(hint))
    if origin is typing.Literal:
        return any(isinstance(value, type(choice)) and value == choice for choice in get_args(hint))
    plain = origin or hint
    if not isinstance(plain, type) or getattr(plain, "_is_protocol", False):
        return True
    if typing.is_typeddict(plain):
        return isinstance(value, Mapping)
    if plain in NUMBERS:
        return isinstance(value, NUMBERS[plain]) and not isinstance(value, bool)
    return isinstance(value, plain)


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (typing.Union, types.UnionType)
