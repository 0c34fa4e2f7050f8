"""Finds the tree of a function or class: in its file, a zip archive or a notebook cell, and only if it is what runs."""

from __future__ import annotations

import ast
import linecache
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from stateflow.dag_action.version.scope import Definition, Imported, bindings, children, imports
from stateflow.dag_action.version.syntax import Reference, Syntax, digest, read

_REWRITTEN_BY_PYTEST = "@pytest_ar"  # a name in modules whose asserts pytest has rewritten
_LAMBDA = "<lambda>"


class SourceMissingError(Exception):
    """Why the source of a function or class cannot be shown to be its source."""


@dataclass(frozen=True, slots=True)
class Written:
    """The syntax of one function or class, with what its file says around it."""

    syntax: Syntax
    hidden: frozenset[str] = frozenset()
    """Local names of the functions around it: neither globals nor, unless captured, to be found."""
    imports: Mapping[str, Imported] = field(default_factory=dict)
    """What the file's own import statements bind."""
    first_line: int = 0
    last_line: int = 0
    file: str = ""


def of_function(function: types.FunctionType) -> Written:
    """Return what a function's source says. Raises SourceMissingError."""
    code = function.__code__

    def find() -> Written:
        return _from_file(code.co_filename, function.__globals__, lambda file: _function_node(file, function))

    return _cached(function, code, find)


def of_class(cls: type) -> Written:
    """Return what a class's source says. Raises SourceMissingError."""

    def find() -> Written:
        functions = own_functions(cls)
        file = functions[0].__code__.co_filename if functions else _file_of_class(cls)
        return _from_file(file, namespace(cls), lambda found: _class_node(found, cls, functions))

    return _cached(cls, None, find)


def of_code(code: types.CodeType) -> Written:
    """Return what bytecode alone can tell of a function without source."""
    every = list(_codes(code))
    names = sorted({name for part in every for name in (*part.co_names, *part.co_freevars)})
    text = [(part.co_code, part.co_names, ascii([c for c in part.co_consts if _is_plain(c)])) for part in every]
    return Written(Syntax(digest(tuple(text)), references=tuple(Reference((name,), "soft") for name in names)))


def namespace(cls: type) -> dict[str, Any]:
    """Return the globals that a class was written among."""
    module = sys.modules.get(cls.__module__)
    functions = own_functions(cls)
    return functions[0].__globals__ if functions else vars(module) if module else {}


def own_functions(cls: type) -> list[types.FunctionType]:
    """Return the functions that the body of a class itself defines, without generated ones."""
    return [f for value in vars(cls).values() for f in unwrapped(value) if is_written_in(f, cls)]


def unwrapped(value: object) -> Iterator[types.FunctionType]:
    """Yield the functions behind a method, property or other descriptor."""
    parts = [value, *(getattr(value, name, None) for name in ("fget", "fset", "fdel"))]
    parts += [getattr(value, name, None) for name in ("__func__", "func", "__wrapped__", "wrapped")]
    seen: set[int] = set()
    for part in parts:
        if isinstance(part, types.FunctionType) and id(part) not in seen:
            seen.add(id(part))
            yield part


def is_written_in(function: types.FunctionType, cls: type) -> bool:
    """Return whether a function was written in the body of a class, as its code says."""
    code = function.__code__
    return code.co_qualname == f"{cls.__qualname__}.{code.co_name}" and not is_generated(function)


def is_generated(function: types.FunctionType) -> bool:
    """Return whether dataclasses or the like wrote a function from what the class statement says."""
    return function.__code__.co_filename.startswith(("<string>", "<attrs generated"))


def _cached(owner: _Owner, state: object, find: Callable[[], Written]) -> Written:
    known = _known.get(owner)
    if known is None or known[0] is not state:
        try:
            result: Written | str = find()
        except SourceMissingError as error:
            result = str(error)
        known = _known[owner] = (state, result)
    if isinstance(known[1], str):
        raise SourceMissingError(known[1])
    return known[1]


_Owner = types.FunctionType | type
_known: WeakKeyDictionary[_Owner, tuple[object, Written | str]] = WeakKeyDictionary()


# -- files ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """A definition and the functions and classes around it, outermost first."""

    node: Definition
    enclosing: tuple[Definition, ...]
    qualname: str

    @property
    def first_line(self) -> int:
        decorators = [] if isinstance(self.node, ast.Lambda) else self.node.decorator_list
        return min(self.node.lineno, *(item.lineno for item in decorators), self.node.lineno)


@dataclass(slots=True)
class _File:
    """One source file, indexed."""

    name: str
    lines: list[str]
    codes: frozenset[types.CodeType]
    imports: Mapping[str, Imported]
    functions: dict[tuple[str, int], list[_Place]] = field(default_factory=dict)
    classes: dict[str, list[_Place]] = field(default_factory=dict)


