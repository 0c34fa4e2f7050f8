"""What a DAG action needs, how it is called, and what it writes."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import pytest

from stateflow.actions import Input, Need, Retry, close
from stateflow.context import StepContext
from stateflow.dag_action import DagAction, dag
from stateflow.errors import ActionError, GraphError, InputError
from stateflow.state import State

from tests.dag_action.modules import chain, configured, defaults, diamond, marked, overlapping, typed
from tests.dag_action.running import CONTEXT, run


def needs(action: DagAction) -> dict[str, tuple[str, bool, str]]:
    """Return role, necessity and key of each need."""
    assert action.findings() == []
    return {need.name: (need.role, need.required, need.key) for need in action.needs()}


# -- what is needed -----------------------------------------------------------------------------------


def test_inputs_of_the_dag_are_reads_unless_a_resource_has_their_name() -> None:
    """What nobody else gives stays open, in an action, until an application closes it."""
    action = dag(chain, writes=["text"])
    assert needs(action) == {"number": ("read-or-resource", True, ""), "offset": ("read-or-resource", True, "")}
    assert close(action).declared.readable == {"number", "offset"}
    assert close(action, {"offset"}).resources == ("offset",)


def test_only_what_the_outputs_need_is_needed() -> None:
    """A branch of the module that leads to no output asks for nothing."""
    assert list(needs(dag(chain, writes=["doubled"]))) == ["number"]


def test_inputs_named_as_such_come_from_the_caller() -> None:
    """``inputs=`` names them; one with a default is optional."""
    action = dag(defaults, writes=["greeting"], inputs=["name", "mark"])
    assert needs(action) == {"name": ("input", True, ""), "mark": ("input", False, "")}
    assert run(action, inputs={"name": "Ann"}).result == {"greeting": "Dear Ann!"}
    assert run(action, inputs={"name": "Ann", "mark": "?"}).result == {"greeting": "Dear Ann?"}


def test_a_mark_by_any_consumer_makes_an_input() -> None:
    """``Input[...]`` at one of two consumers counts for both, though Hamilton keeps only the other's type."""
    action = dag(marked, writes=["polite"])
    assert needs(action) == {
        "tone": ("input", True, ""),
        "question": ("read-or-resource", True, ""),
        "please": ("input", False, ""),
    }
    assert run(action, {"question": "Why"}, {"tone": "?"}).result == {"polite": "Why ??, please"}


def test_an_explicit_read_wins_over_a_mark() -> None:
    """Who writes the application has the last word over who wrote the module."""
    assert needs(dag(marked, writes=["polite"], reads={"tone": "mood"}))["tone"] == ("read", True, "mood")


def test_reads_are_renamed_and_may_be_a_list() -> None:
    """``reads={dag_input: state_key}``; a list means equal names."""
    action = dag(chain, writes=["text"], reads={"number": "count"})
    assert needs(action)["number"] == ("read", True, "count")
    assert run(action, {"count": 2, "offset": 1}).result == {"text": "= 5"}
    assert needs(dag(chain, writes=["text"], reads=["offset"]))["offset"] == ("read", True, "offset")


def test_an_input_with_a_default_is_left_to_python() -> None:
    """It is no need, even when the state has a key of its name."""
    action = dag(defaults, writes=["greeting"])
    assert list(needs(action)) == ["name"]
    assert run(action, {"name": "Ann", "mark": "?"}).result == {"greeting": "Dear Ann!"}


def test_an_input_with_a_default_is_read_when_named() -> None:
    """``reads`` demands the key, ``optional_reads`` takes it when it is there."""
    assert needs(dag(defaults, writes=["greeting"], reads=["mark"]))["mark"] == ("read", True, "mark")
    action = dag(defaults, writes=["greeting"], optional_reads={"mark": "sign"})
    assert needs(action)["mark"] == ("read", False, "sign")
    assert run(action, {"name": "Ann"}).result == {"greeting": "Dear Ann!"}
    assert run(action, {"name": "Ann", "sign": "?"}).result == {"greeting": "Dear Ann?"}


def test_a_default_of_one_consumer_is_no_default_for_another() -> None:
    """An input that one node requires is required, whatever the others say."""
    assert needs(dag(defaults, writes=["greeting", "strict"]))["salutation"] == ("read-or-resource", True, "")


def test_config_and_bind_take_names_away() -> None:
    """Neither is asked of the application."""
    assert needs(dag(chain, writes=["text"], config={"offset": 1}, bind={"number": 2})) == {}


