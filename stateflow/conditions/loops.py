"""Comprehensions of an expression, compiled to lazy loops whose every turn is charged."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from stateflow.conditions import limits
from stateflow.conditions.compiler import Code, Compiler
from stateflow.conditions.limits import Evaluation

LOOPS = 8  # of one comprehension

Bind = Callable[[Evaluation, Any], None]
Loop = Callable[[Evaluation], Iterable[Any]]


def list_comp(compiler: Compiler, node: ast.ListComp) -> Code:
    """Compile ``[element for ...]``."""
    items = loop(compiler, node.generators, [node.elt])
    return lambda run: list(items(run))


def set_comp(compiler: Compiler, node: ast.SetComp) -> Code:
    """Compile ``{element for ...}``."""
    items = loop(compiler, node.generators, [node.elt])
    return lambda run: limits.distinct(run, items(run))


def dict_comp(compiler: Compiler, node: ast.DictComp) -> Code:
    """Compile ``{key: value for ...}``."""
    items = loop(compiler, node.generators, [node.key, node.value])
    return lambda run: limits.dictionary(run, items(run))


def loop(
    compiler: Compiler,
    generators: Sequence[ast.comprehension],
    elements: Sequence[ast.expr],
) -> Loop:
    """Compile the loops of a comprehension, which give its element, or a tuple of its elements."""
    if len(generators) > LOOPS:
        compiler.refuse(generators[LOOPS].iter, f"a comprehension has at most {LOOPS} loops")
    source = compiler.compiled(generators[0].iter)  # in the scope outside
    compiler.scopes.append(dict.fromkeys(_targets(generators)))
    items = _levels(compiler, source, generators, elements)
    compiler.scopes.pop()
    return items


def _levels(
    compiler: Compiler,
    source: Code,
    generators: Sequence[ast.comprehension],
    elements: Sequence[ast.expr],
) -> Loop:
    generator, *others = generators
    if generator.is_async:
        compiler.refuse(generator.iter, "async comprehensions are not allowed")
    bind, tests = _target(compiler, generator.target), compiler.all(generator.ifs)
    body = [others[0].iter] if others else elements
    cost = 1 + sum(map(_nodes, [generator.target, *generator.ifs, *body]))
    if others:
        inner = _levels(compiler, compiler.compiled(others[0].iter), others, elements)
    else:
        inner = _once(compiler.all(elements))
    return _level(source, bind, tests, inner, cost)


def _once(elements: Sequence[Code]) -> Loop:
    if len(elements) == 1:
        [element] = elements
        return lambda run: (element(run),)
    return lambda run: (tuple([element(run) for element in elements]),)


def _level(source: Code, bind: Bind, tests: Sequence[Code], inner: Loop, cost: int) -> Loop:
    def turns(run: Evaluation, items: Iterator[Any]) -> Iterator[Any]:
        for item in items:
            run.charge(cost)
            bind(run, item)
            for test in tests:
                if not test(run):
                    break
            else:
                yield from inner(run)

    return lambda run: turns(run, iter(source(run)))  # the source at once, as Python does


def _nodes(tree: ast.AST) -> int:
    return sum(isinstance(node, ast.expr) for node in ast.walk(tree))


def _targets(generators: Sequence[ast.comprehension]) -> Iterator[str]:
    for generator in generators:
        for node in ast.walk(generator.target):
            if isinstance(node, ast.Name):
                yield node.id


def _target(compiler: Compiler, node: ast.expr) -> Bind:
    if isinstance(node, ast.Name):
        slot = compiler.bind(compiler.name(node))
        return lambda run, item: run.variables.__setitem__(slot, item)
    if not isinstance(node, ast.Tuple | ast.List):
        compiler.refuse(node, "a comprehension binds names, or a tuple of names")
    return _unpacking([_target(compiler, part) for part in node.elts])


def _unpacking(parts: Sequence[Bind]) -> Bind:
    size = len(parts)

    def unpack(run: Evaluation, item: Any) -> None:
        values = list(islice(iter(item), size + 1))
        if len(values) > size:
            raise ValueError(f"too many values to unpack (expected {size})")
        if len(values) < size:
            raise ValueError(f"not enough values to unpack (expected {size}, got {len(values)})")
        for part, value in zip(parts, values, strict=True):
            part(run, value)

    return unpack
