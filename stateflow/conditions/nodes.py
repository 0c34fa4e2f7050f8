"""Constants, names, operators, subscripts and displays of an expression, compiled to closures."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stateflow.conditions import limits
from stateflow.conditions.compiler import ALLOWED, FUNCTION_REMEDY, Code, Compiler
from stateflow.conditions.condition import missing_key
from stateflow.conditions.limits import BITS, Evaluation

Operation = Callable[[Evaluation, Any, Any], Any]

_UNARY: Mapping[type[ast.AST], Callable[[Evaluation, Any], Any]] = {
    ast.Not: lambda _, value: not value,
    ast.USub: limits.negate,
    ast.UAdd: lambda _, value: +value,
}
_BINARY: Mapping[type[ast.AST], Operation] = {
    ast.Add: limits.add,
    ast.Sub: limits.subtract,
    ast.Mult: limits.multiply,
    ast.Div: limits.divide,
    ast.FloorDiv: limits.floor_divide,
    ast.Mod: limits.modulo,
    ast.Pow: limits.power,
}
_FREE: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda item, container: item in container,
    ast.NotIn: lambda item, container: item not in container,
}
_COMPARE: Mapping[type[ast.AST], Operation] = {
    **{kind: limits.comparing(compare) for kind, compare in _FREE.items()},
    ast.Is: lambda _, left, right: left is right,
    ast.IsNot: lambda _, left, right: left is not right,
    ast.In: limits.contains,
    ast.NotIn: limits.lacks,
}


def constant(compiler: Compiler, node: ast.Constant) -> Code:
    """Compile a number, a text, True, False or None."""
    value = node.value
    if value is not None and not isinstance(value, str | bytes | int | float):
        compiler.refuse(node, f"the constant {value!r} is not allowed; {ALLOWED}")
    if isinstance(value, int) and value.bit_length() > BITS:
        compiler.refuse(node, f"an int has at most {BITS:,} bits; {FUNCTION_REMEDY}")
    return lambda _: value


def name(compiler: Compiler, node: ast.Name) -> Code:
    """Compile a state key, or a variable that a comprehension binds."""
    slot = compiler.slot(node)
    if slot is not None:
        return lambda run: run.variables[slot]
    key = node.id
    compiler.reads.add(key)

    def read(run: Evaluation) -> Any:
        try:
            return run.data[key]
        except KeyError:
            raise missing_key(run.text, key, run.data) from None

    return read


def bool_op(compiler: Compiler, node: ast.BoolOp) -> Code:
    """Compile ``and`` and ``or``, which give one of their operands as in Python."""
    codes = compiler.all(node.values)
    return _any_of(codes) if isinstance(node.op, ast.Or) else _all_of(codes)


def _all_of(codes: Sequence[Code]) -> Code:
    *first, last = codes

    def value(run: Evaluation) -> Any:
        for code in first:
            if not (value := code(run)):
                return value
        return last(run)

    return value


def _any_of(codes: Sequence[Code]) -> Code:
    *first, last = codes

    def value(run: Evaluation) -> Any:
        for code in first:
            if value := code(run):
                return value
        return last(run)

    return value


def unary_op(compiler: Compiler, node: ast.UnaryOp) -> Code:
    """Compile ``not``, ``-`` and ``+``."""
    if (apply := _UNARY.get(type(node.op))) is None:
        compiler.refuse(node.op, at=node)
    operand = compiler.compiled(node.operand)
    return lambda run: apply(run, operand(run))


def bin_op(compiler: Compiler, node: ast.BinOp) -> Code:
    """Compile arithmetic, within the limits."""
    if (apply := _BINARY.get(type(node.op))) is None:
        compiler.refuse(node.op, at=node)
    left, right = compiler.compiled(node.left), compiler.compiled(node.right)
    return lambda run: apply(run, left(run), right(run))


def if_exp(compiler: Compiler, node: ast.IfExp) -> Code:
    """Compile ``a if b else c``."""
    test, then, other = compiler.all([node.test, node.body, node.orelse])
    return lambda run: then(run) if test(run) else other(run)


def compare(compiler: Compiler, node: ast.Compare) -> Code:
    """Compile a comparison or a chain of them, such as ``0 < x <= 9``."""
    operands = [node.left, *node.comparators]
    codes = compiler.all(operands)
    if len(node.ops) == 1:
        return _comparison(node.ops[0], operands, codes)
    return _chain(codes[0], [_COMPARE[type(op)] for op in node.ops], codes[1:])


def _comparison(op: ast.cmpop, operands: Sequence[ast.expr], codes: Sequence[Code]) -> Code:
    left, right = codes
    free, compare = _FREE[type(op)], _COMPARE[type(op)]
    # a comparison with constants costs no more than their length
    if isinstance(operands[1], ast.Constant):
        constant = operands[1].value
        return lambda run: free(left(run), constant)
    if isinstance(op, ast.In | ast.NotIn) and (options := _constants(operands[1])):
        return lambda run: free(left(run), options)
    return lambda run: compare(run, left(run), right(run))


def _constants(node: ast.expr) -> tuple[Any, ...]:
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else []
    values = tuple(part.value for part in parts if isinstance(part, ast.Constant))
    return values if len(values) == len(parts) else ()


def _chain(first: Code, compares: Sequence[Operation], others: Sequence[Code]) -> Code:
    pairs = list(zip(compares, others, strict=True))

    def value(run: Evaluation) -> Any:
        left, result = first(run), True
        for compare, code in pairs:
            right = code(run)
            result = compare(run, left, right)
            if not result:
                break
            left = right
        return result

    return value


def subscript(compiler: Compiler, node: ast.Subscript) -> Code:
    """Compile ``value[index]`` and ``value[start:stop:step]``."""
    value = compiler.compiled(node.value)
    if isinstance(node.slice, ast.Slice):
        bounds = [node.slice.lower, node.slice.upper, node.slice.step]
        start, stop, step = (compiler.compiled(bound or ast.Constant(None)) for bound in bounds)
        return lambda run: limits.slice_of(run, value(run), slice(start(run), stop(run), step(run)))
    index = compiler.compiled(node.slice)
    return lambda run: limits.item_of(run, value(run), index(run))


def tuple_display(compiler: Compiler, node: ast.Tuple) -> Code:
    """Compile ``(a, b)``."""
    codes = compiler.all(node.elts)
    return lambda run: tuple([code(run) for code in codes])


def list_display(compiler: Compiler, node: ast.List) -> Code:
    """Compile ``[a, b]``."""
    codes = compiler.all(node.elts)
    return lambda run: [code(run) for code in codes]


def set_display(compiler: Compiler, node: ast.Set) -> Code:
    """Compile ``{a, b}``."""
    codes = compiler.all(node.elts)
    return lambda run: limits.distinct(run, [code(run) for code in codes])


def dict_display(compiler: Compiler, node: ast.Dict) -> Code:
    """Compile ``{a: b}``."""
    keys = [key for key in node.keys if key]
    if len(keys) < len(node.keys):
        compiler.refuse(node, f"** is not allowed; {FUNCTION_REMEDY}")
    pairs = list(zip(compiler.all(keys), compiler.all(node.values), strict=True))
    return lambda run: limits.dictionary(run, [(key(run), value(run)) for key, value in pairs])