def test_overrides_cut_the_dag() -> None:
    """The state gives the value of an overridden node, and nothing behind it is needed."""
    action = dag(chain, writes=["text"], overrides={"doubled": "twice"})
    assert needs(action) == {"offset": ("read-or-resource", True, ""), "doubled": ("read", True, "twice")}
    assert run(action, {"twice": 10, "offset": 1}).result == {"text": "= 11"}


def test_a_state_key_with_the_name_of_a_node_replaces_nothing() -> None:
    """Only ``overrides`` does that."""
    assert run(dag(chain, writes=["doubled"]), {"number": 1, "doubled": 50}).result == {"doubled": 2}


def test_the_context_of_the_step_is_injected() -> None:
    """A parameter annotated ``StepContext``, also an optional one, gets it."""
    action = dag(marked, writes=["placed", "perhaps"])
    assert needs(action)["context"] == ("context", True, "")
    assert needs(action)["here"] == ("context", False, "")
    found = run(action, {"question": "Why"}, {"tone": "?"}).result
    assert found == {"placed": f"Why ??, please @{CONTEXT.sequence}", "perhaps": "Why ??, please in a step"}


def test_needs_know_types_without_marks() -> None:
    """The type is the one that Hamilton has settled on."""
    (need,) = dag(typed, writes=["of_marked"]).needs()
    assert need == Need("marked", "input", True, list[str])


# -- functions ------------------------------------------------------------------------------------------


def test_functions_work_in_place_of_modules() -> None:
    """Also local ones, closures among them; their defaults by keyword stay."""
    extra = 5

    def base(x: int, *, more: int = 1) -> int:
        return x + extra + more

    def twice(base: int) -> int:
        return base * 2

    assert dag(base, twice, writes=["twice"])(State(x=1))[0] == {"twice": 14}


def test_functions_of_a_module_that_nobody_can_import() -> None:
    """A notebook or an exec has functions whose module is not in ``sys.modules``; nothing is left there."""

    def lonely(x: int) -> int:
        return x + 1

    lonely.__module__ = "no_such_module"
    assert dag(lonely, writes=["lonely"])(State(x=1))[0] == {"lonely": 2}
    assert "no_such_module" not in sys.modules


def test_modules_and_functions_mix() -> None:
    """A function of one's own may use the nodes of a module."""

    def final(text: str) -> str:
        return text + "!"

    assert dag(chain, final, writes=["final"])(State(number=1, offset=0))[0] == {"final": "= 2!"}


def test_only_the_functions_given_become_nodes() -> None:
    """Their neighbours in the module do not."""
    action = dag(chain.plus, writes=["plus"])
    assert list(needs(action)) == ["doubled", "offset"]


def test_functions_keep_their_names_when_a_config_has_chosen_between_them() -> None:
    """Hamilton renames the function that it takes; it can be given again, to another action too."""
    both = (configured.result__fast, configured.result__slow)
    fast = dag(*both, writes=["result"], config={"engine": "fast"})
    assert fast.name == "result"
    assert fast(State(number=1))[0] == {"result": "fast 1"}
    slow = dag(*both, writes=["result"], config={"engine": "slow"})
    assert slow(State(number=1, patience=2))[0] == {"result": "slow 1 2"}
    assert dag(*both, writes=["result"], config={"engine": "fast"}).findings() == []
    assert fast.name == "result"


# -- names, copies ----------------------------------------------------------------------------------------


def test_the_name_is_that_of_the_first_part() -> None:
    """The last segment of a module's name, a function's name, or what is given; also from a driver's modules."""
    assert dag(chain, writes=["text"]).name == "chain"
    assert dag(chain.plus, writes=["plus"]).name == "plus"
    assert dag(chain, writes=["text"], name="numbers").name == "numbers"
    assert dag(driver=dag(diamond, writes=["join"]).driver, writes=["join"]).name == "diamond"
    assert dag(chain, writes=["text"]).with_name("other").name == "other"
    assert dag(writes=["text"]).name == "dag"


def test_bind_copies_and_shares_the_driver() -> None:
    """The original keeps its needs, and the DAG is built once for both."""
    action = dag(chain, writes=["text"])
    bound = action.bind(offset=1)
    assert list(needs(bound)) == ["number"]
    assert len(needs(action)) == 2
    assert bound(State(number=1))[0] == {"text": "= 3"}
    assert bound.driver is action.driver
    assert bound.bind(offset=2)(State(number=1))[0] == {"text": "= 4"}


