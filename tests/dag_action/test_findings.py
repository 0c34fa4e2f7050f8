"""Every fault of a DAG action is a finding: one sentence, with names, and with the remedy."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Any

import pytest

from stateflow.dag_action import DagAction, dag

from tests.dag_action.modules import (
    asynchronous,
    chain,
    configured,
    cyclic,
    defaults,
    delayed,
    diamond,
    empty,
    marked,
    overlapping,
    parts,
    streaming,
    untyped,
)


def twin() -> Any:
    """Return another function called ``doubled``."""

    def doubled(number: int) -> int:
        return number

    return doubled


def lost() -> Any:
    """Return a function without a module."""

    def homeless(number: int) -> int:
        return number

    homeless.__module__ = None  # type: ignore[assignment]
    return homeless


def unregistered() -> types.ModuleType:
    """Return a module that nobody can import."""
    module = types.ModuleType("unregistered")

    def node(x: int) -> int:
        return x

    node.__module__ = "unregistered"
    vars(module)["node"] = node
    return module


FAULTS: dict[str, tuple[DagAction, str]] = {
    "no modules": (dag(writes=["text"]), "no modules are given"),
    "nothing written": (dag(chain), "nothing is written; name nodes in writes"),
    "a string for writes": (dag(chain, writes="text"), r"writes must be a list of names or a mapping, not 'text'"),
    "no nodes": (dag(empty, writes=["a"]), r"has no nodes; nodes are the functions defined in it"),
    "not importable": (dag(unregistered(), writes=["node"]), r"not in sys.modules, where Hamilton looks"),
    "a class": (dag(DagAction, writes=["a"]), "'DagAction' is neither a module nor a function, but a type"),
    "a lambda": (dag(lambda x: x, writes=["a"]), "a lambda has no name"),
    "an underscore": (dag(re._compile, writes=["a"]), "starts with '_'"),  # type: ignore[attr-defined]
    "one name twice": (dag(twin(), twin(), writes=["doubled"]), "Cannot define function doubled more than once"),
    "no home": (dag(lost(), writes=["homeless"]), "belongs to no module"),
    "one node twice": (dag(chain, overlapping, writes=["text"]), "Cannot define function plus more than once"),
    "no type": (dag(untyped, writes=["fine"]), r"in .*untyped.broken, line \d+: Missing type hint for x"),
    "config missing": (dag(delayed, writes=["said"]), "Hamilton could not build the DAG"),
    "a cycle": (dag(cyclic, writes=["hen"]), "a cycle: hen -> egg -> nest -> hen"),
    "unknown output": (dag(chain, writes=["txet"]), "writes: the DAG has no node 'txet'; did you mean 'text'"),
    "unknown append": (dag(chain, appends={"log": "txet"}), "appends: the DAG has no node 'txet'"),
    "an input as output": (dag(chain, writes=["number"]), "'number' is an input of the DAG, not a node"),
    "swapped writes": (
        dag(chain, writes={"text": "reply"}),
        r"swapped: you wrote writes=\{'text': 'reply'\}; it maps a state key to a node: writes=\{'reply': 'text'\}",
    ),
    "two outputs to one key": (
        dag(chain, writes=["text"], appends={"text": "plus"}),
        "two outputs go to the state key 'text', in writes and in appends",
    ),
    "two kinds of lists": (
        dag(diamond, appends={"log": "left"}, extends={"log": "join"}),
        "two outputs go to the state key 'log', in appends and in extends",
    ),
    "overridden output": (dag(chain, writes=["text"], overrides={"text": "a"}), "'text' is overridden, so nothing"),
    "unknown override": (dag(chain, writes=["text"], overrides={"plsu": "a"}), "overrides: the DAG has no node 'plsu'"),
    "a slip that is no swap": (
        dag(chain, writes={"text": "tex"}),
        "writes: the DAG has no node 'tex'; did you mean 'text'",
    ),
    "a slip in an override": (
        dag(chain, writes=["text"], overrides={"plsu": "plus"}),
        "overrides: the DAG has no node 'plsu'; did you mean 'plus'",
    ),
    "a slip in a read": (
        dag(chain, writes=["text"], reads={"numbr": "number"}),
        "reads: the DAG has no input 'numbr'; did you mean 'number'",
    ),
    "swapped override": (dag(chain, writes=["text"], overrides={"a": "plus"}), r"overrides=\{'plus': 'a'\}"),
    "an input overridden": (dag(chain, writes=["text"], overrides={"number": "a"}), r"reads=\{'number': 'a'\}"),
    "an idle override": (
        dag(chain, writes=["text"], overrides={"unrelated": "a"}),
        "nothing that is written needs node",
    ),
    "unknown input": (dag(chain, writes=["text"], inputs=["numbr"]), "no input 'numbr'; did you mean 'number'"),
    "a node as input": (dag(chain, writes=["text"], inputs=["plus"]), "is a node of the DAG, not an input"),
    "an idle input": (dag(chain, writes=["text"], inputs=["other"]), "nothing that is written needs the input 'other'"),
    "an overridden input": (
        dag(chain, writes=["text"], overrides={"plus": "p"}, bind={"plus": 1}),
        "'plus' is overridden already",
    ),
    "unknown read": (dag(chain, writes=["text"], reads={"numbr": "n"}), "reads: the DAG has no input 'numbr'"),
    "swapped read": (dag(chain, writes=["text"], reads={"n": "number"}), r"reads=\{'number': 'n'\}"),
    "swapped optional read": (
        dag(defaults, writes=["greeting"], optional_reads={"m": "mark"}),
        r"optional_reads=\{'mark': 'm'\}",
    ),
    "no default": (dag(chain, writes=["text"], optional_reads=["offset"]), "'offset' has no default"),
    "unknown bind": (dag(chain, writes=["text"], bind={"ofset": 1}), "bind: the DAG has no input 'ofset'"),
    "unknown bind later": (dag(chain, writes=["text"]).bind(ofset=1), "bind: the DAG has no input 'ofset'"),
    "bind of a wrong type": (
        dag(chain, writes=["text"], bind={"offset": "1"}),
        r"must be int for \['plus'\], not str",
    ),
    "config of a wrong type": (dag(chain, writes=["text"], config={"offset": "1"}), r"config: 'offset' must be int"),
    "unknown config": (
        dag(parts, writes=["styled"], config={"stlye": 1}),
        "nothing in the DAG uses 'stlye'; did you mean 'style'",
    ),
    "config and input": (
        dag(chain, writes=["text"], config={"offset": 1}, inputs=["offset"]),
        "is in the config already",
    ),
    "two givers": (
        dag(chain, writes=["text"], reads=["offset"], inputs=["offset"]),
        "both reads and inputs|both inputs",
    ),
    "unknown stream": (dag(streaming, writes=["reply"], stream="token"), "stream: the DAG has no node 'token'"),
    "a stream beside": (dag(streaming, writes=["prompt"], stream="numbers"), "is not upstream of what is written"),
    "no stream": (
        dag(streaming, writes=["not_a_stream"], stream="not_a_stream"),
        "gives str; it must return an Iterator",
    ),
    "stream of nothing": (dag(chain, stream="text"), "nothing is written"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_finding(name: str) -> None:
    """It names the action and its modules, and nothing is raised before somebody asks."""
    action, expected = FAULTS[name]
    findings = [finding for finding in action.findings() if re.search(expected, finding)]
    assert findings, action.findings()
    assert findings[0].startswith(f"action {action.name!r}, DAG of ")
    assert isinstance(action.needs(), tuple)
    assert action.is_async is False
    action.dataflow()


def test_all_faults_are_found_together() -> None:
    """One build says everything."""
    action = dag(chain, writes=["txet", "text"], inputs=["numbr"], bind={"ofset": 1}, overrides={"plsu": "a"})
    assert len(action.findings()) == 4


def test_an_unknown_output_does_not_make_inputs_idle() -> None:
    """Nobody can say what is not needed as long as one output is unknown."""
    (finding,) = dag(chain, writes=["txet"], inputs=["offset"], overrides={"plus": "p"}).findings()
    assert "no node 'txet'" in finding


def test_values_are_not_printed() -> None:
    """They may be secret."""
    (finding,) = dag(chain, writes=["text"], bind={"offset": "my-key"}).findings()
    assert "my-key" not in finding


def test_sound_actions_have_none() -> None:
    """Also those with everything."""
    assert dag(marked, writes=["polite"], reads={"question": "q"}, bind={"tone": "x"}).findings() == []
    assert dag(configured, writes=["result"], config={"engine": "slow", "hamilton.some_flag": 1}).findings() == []


def test_a_config_of_functions_that_may_look_at_anything_is_not_judged() -> None:
    """``@config(function)`` hides the keys that it uses, so any may be right."""
    config = {"engine": "fast", "level": 2, "whatever": 1}
    assert dag(configured, writes=["depth"], config=config).findings() == []


def test_a_driver_leaves_no_room_for_what_it_has_already() -> None:
    """Modules, config, adapters and cache belong to it."""
    built = dag(chain, writes=["text"]).driver
    findings = dag(chain, driver=built, writes=["text"], config={"a": 1}, adapters=[1], cache=True).findings()
    assert len(findings) == 4
    assert all("driver" in finding for finding in findings)
    assert "not a Hamilton Driver" in dag(driver="x", writes=["text"]).findings()[0]


def test_only_the_stream_node_is_collected() -> None:
    """Another iterator given to a node that wants a text stays the fault that it is to Hamilton."""

    def words(text: str) -> Iterator[str]:
        yield text

    def letters(text: str) -> Iterator[str]:
        yield from text

    def joined(words: str, letters: str) -> str:
        return words + letters

    (finding,) = dag(words, letters, joined, writes=["joined"], stream="words").findings()
    assert "node 'joined' takes 'letters' as str, but it is Iterator[str]" in finding


def test_a_consumer_that_cannot_take_the_stream_is_named() -> None:
    """It can have an iterator, a list, or a string of strings."""

    def words(text: str) -> Iterator[str]:
        yield text

    def counted(words: int) -> int:
        return words

    def numbers(text: str) -> Iterator[int]:
        yield len(text)

    def joined(numbers: str) -> str:
        return numbers

    (finding,) = dag(words, counted, writes=["counted"], stream="words").findings()
    assert finding.endswith("node 'counted' takes the stream 'words' as int; it can have an iterator, a list, or a str")
    (finding,) = dag(numbers, joined, writes=["joined"], stream="numbers").findings()
    assert finding.endswith("takes the stream 'numbers' as str; it can have an iterator, a list")


def test_an_async_dag_with_hooks_needs_an_async_driver() -> None:
    """A sync driver would return its coroutines un-awaited."""
    from hamilton.lifecycle import PrintLn

    (finding,) = dag(asynchronous, writes=["page"], adapters=[PrintLn()]).findings()
    assert "give a driver of hamilton.async_driver" in finding


def test_hamiltons_banner_is_held_back(caplog: pytest.LogCaptureFixture) -> None:
    """The finding says it; its logger is left as it is for everybody else."""
    import logging

    assert dag(untyped, writes=["fine"]).findings()
    assert not caplog.records
    logging.getLogger("hamilton.driver").error("somebody else's")
    assert [record.message for record in caplog.records] == ["somebody else's"]
