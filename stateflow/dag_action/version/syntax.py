"""Reads one definition's tree: what it says, whatever its layout, and which names it reaches outside itself."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from stateflow.dag_action.version.scope import (
    FUNCTIONS,
    Definition,
    Function,
    Scope,
    bind,
    children,
    class_scope,
    function_scope,
    owner,
)

__all__ = ["Reference", "Syntax", "digest", "dump", "read"]

Role: TypeAlias = Literal["value", "soft", "type"]

_BLOCKS = {"body", "orelse", "finalbody"}
_SILENT = {"ctx", "kind", "type_comment"}
_REFLECTION = {"__globals__", "__code__", "__builtins__", "__subclasses__", "__doc__"}


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that is read but not bound by a tree, with the attributes read from it.

    ``value`` must be found, ``soft`` may be absent, ``type`` stands in an annotation. ``module`` is set
    when an import statement inside the tree binds the name. ``call`` is the source of a call such as
    ``getattr(row, name)``, and ``fixed`` says that what it looks up is written out there.
    """

    path: tuple[str, ...]
    role: Role = "value"
    module: str = ""
    call: str = ""
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Syntax:
    """What one definition says (a digest and, apart, its docstrings) and reaches."""

    digest: str
    docs: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    decorators: tuple[tuple[str, ...], ...] = ()
    reflection: tuple[str, ...] = ()


def read(node: Definition, enclosing: Sequence[Definition] = ()) -> Syntax:
    """Return the facts of a function, lambda or class that is defined inside ``enclosing``."""
    reader = _Reader()
    around = enclosing[-1] if enclosing else None
    outer = class_scope(around, None) if isinstance(around, ast.ClassDef) else None
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    for decorator in decorators:
        reader.visit(decorator, outer)
    heads = [_path(item.func if isinstance(item, ast.Call) else item) or () for item in decorators]
    if isinstance(node, ast.ClassDef):
        reader.class_inside(node, outer)
    else:
        reader.function_inside(node, outer)
    docs: list[str] = []
    text = digest(dump(node, docs))
    return Syntax(text, tuple(docs), tuple(reader.found), tuple(heads), tuple(sorted(reader.reflection)))


def digest(tokens: object) -> str:
    """Return the digest of nested plain tuples."""
    return hashlib.blake2b(ascii(tokens).encode(), digest_size=12).hexdigest()


def dump(node: object, docs: list[str]) -> object:
    """Return a tree as nested tuples, without positions, ``pass`` and statements that are a mere string."""
    if isinstance(node, list):
        return tuple([dump(item, docs) for item in node])
    if isinstance(node, ast.Constant):
        return type(node.value).__name__, hex(node.value) if type(node.value) is int else ascii(node.value)
    if not isinstance(node, ast.AST):
        return node
    parts: list[object] = [type(node).__name__]
    for name in node._fields:
        value: object = getattr(node, name, None)
        if name in _BLOCKS and isinstance(value, list):
            value = [item for item in value if not _is_silent(item, docs)]
        if value is not None and value != [] and name not in _SILENT:
            parts.append((name, dump(value, docs)))
    return tuple(parts)


def _is_silent(statement: ast.stmt, docs: list[str]) -> bool:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        if isinstance(statement.value.value, str):
            docs.append(statement.value.value)
        return True
    return isinstance(statement, ast.Pass)


# -- what a tree reaches -------------------------------------------------------------------------