def test_what_every_action_has() -> None:
    """Tags, retry, timeout and thread are kept."""
    retry = Retry(attempts=2)
    action = dag(chain, writes=["text"], tags=["a"], retry=retry, timeout=1.5, thread=False)
    assert (action.tags, action.retry, action.timeout, action.thread) == (("a",), retry, 1.5, False)
    assert "chain" in repr(action)
    assert action.body == action.call


def test_the_driver_is_hamiltons() -> None:
    """Everything that it offers still works."""
    action = dag(chain, writes=["text"])
    assert action.driver.execute(["doubled"], inputs={"number": 4}) == {"doubled": 8}
    assert {variable.name for variable in action.driver.what_is_upstream_of("doubled")} == {"doubled", "number"}


def test_the_driver_takes_marked_inputs() -> None:
    """On its own, Hamilton refuses a list for ``Input[list[str]]``."""
    assert dag(typed, writes=["of_marked"]).driver.execute(["of_marked"], inputs={"marked": ["a"]})


def test_a_driver_that_exists_is_used() -> None:
    """With the config that it has."""
    from hamilton import driver

    built = driver.Builder().with_modules(chain).with_config({"offset": 3}).build()
    action = dag(driver=built, writes=["text"])
    assert action.driver is built
    assert action(State(number=1))[0] == {"text": "= 5"}


def test_annotations_are_those_of_all_nodes() -> None:
    """Inputs among them; none where nothing can be built."""
    assert set(dag(chain, writes=["text"]).annotations()) == {int, str}
    assert list(dag(writes=["text"]).annotations()) == []


def test_a_driver_of_the_old_kind_is_used() -> None:
    """Its result builder, which would make a frame of everything, has no say."""
    from hamilton.driver import Driver

    assert dag(driver=Driver({"offset": 3}, chain), writes=["text"])(State(number=1))[0] == {"text": "= 5"}


def test_a_driver_is_built_once_by_many_threads() -> None:
    """Whoever needs it first builds it; the others wait."""
    action, found = dag(chain, writes=["text"]), []
    barrier = threading.Barrier(8)

    def build() -> None:
        barrier.wait()
        found.append(action.driver)

    threads = [threading.Thread(target=build) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(built) for built in found}) == 1


