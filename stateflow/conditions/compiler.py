"""The pass over a syntax tree: it finds what is not allowed, and which names are state keys."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from stateflow.conditions.limits import Evaluation
from stateflow.errors import GraphError

DEPTH = 50  # of a syntax tree

Code = Callable[[Evaluation], Any]
CompileNode = Callable[["Compiler", Any], Code]

ALLOWED = (
    "allowed are state keys, constants, comparisons, and, or, not, if-else, + - * / // % **,"
    " subscripts, slices, tuples, lists, sets, dicts, comprehensions and calls of listed functions"
)
FUNCTION_REMEDY = "use Condition.of(fn, reads=[...]) for it"
REFUSED: Mapping[type[ast.AST], str] = {
    ast.Attribute: f"attribute access and methods are not allowed; {FUNCTION_REMEDY}",
    ast.JoinedStr: f"f-strings are not allowed; {FUNCTION_REMEDY}",
    ast.Lambda: f"lambda is not allowed; {FUNCTION_REMEDY}",
    ast.NamedExpr: "assignment with := is not allowed; compare with ==",
    ast.GeneratorExp: "a generator is allowed only as the first argument of any, sum and the like",
    ast.Starred: "unpacking with * is not allowed; join lists with +",
    ast.BitAnd: "the operator & is not allowed; write and",
    ast.BitOr: "the operator | is not allowed; write or",
    ast.Invert: "the operator ~ is not allowed; write not",
}


class Compiler:
    """Turns one syntax tree into closures, collecting the state keys that it reads.

    ``known`` has a function for each class of nodes that is allowed; ``variables`` counts the names
    that comprehensions bind, each of which has a place of its own in an evaluation.
    """

    def __init__(self, source: str, known: Mapping[type[ast.AST], CompileNode]) -> None:
        self.source = source
        self.known = known
        self.reads: set[str] = set()
        self.variables = 0
        self.scopes: list[dict[str, int | None]] = []  # of comprehensions; None: not bound yet
        self.depth = 0

    def compiled(self, node: ast.AST) -> Code:
        """Return the closure that gives the node's value."""
        compile_node = self.known.get(type(node))
        if compile_node is None:
            self.refuse(node)
        self.depth += 1
        if self.depth > DEPTH:
            self.refuse(node, f"this is nested more than {DEPTH} deep; {FUNCTION_REMEDY}")
        code = compile_node(self, node)
        self.depth -= 1
        return code

    def all(self, nodes: Sequence[ast.expr]) -> list[Code]:
        """Return the closures of several nodes."""
        return [self.compiled(node) for node in nodes]

    def refuse(self, node: ast.AST, reason: str = "", *, at: ast.AST | None = None) -> NoReturn:
        """Raise the GraphError that says where and why a node is not allowed."""
        kind = type(node)
        reason = reason or REFUSED.get(kind) or f"{kind.__name__} is not allowed; {ALLOWED}"
        line, offset = getattr(at or node, "lineno", 1), getattr(at or node, "col_offset", 0)
        before = self.source.encode().splitlines()[line - 1][:offset]  # offsets count bytes
        raise GraphError(f"{place(self.source, line, len(before.decode()) + 1)}: {reason}")

    def name(self, node: ast.Name) -> str:
        """Return the name of a node, which is a key, a variable or a function."""
        if node.id.startswith("__") and node.id.endswith("__"):
            self.refuse(node, f"the name {node.id!r} is not allowed; rename the state key")
        return node.id

    def slot(self, node: ast.Name) -> int | None:
        """Return where the variable of this name is kept, or None for a state key."""
        name = self.name(node)
        for scope in reversed(self.scopes):
            if name in scope:
                if scope[name] is None:
                    self.refuse(node, f"the variable {name!r} is used before it has a value")
                return scope[name]
        return None

    def bind(self, name: str) -> int:
        """Return where the variable of the innermost comprehension is kept from here on."""
        slot = self.scopes[-1][name]
        if slot is None:
            slot = self.scopes[-1][name] = self.variables
            self.variables += 1
        return slot


def place(source: str, line: int, column: int) -> str:
    """Return how a message begins that points into the source; line and column count from 1."""
    shown = source if len(source) <= 80 else source[:77] + "..."
    return f"expr {shown!r}, " + (f"line {line}, " if "\n" in source else "") + f"column {column}"