class _Reader:
    """Walks a tree with its scopes and collects the names that lead out of it, in source order."""

    def __init__(self) -> None:
        self.found: dict[Reference, None] = {}
        self.reflection: set[str] = set()

    def visit(self, node: ast.AST, scope: Scope | None) -> None:
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Store):
                self._add((node.id,), scope)
        elif isinstance(node, ast.Attribute):
            self._attribute(node, scope)
        elif isinstance(node, ast.Call):
            self._call(node, scope)
        elif isinstance(node, FUNCTIONS):
            self._function(node, scope)
        elif isinstance(node, ast.ClassDef):
            self._all(node.decorator_list, scope)
            self.class_inside(node, scope)
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            self._comprehension(node, scope)
        elif isinstance(node, ast.AnnAssign):
            self._annotated(node, scope)
        else:
            self._all(children(node), scope)

    def class_inside(self, node: ast.ClassDef, outer: Scope | None) -> None:
        scope = class_scope(node, outer)
        self._all([*node.bases, *node.keywords], scope.parent)
        self._all(node.body, scope)

    def function_inside(self, node: Function, outer: Scope | None) -> None:
        """Visit annotations and body; decorators and defaults belong to the scope around."""
        scope = function_scope(node, outer)
        args = node.args
        for arg in [*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg]:
            self._annotation(arg.annotation if arg else None, scope, "type")
        if isinstance(node, ast.Lambda):
            self.visit(node.body, scope)
            return
        self._annotation(node.returns, scope, "type")
        self._all(node.body, scope)

    def _all(self, nodes: Iterable[ast.AST], scope: Scope | None) -> None:
        for node in nodes:
            self.visit(node, scope)

    def _function(self, node: Function, scope: Scope | None) -> None:
        if not isinstance(node, ast.Lambda):
            self._all(node.decorator_list, scope)
        self._all([default for default in (*node.args.defaults, *node.args.kw_defaults) if default], scope)
        self.function_inside(node, scope)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, scope: Scope | None
    ) -> None:
        inner = Scope(scope)
        first = node.generators[0].iter  # evaluated in the scope around
        self.visit(first, scope)
        for generator in node.generators:
            bind([generator.target], inner)
        for generator in node.generators:
            self.visit(generator.target, inner)
            self._all(([] if generator.iter is first else [generator.iter]) + generator.ifs, inner)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._all(results, inner)

    def _annotated(self, node: ast.AnnAssign, scope: Scope | None) -> None:
        in_class = scope is not None and scope.is_class  # there a library may act on it, as pydantic does
        self._annotation(node.annotation, scope, "soft" if in_class else "type")
        self.visit(node.target, scope)
        if node.value is not None:
            self.visit(node.value, scope)

    def _annotation(self, node: ast.expr | None, scope: Scope | None, role: Role) -> None:
        for name in _names_in_annotation(node):
            self._add(name, scope, role)

    def _attribute(self, node: ast.Attribute, scope: Scope | None) -> None:
        if node.attr in _REFLECTION:
            self.reflection.add(node.attr)
        if path := _path(node):
            self._add(path, scope)
        else:
            self.visit(node.value, scope)

    def _call(self, node: ast.Call, scope: Scope | None) -> None:
        path = _path(node.func)
        arguments = [*node.args, *node.keywords]
        if path is None or path[-1] not in _LOOKUPS or self._is_local(path[0], scope):
            self._all([node.func, *arguments], scope)
            return
        position = _LOOKUPS[path[-1]]
        name = _constant_text(node.args, position)
        self._add(path, scope, call=ast.unparse(node), fixed=name is not None)
        target = _path(node.args[0]) if path == ("getattr",) and name else None
        if target and name:  # getattr(helpers, "clean") reads like helpers.clean
            self._add((*target, name), scope)
            arguments = arguments[2:]
        elif path[-1] in _IMPORTERS and name:
            self.found.setdefault(Reference((), module=name))
        self._all(arguments, scope)

    def _is_local(self, name: str, scope: Scope | None) -> bool:
        home = owner(name, scope)
        return home is not None and name not in home.imports

    def _add(
        self, path: tuple[str, ...], scope: Scope | None, role: Role = "value", call: str = "", fixed: bool = False
    ) -> None:
        home = owner(path[0], scope)
        if home is None:
            self.found.setdefault(Reference(path, role, call=call, fixed=fixed))
        elif path[0] in home.imports:
            module, names = home.imports[path[0]]
            self.found.setdefault(Reference((*names, *path[1:]), role, module, call, fixed))
        elif home.is_class and role == "value":  # a class body may read a global of the same name first
            self.found.setdefault(Reference(path, "soft"))


_LOOKUPS = {  # functions that look code up by name, and which argument is the name; -1: none that could be fixed
    "getattr": 1,
    "import_module": 0,
    "__import__": 0,
    "attrgetter": 0,
    "methodcaller": 0,
    "resolve_name": -1,
    "eval": -1,
    "exec": -1,
    "compile": -1,
    "globals": -1,
}
_IMPORTERS = {"import_module", "__import__"}


def _path(node: ast.AST) -> tuple[str, ...] | None:
    """Return ``("a", "b", "c")`` for the expression ``a.b.c``."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (node.id, *reversed(names)) if isinstance(node, ast.Name) else None


def _constant_text(arguments: Sequence[ast.expr], position: int) -> str | None:
    if position < 0 or len(arguments) <= position:
        return None
    argument = arguments[position]
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None


def _names_in_annotation(node: ast.AST | None) -> list[tuple[str, ...]]:
    """Return the dotted names in an annotation, also in those that are quoted."""
    if node is None:
        return []
    if path := _path(node):
        return [path]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return _names_in_annotation(ast.parse(node.value, mode="eval").body)
        except SyntaxError:  # a text inside Annotated or Literal
            return []
    return [name for child in ast.iter_child_nodes(node) for name in _names_in_annotation(child)]