def test_importing_and_declaring_import_no_hamilton() -> None:
    """They are imported when the action is first needed."""
    program = (
        "import sys, types\n"
        "from stateflow.dag_action import HamiltonRecorder, dag\n"
        "def node(x: int) -> int: return x\n"
        "action = dag(node, writes=['node']).bind(x=1).with_name('n')\n"
        "action.name, action.writes, action.is_streaming, repr(action)\n"
        "heavy = {'hamilton', 'pandas', 'numpy', 'networkx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert action.findings() == [] and 'hamilton' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_broken_installation_is_said_with_its_repair() -> None:
    """An upgrade in place from 1.89 deletes files of Hamilton's."""
    program = (
        "import sys\n"
        "sys.modules['hamilton.driver'] = None\n"
        "from stateflow.dag_action import dag\n"
        "def node(x: int) -> int: return x\n"
        "action = dag(node, writes=['node'])\n"
        "(finding,) = action.findings()\n"
        "assert 'pip install --force-reinstall --no-deps apache-hamilton' in finding, finding\n"
        "assert action.needs() == () and action.dataflow().nodes == () and not action.is_async\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


# -- what is written ------------------------------------------------------------------------------------


def test_the_result_is_what_is_written() -> None:
    """By state key, as the coarse action that it replaces would return it."""
    action = dag(chain, writes={"reply": "text", "sum": "plus"}, appends={"log": "doubled"})
    ran = run(action, {"number": 1, "offset": 2, "log": [0]})
    assert ran.result == {"reply": "= 4", "sum": 4, "log": 2}
    assert ran.state == {"number": 1, "offset": 2, "reply": "= 4", "sum": 4, "log": [0, 2]}
    assert (set(action.writes), action.appends) == ({"reply", "sum", "log"}, ("log",))


def test_several_nodes_are_appended_in_order() -> None:
    """One key may take the values of many nodes."""
    ran = run(dag(diamond, appends={"log": ["right", "left"]}), {"seed": 0})
    assert (ran.result, ran.state["log"]) == ({"log": [100, 10]}, [100, 10])


def test_lists_are_extended() -> None:
    """By the items of one node or of several."""
    ran = run(dag(diamond, extends={"all": ["join", "join"]}), {"seed": 0, "all": [7]})
    assert ran.state["all"] == [7, 10, 100, 1, 10, 100, 1]
    assert run(dag(diamond, extends={"all": "join"}), {"seed": 0}).result == {"all": [10, 100, 1]}


@pytest.mark.parametrize("node", ["text", "plus"])
def test_extending_by_what_is_no_list_is_an_error(node: str) -> None:
    """A text would be taken apart into letters."""
    with pytest.raises(ActionError, match="use appends"):
        run(dag(chain, extends={"all": node}), {"number": 1, "offset": 1})


# -- being called -----------------------------------------------------------------------------------------


def test_an_action_is_callable_as_a_function() -> None:
    """On a plain state, with inputs, resources and the context by name."""
    result, state = dag(marked, writes=["placed"])(State(question="Why"), tone="?", context=CONTEXT)
    assert result == {"placed": "Why ??, please @7"}
    assert state["placed"] == "Why ??, please @7"
    assert dag(chain, writes=["text"])(State(number=1), offset=2)[0] == {"text": "= 4"}


def test_unknown_and_missing_arguments_of_such_a_call() -> None:
    """All of them are named."""
    with pytest.raises(InputError, match="takes no argument 'ofset'; did you mean 'offset'"):
        dag(chain, writes=["text"])(State(number=1), ofset=2)
    with pytest.raises(InputError, match="needs 'offset', which was not given"):
        dag(chain, writes=["text"])(State(number=1))
    with pytest.raises(InputError, match="action 'chain' needs 'number', 'offset', which were not given"):
        dag(chain, writes=["text"])(State())
    with pytest.raises(InputError, match="needs 'tone', 'question', which were not given"):
        dag(marked, writes=["polite"])(State())


def test_a_wrong_type_is_the_callers_fault_for_an_input() -> None:
    """The message has the input, the node, what it wants and what it got."""
    with pytest.raises(InputError, match="input 'number' must be int for node 'doubled', not str"):
        run(dag(chain, writes=["doubled"], inputs=["number"]), inputs={"number": "3"})


def test_a_wrong_type_in_the_state_is_not() -> None:
    """It is an error of the action, which names the state key."""
    with pytest.raises(ActionError, match="'count' must be int for node 'doubled', not str"):
        run(dag(chain, writes=["doubled"], reads={"number": "count"}), {"count": "3"})


def test_an_adapter_that_checks_inputs_decides() -> None:
    """Strict or lenient, it takes the place of our check."""
    from hamilton.lifecycle.base import BaseDoValidateInput

    class Odd(BaseDoValidateInput):  # type: ignore[misc]  # Hamilton ships no types
        def do_validate_input(self, *, node_type: type, input_value: Any) -> bool:
            return bool(input_value == "3")

    action = dag(chain, writes=["doubled"], adapters=[Odd()])
    assert run(action, {"number": "3"}).result == {"doubled": "33"}
    with pytest.raises(ActionError, match="must be int"):
        run(action, {"number": "4"})


def test_exceptions_of_nodes_pass_through_unchanged() -> None:
    """The very object that the node raised."""
    error = LookupError("no such thing")

    def breaks(x: int) -> int:
        raise error

    with pytest.raises(LookupError) as caught:
        dag(breaks, writes=["breaks"])(State(x=1))
    assert caught.value is error


def test_calling_a_broken_action_raises_its_findings() -> None:
    """All of them, as a build would."""
    with pytest.raises(GraphError, match="no node 'txt'"):
        dag(chain, writes=["txt"])(State(number=1))
    with pytest.raises(GraphError, match="no modules"):
        _ = dag(writes=["text"]).driver


def test_a_config_may_replace_a_node() -> None:
    """As in Hamilton, where the config is looked at first."""
    assert dag(overlapping, writes=["after_plain"], config={"plain": 5})(State())[0] == {"after_plain": 6}


def test_input_marks_work_on_functions() -> None:
    """With a default, the caller may leave it out."""

    def asked(question: Input[str], tone: Input[str] = "plain") -> str:
        return f"{question} {tone}"

    def seen(asked: str, context: StepContext) -> str:
        return f"{asked} {context.action}"

    assert run(dag(asked, seen, writes=["seen"]), inputs={"question": "Why"}).result == {"seen": "Why plain dag"}
