"""Says which names a function, class body or comprehension binds, and where a name that is read was bound."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Definition: TypeAlias = Function | ast.ClassDef
Imported: TypeAlias = tuple[str, tuple[str, ...]]  # module, with a dot for each level up, and names in it

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LEAVES = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.Constant)
_IMPLICIT_IN_CLASS = {"__module__", "__qualname__"}


@dataclass(slots=True)
class Scope:
    """Names bound by one function, class body or comprehension."""

    parent: Scope | None
    is_class: bool = False
    bound: set[str] = field(default_factory=set)
    declared_global: set[str] = field(default_factory=set)
    imports: dict[str, Imported] = field(default_factory=dict)


def bindings(node: Definition) -> set[str]:
    """Return the names that a function or class body binds."""
    scope = class_scope(node, None) if isinstance(node, ast.ClassDef) else function_scope(node, None)
    return scope.bound


def imports(statements: Iterable[ast.AST]) -> dict[str, Imported]:
    """Return what import statements bind in one scope: name -> (module, names in it)."""
    scope = Scope(None)
    bind(statements, scope)
    return scope.imports


def function_scope(node: Function, parent: Scope | None) -> Scope:
    """Return the scope of a function's body."""
    scope = Scope(parent)
    args = node.args
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    bind(body, scope)
    scope.bound.update(arg.arg for arg in every if arg is not None)
    scope.bound.update(_type_parameters(node))
    return scope


def class_scope(node: ast.ClassDef, parent: Scope | None) -> Scope:
    """Return the scope of a class body."""
    scope = Scope(parent, is_class=True)
    bind(node.body, scope)
    scope.bound |= _IMPLICIT_IN_CLASS
    if names := _type_parameters(node):  # they are visible in methods too, as if a function stood around
        scope.parent = Scope(parent, bound=names)
    return scope


def children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right below one, in source order, without those that can hold no name: half of a tree."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        parts = value if isinstance(value, list) else (value,)
        found += [part for part in parts if isinstance(part, ast.AST) and not isinstance(part, _LEAVES)]
    return found


def _type_parameters(node: ast.AST) -> set[str]:
    return {parameter.name for parameter in getattr(node, "type_params", ())}


def bind(statements: Iterable[ast.AST], scope: Scope) -> None:
    """Add what statements bind to their scope; nested functions and classes bind only their names."""
    stack: list[tuple[ast.AST, bool]] = [(node, False) for node in statements]
    outward: set[str] = set()
    while stack:
        node, in_comprehension = stack.pop()
        if isinstance(node, ast.Name):
            if not in_comprehension and not isinstance(node.ctx, ast.Load):
                scope.bound.add(node.id)
        elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            if not isinstance(node, ast.Lambda):
                scope.bound.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            _bind_import(node, scope)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            outward.update(node.names)
            scope.declared_global.update(node.names if isinstance(node, ast.Global) else ())
        else:
            if isinstance(node, ast.NamedExpr):
                scope.bound.add(node.target.id)
            elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping)):
                name = node.rest if isinstance(node, ast.MatchMapping) else node.name
                scope.bound.update([name] if name else [])
            inside = in_comprehension or isinstance(node, COMPREHENSIONS)
            stack.extend((child, inside) for child in children(node))
    scope.bound -= outward


def _bind_import(node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            name = alias.name
            target: Imported = "." * node.level + (node.module or ""), (name,)
        else:  # `import a.b` binds `a`; what follows is read as attributes
            name = alias.name.partition(".")[0]
            target = (alias.name if alias.asname else name), ()
        scope.bound.add(alias.asname or name)
        scope.imports[alias.asname or name] = target


def owner(name: str, scope: Scope | None) -> Scope | None:
    """Return the scope that binds a name; None when it is free. Class bodies are seen only from themselves."""
    innermost = scope
    while scope is not None:
        if scope is innermost or not scope.is_class:
            if name in scope.bound:
                return scope
            if name in scope.declared_global:
                return None
        scope = scope.parent
    return None
