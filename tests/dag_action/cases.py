"""Hand-written DAGs on which a plan and Hamilton's own driver are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from tests.dag_action.modules import (
    chain,
    checked,
    columns,
    configured,
    constants,
    defaults,
    delayed,
    diamond,
    doing,
    excluded,
    extracted,
    failing,
    later,
    legacy,
    loading,
    nested,
    overlapping,
    parameterized,
    piped,
    tagged,
    typed,
)

POWER = {"hamilton.enable_power_user_mode": True}


@dataclass(frozen=True)
class Case:
    """One DAG, what is asked of it and what it is given. ``lenient`` marks values that Hamilton refuses wrongly."""

    modules: tuple[ModuleType, ...]
    outputs: tuple[str, ...]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    lenient: bool = False


def _case(
    modules: ModuleType | tuple[ModuleType, ...],
    outputs: str,
    inputs: Mapping[str, Any] | None = None,
    *,
    config: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
    lenient: bool = False,
) -> Case:
    parts = modules if isinstance(modules, tuple) else (modules,)
    return Case(parts, tuple(outputs.split()), inputs or {}, config or {}, overrides or {}, lenient)


class Mute:
    """Has none of the methods of the protocol."""


class Speaker:
    """Has the method of the protocol."""

    def speak(self) -> str:
        return "hello"


class SubDict(dict[str, Any]):
    """A dict of another class."""


_SHAPES: dict[str, Case] = {
    "chain": _case(chain, "text", {"number": 3, "offset": 4}),
    "a middle node": _case(chain, "plus doubled", {"number": 3, "offset": 4}),
    "an unneeded input": _case(chain, "doubled", {"number": 3, "other": "x"}),
    "a missing input": _case(chain, "text", {"number": 3}),
    "all missing": _case(chain, "text unrelated", {}),
    "an override": _case(chain, "text", {"offset": 1}, overrides={"doubled": 100}),
    "an override of another type": _case(chain, "text", {"offset": 1}, overrides={"doubled": 2.5}),
    "an override by None": _case(chain, "text", {"offset": 1}, overrides={"plus": None}),
    "an override that cuts off all": _case(chain, "text", {}, overrides={"plus": 5}),
    "an input that is a config": _case(chain, "text", {"number": 1}, config={"offset": 9}),
    "a config in place of a node": _case(overlapping, "after_plain", {"offset": 1}, config={"plain": 50}),
    "diamond": _case(diamond, "join", {"seed": 0}),
    "half a diamond": _case(diamond, "left", {"seed": 0}),
    "a diamond with a side overridden": _case(diamond, "join right", {"seed": 0}, overrides={"left": -1}),
    "no inputs": _case(constants, "both one nothing"),
    "one default": _case(defaults, "greeting", {"name": "Ann"}),
    "a default given": _case(defaults, "greeting", {"name": "Ann", "salutation": "Hi"}),
    "a default given in the middle": _case(defaults, "greeting", {"name": "Ann", "mark": "?"}),
    "keyword only": _case(defaults, "shouted", {"name": "Ann", "times": 2}),
    "keyword only left out": _case(defaults, "shouted", {"name": "Ann"}),
    "optional for one, required by another": _case(defaults, "greeting strict", {"name": "Ann", "salutation": "Hi"}),
    "optional for one, missing for another": _case(defaults, "greeting strict", {"name": "Ann"}),
    "None for an optional": _case(defaults, "greeting", {"name": "Ann", "mark": None}),
    "a default object": _case(defaults, "mutable", {"name": "Ann"}),
    "helpers are no nodes": _case(excluded, "helped", {"x": 1}),
    "string annotations": _case(later, "moved point", {"x": 1, "y": 2}),
    "two modules": _case((diamond, chain), "join text", {"seed": 1, "number": 2, "offset": 3}),
    "a node that raises": _case(failing, "sum_of", {"number": 1}),
    "another node that raises": _case(failing, "sum_of", {"number": 4}),
    "the first of two that raise": _case(failing, "sum_of", {"number": 5}),
    "the first of two outputs that raise": _case(failing, "first second", {"number": 5}),
    "the order of outputs decides": _case(failing, "second first", {"number": 5}),
    "StopIteration": _case(failing, "stops", {"number": 5}),
}

_MODIFIERS: dict[str, Case] = {
    "config.when": _case(configured, "result", {"number": 1}, config={"engine": "fast"}),
    "config.when, the other": _case(configured, "result", {"number": 1, "patience": 2}, config={"engine": "slow"}),
    "config.when_not": _case(configured, "note", config={"engine": "slow"}),
    "config.when_in": _case(configured, "note", config={"engine": "fast"}),
    "config.when_not_in": _case(configured, "place", config={"region": "asia", "engine": "fast"}),
    "config.when_in with the value as input": _case(configured, "place", config={"region": "eu", "engine": "fast"}),
    "config by function": _case(configured, "depth", config={"level": 2, "engine": "fast"}),
    "parameterize": _case(parameterized, "small large squared", {"base": 3}),
    "parameterize_values": _case(parameterized, "hello_text bye_text", {"base": 3}),
    "parameterize_sources": _case(parameterized, "small_plus large_plus", {"base": 3}),
    "inject group": _case(parameterized, "gathered", {"base": 3}),
    "extract_fields": _case(extracted, "first second record", {"number": 5}),
    "unpack_fields": _case(extracted, "low", {"number": 5}),
    "both kinds of fields": _case(extracted, "summary", {"number": 5}),
    "extract_columns": _case(columns, "total a", {"size": 3}),
    "parameterize_extract_columns": _case(columns, "product sum", {"size": 3}),
    "does": _case(doing, "three", {"a": 1, "b": 2, "c": 3}),
    "does with a mapping": _case(doing, "half", {"a": 1, "b": 2, "c": 3}),
    "pipe_input": _case(piped, "piped_in", {"start": 1, "scale": 10}),
    "pipe_input with a step by config": _case(piped, "piped_in", {"start": 1, "scale": 10}, config={"big": True}),
    "pipe_output": _case(piped, "piped_out", {"start": 1}),
    "mutate": _case(piped, "mutated after", {"start": 1}),
    "check_output": _case(checked, "measured", {"number": 1}),
    "check_output_custom": _case(checked, "verdict", {"number": 1}),
    "check_output_custom that fails": _case(checked, "verdict", {"number": 2}),
    "the raw node behind a check": _case(checked, "even_raw", {"number": 2}),
    "tag, tag_outputs, schema, cache": _case(tagged, "described", {"question": "What"}),
    "subdag": _case(nested, "loud", {"text": " a "}),
    "subdag of functions": _case(nested, "fixed"),
    "parameterized_subdag": _case(nested, "here there", {"text": " a "}),
    "subdags together": _case(nested, "together loud.cleaned", {"text": " a "}),
    "a node inside a subdag overridden": _case(nested, "loud", overrides={"loud.cleaned": "over"}),
    "resolve": _case(delayed, "ab cd", {"times": 2}, config={**POWER, "words": ["ab", "cd"]}),
    "resolve_from_config": _case(delayed, "limited", {"times": 9}, config={**POWER, "words": ["x"], "limit": 3}),
    "dataloader": _case(loading, "loaded", {"folder": "abc"}),
    "datasaver": _case(loading, "saved", {"folder": "abc"}),
    "load_from": _case(loading, "fixed"),
    "the old names": _case(legacy, "old_hello old_sum old_piped", {"base": 4}),
}

_TYPES: dict[str, Case] = {
    "float": _case(typed, "of_float", {"number": 1.5}),
    "int for float": _case(typed, "of_float", {"number": 1}, lenient=True),
    "str for float": _case(typed, "of_float", {"number": "1"}),
    "None for float": _case(typed, "of_float", {"number": None}),
    "float for complex": _case(typed, "of_complex", {"z": 1.0}, lenient=True),
    "TypedDict": _case(typed, "of_turn", {"turn": {"role": "user"}}, lenient=True),
    "list for TypedDict": _case(typed, "of_turn", {"turn": [1]}),
    "Protocol": _case(typed, "of_speaker", {"speaker": Speaker()}, lenient=True),
    "NewType": _case(typed, "of_user", {"user": 3}, lenient=True),
    "str for NewType of int": _case(typed, "of_user", {"user": "3"}),
    "lambda for Callable": _case(typed, "of_function", {"function": lambda number: number}, lenient=True),
    "int for Callable": _case(typed, "of_function", {"function": 3}),
    "dict for Mapping": _case(typed, "of_mapping", {"mapping": {"a": 1}}, lenient=True),
    "list for Mapping": _case(typed, "of_mapping", {"mapping": [1]}),
    "list for Sequence": _case(typed, "of_sequence", {"sequence": [1, 2]}),
    "tuple for Sequence": _case(typed, "of_sequence", {"sequence": (1, 2)}),
    "int for Sequence": _case(typed, "of_sequence", {"sequence": 1}),
    "list of others": _case(typed, "of_list", {"items": [1]}),
    "tuple for list": _case(typed, "of_list", {"items": ("a",)}),
    "dict for list": _case(typed, "of_list", {"items": {"a": 1}}),
    "a marked list": _case(typed, "of_marked", {"marked": ["a"]}, lenient=True),
    "int for a marked list": _case(typed, "of_marked", {"marked": 1}),
    "union": _case(typed, "of_union", {"either": "a"}),
    "bytes for a union": _case(typed, "of_union", {"either": b"a"}),
    "optional": _case(typed, "of_optional", {"maybe": None}),
    "str for optional int": _case(typed, "of_optional", {"maybe": "a"}),
    "literal": _case(typed, "of_literal", {"mode": "a"}),
    "another literal": _case(typed, "of_literal", {"mode": "c"}),
    "anything": _case(typed, "of_any", {"anything": 1j}),
    "series": _case(typed, "of_series", {"series": pd.Series([1, 2])}),
    "list for series": _case(typed, "of_series", {"series": [1, 2]}),
    "array": _case(typed, "of_array", {"array": np.array([1, 2])}),
    "series for array": _case(typed, "of_array", {"array": pd.Series([1])}),
    "set for Iterable": _case(typed, "of_iterable", {"iterable": {1}}),
    "int for Iterable": _case(typed, "of_iterable", {"iterable": 1}),
    "a class": _case(typed, "of_class", {"kind": bool}),
    "a value for a class": _case(typed, "of_class", {"kind": 1}),
    "a generic of one's own": _case(typed, "of_box", {"box": typed.Box()}),
    "another for it": _case(typed, "of_box", {"box": Mute()}),
    "an enum": _case(typed, "of_colour", {"colour": typed.Colour.RED}),
    "its value": _case(typed, "of_colour", {"colour": 1}),
    "a type variable": _case(typed, "of_variable", {"variable": Mute}),
    "bool": _case(typed, "of_bool", {"flag": True}),
    "int for bool": _case(typed, "of_bool", {"flag": 1}),
    "bytes": _case(typed, "of_bytes", {"data": b"a"}),
    "str for bytes": _case(typed, "of_bytes", {"data": "a"}),
    "dict": _case(typed, "of_dict", {"table": {"a": ["wrong inside"]}}),
    "a subclass of dict": _case(typed, "of_dict", {"table": SubDict(a=[1])}, lenient=True),
    "set": _case(typed, "of_set", {"members": {1}}),
    "str for set": _case(typed, "of_set", {"members": "abc"}),
    "tuple": _case(typed, "of_tuple", {"pair": (1, "a")}, lenient=True),
    "list for tuple": _case(typed, "of_tuple", {"pair": [1, "a"]}),
    "a union of a NewType": _case(typed, "of_user_union", {"either_user": 3}, lenient=True),
    "bool for int": _case(chain, "doubled", {"number": True}),
    "config of the wrong type": _case(chain, "text", {"number": 1}, config={"offset": "9"}),
}

CASES: dict[str, Case] = {**_SHAPES, **_MODIFIERS, **_TYPES}