_FILES_KEPT = 32  # trees are large, and what is known of each function is remembered apart
_files: dict[str, _File] = {}


def _from_file(name: str, space: dict[str, Any], find: Callable[[_File], _Place]) -> Written:
    file = _file(name, space)
    place = find(file)
    try:
        syntax = read(place.node, place.enclosing)
    except RecursionError:
        raise SourceMissingError("nested too deeply to read") from None
    around = [bindings(node) for node in place.enclosing if not isinstance(node, ast.ClassDef)]
    hidden = frozenset(name for names in around for name in names)
    last = place.node.end_lineno or place.node.lineno
    return Written(syntax, hidden, file.imports, place.first_line, last, name)


def _file(name: str, space: dict[str, Any]) -> _File:
    linecache.checkcache(name)
    lines = linecache.getlines(name, space)
    known = _files.get(name)
    if known is not None and known.lines == lines:
        return known
    if not lines:
        raise SourceMissingError("no source")
    text = "".join(lines)
    try:
        tree = ast.parse(text)
        codes = frozenset(_codes(compile(text, name, "exec", dont_inherit=True)))
    except (SyntaxError, ValueError, RecursionError):
        raise SourceMissingError("its source cannot be parsed") from None
    while len(_files) >= _FILES_KEPT:
        _files.pop(next(iter(_files)))
    file = _files[name] = _File(name, lines, codes, imports(tree.body))
    for place in _places(tree, (), ""):
        if isinstance(place.node, ast.ClassDef):
            file.classes.setdefault(place.qualname, []).append(place)
        else:
            label = _LAMBDA if isinstance(place.node, ast.Lambda) else place.node.name
            file.functions.setdefault((label, place.first_line), []).append(place)
    return file


def _places(tree: ast.AST, enclosing: tuple[Definition, ...], prefix: str) -> Iterator[_Place]:
    stack = [(tree, enclosing, prefix)]
    while stack:
        node, around, before = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            qualname = before + (_LAMBDA if isinstance(node, ast.Lambda) else node.name)
            yield _Place(node, around, qualname)
            around = (*around, node)
            before = f"{qualname}." if isinstance(node, ast.ClassDef) else f"{qualname}.<locals>."
        stack.extend((child, around, before) for child in children(node))


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


# -- definitions ---------------------------------------------------------------------------------


def _function_node(file: _File, function: types.FunctionType) -> _Place:
    code = function.__code__
    if code not in file.codes and _REWRITTEN_BY_PYTEST not in function.__globals__:
        raise SourceMissingError("the source that is found differs from the code that runs")
    places = file.functions.get((code.co_name, code.co_firstlineno), [])
    if len(places) > 1:
        places = _covering(code, places)
    if len(places) != 1:
        raise SourceMissingError("its source cannot be told apart from other code on its line")
    return places[0]


def _covering(code: types.CodeType, places: list[_Place]) -> list[_Place]:
    """Return the one of several lambdas on a line whose body is the smallest to hold all of the code."""
    spans = [(line, column, end, end_column) for line, end, column, end_column in code.co_positions() if end_column]
    fitting = []
    for place in places:
        body = place.node.body
        if isinstance(body, ast.expr):
            begin, finish = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
            if spans and all(begin <= (a, b) and (c, d) <= finish for a, b, c, d in spans):
                fitting.append((begin, place))
    return [place for _, place in sorted(fitting, key=lambda found: found[0])[-1:]]


def _class_node(file: _File, cls: type, functions: list[types.FunctionType]) -> _Place:
    if any(f.__code__ not in file.codes and _REWRITTEN_BY_PYTEST not in f.__globals__ for f in functions):
        raise SourceMissingError("the source that is found differs from the code that runs")
    places = file.classes.get(cls.__qualname__, [])
    lines = [function.__code__.co_firstlineno for function in functions]
    lines += [vars(cls)["__firstlineno__"]] if "__firstlineno__" in vars(cls) else []  # Python 3.13
    if len(places) > 1 and lines:
        places = [p for p in places if all(p.first_line <= line <= (p.node.end_lineno or 0) for line in lines)]
    if not places:
        raise SourceMissingError("no source")
    if len(places) > 1:
        raise SourceMissingError("its file defines it more than once")
    return places[0]


def _file_of_class(cls: type) -> str:
    module = sys.modules.get(cls.__module__)
    file = getattr(module, "__file__", None)
    if isinstance(file, str):
        return file
    head = f"class {cls.__name__}"
    for name, entry in reversed(list(linecache.cache.items())):  # without methods it does not know its notebook cell
        if len(entry) > 1 and entry[1] is None and any(line.startswith(head) for line in entry[2]):
            return name
    return ""


def _is_plain(constant: object) -> bool:
    return not isinstance(constant, types.CodeType) and not isinstance(constant, frozenset)
