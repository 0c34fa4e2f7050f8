"""Calls of an expression, compiled to closures over the functions that are allowed."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence

from stateflow.conditions.compiler import FUNCTION_REMEDY, REFUSED, Code, Compiler
from stateflow.conditions.functions import FUNCTIONS, TYPES, Function
from stateflow.conditions.loops import loop
from stateflow.errors import nearest


def call(compiler: Compiler, node: ast.Call) -> Code:
    """Compile a call; names of functions are no state keys where they are called."""
    if not isinstance(node.func, ast.Name):
        compiler.refuse(node.func, REFUSED[ast.Attribute])
    name = compiler.name(node.func)
    if compiler.slot(node.func) is None:
        if name == "isinstance":
            return _isinstance(compiler, node)
        if name == "visits":
            compiler.refuse(node, "visits is a condition; write expr(...) & visits('think', ge=10)")
        if name in FUNCTIONS:
            return _function_call(compiler, node, FUNCTIONS[name])
    known = nearest(name, {*FUNCTIONS, "isinstance"})
    return compiler.refuse(node, f"the function {name!r} is not allowed{known}; {FUNCTION_REMEDY}")


def _function_call(compiler: Compiler, node: ast.Call, function: Function) -> Code:
    apply, keywords = function.call, _keywords(compiler, node, function)
    arguments = _arguments(compiler, node.args, function)
    try:
        inspect.signature(apply).bind(None, *arguments, **keywords)
    except TypeError as error:
        compiler.refuse(node, f"the call does not fit the function: {error}")
    if len(arguments) == 1 and not keywords:
        [argument] = arguments
        return lambda run: apply(run, argument(run))
    return lambda run: apply(
        run,
        *[argument(run) for argument in arguments],
        **{keyword: code(run) for keyword, code in keywords.items()},
    )


def _arguments(compiler: Compiler, nodes: Sequence[ast.expr], function: Function) -> list[Code]:
    if nodes and isinstance(nodes[0], ast.GeneratorExp) and function.consumes:
        generator = loop(compiler, nodes[0].generators, [nodes[0].elt])
        return [generator, *compiler.all(nodes[1:])]
    return compiler.all(nodes)


def _keywords(compiler: Compiler, node: ast.Call, function: Function) -> dict[str, Code]:
    found: dict[str, Code] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            compiler.refuse(keyword, f"** is not allowed; {FUNCTION_REMEDY}")
        if keyword.arg not in function.keywords:
            known = nearest(keyword.arg, function.keywords)
            compiler.refuse(keyword, f"the argument {keyword.arg!r} is not allowed{known}")
        found[keyword.arg] = compiler.compiled(keyword.value)
    return found


def _isinstance(compiler: Compiler, node: ast.Call) -> Code:
    match node:
        case ast.Call(args=[value, ast.Tuple(elts=named)], keywords=[]):
            kinds = tuple(_kind(compiler, name) for name in named)
        case ast.Call(args=[value, name], keywords=[]):
            kinds = (_kind(compiler, name),)
        case _:
            compiler.refuse(node, "isinstance takes a value and a type, or a tuple of types")
    code = compiler.compiled(value)
    return lambda run: isinstance(code(run), kinds)


def _kind(compiler: Compiler, node: ast.expr) -> type:
    name = node.id if isinstance(node, ast.Name) else type(node).__name__
    if name not in TYPES:
        compiler.refuse(node, f"isinstance does not know the type {name!r}{nearest(name, TYPES)}")
    return TYPES[name]
