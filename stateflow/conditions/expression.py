"""``expr``: a Python expression, read by an interpreter that knows only what ``COMPILERS`` lists.

A syntax tree becomes nested closures once, when the condition is made. Nothing is ever given to
``eval``, ``exec`` or ``compile``, and there is no attribute access.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from stateflow.conditions import calls, loops, nodes
from stateflow.conditions.compiler import ALLOWED, FUNCTION_REMEDY, CompileNode, Compiler, place
from stateflow.conditions.condition import Binding, Condition
from stateflow.conditions.limits import Evaluation
from stateflow.errors import GraphError

LENGTH = 4_096  # characters of a source

COMPILERS: Mapping[type[ast.AST], CompileNode] = {
    ast.BinOp: nodes.bin_op,
    ast.BoolOp: nodes.bool_op,
    ast.Call: calls.call,
    ast.Compare: nodes.compare,
    ast.Constant: nodes.constant,
    ast.Dict: nodes.dict_display,
    ast.DictComp: loops.dict_comp,
    ast.IfExp: nodes.if_exp,
    ast.List: nodes.list_display,
    ast.ListComp: loops.list_comp,
    ast.Name: nodes.name,
    ast.Set: nodes.set_display,
    ast.SetComp: loops.set_comp,
    ast.Subscript: nodes.subscript,
    ast.Tuple: nodes.tuple_display,
    ast.UnaryOp: nodes.unary_op,
}


def expr(source: str) -> Condition:
    """Match when a Python expression over the state is true: ``expr("len(questions) > 0")``.

    Names are state keys, except those that a comprehension binds; a fixed list of functions can be
    called. What one evaluation may cost, and the size of what it builds, are bounded.

    Raises:
        GraphError: the source is no expression, or holds something that is not allowed.
    """
    tree = _parsed(source)
    compiler = Compiler(source.strip(), COMPILERS)
    root, variables = compiler.compiled(tree.body), compiler.variables
    plain = "#" not in source and len(source.strip().splitlines()) == 1
    text = source.strip() if plain else ast.unparse(tree)

    def test(data: Mapping[str, Any], _: Mapping[str, int]) -> bool:
        return bool(root(Evaluation(text, data, variables)))

    reads = tuple(sorted(compiler.reads))
    return Condition(text=text, test=test, reads=reads, binding=_binding(tree.body))


def _parsed(source: object) -> ast.Expression:
    if not isinstance(source, str):
        raise GraphError(f"expr takes the text of an expression, not {source!r}")
    if len(source) > LENGTH:
        fact = f"expr has {len(source):,} characters, more than {LENGTH:,}"
        raise GraphError(f"{fact}; {FUNCTION_REMEDY}")
    try:
        return ast.parse(source.strip(), mode="eval")
    except SyntaxError as error:
        where = place(source.strip(), error.lineno or 1, error.offset or 1)
        raise GraphError(f"{where}: {error.msg}; {ALLOWED}") from None
    except (ValueError, MemoryError, RecursionError) as error:
        fact = str(error) or "too deeply nested"
        raise GraphError(f"{place(source.strip(), 1, 1)}: {fact}; {ALLOWED}") from None


def _binding(node: ast.expr) -> Binding:
    match node:
        case ast.IfExp() | ast.Tuple():
            return Binding.CHOICE
        case ast.BoolOp(op=ast.Or()):
            return Binding.OR
        case ast.BoolOp():
            return Binding.AND
        case ast.UnaryOp(op=ast.Not()):
            return Binding.NOT
        case ast.UnaryOp() | ast.BinOp() | ast.Compare():
            return Binding.COMPARISON
        case _:
            return Binding.ATOM
