"""Typed state: a pydantic model, a dataclass or a TypedDict says which keys there are and what they hold."""

from __future__ import annotations

import dataclasses
import sys
from typing import Annotated, Any, NotRequired, Required, TypedDict

import annotated_types
import pandas as pd
import pydantic
import pytest

from stateflow import ActionError, ApplicationBuilder, GraphError, InputError, MissingKeyError, State, action
from stateflow.schema import ModelSchema

from tests.driving import Driver


class Chat(pydantic.BaseModel):
    prompt: str
    turns: int = 0
    tags: list[str] = pydantic.Field(default_factory=list)


@dataclasses.dataclass
class DataChat:
    prompt: str
    turns: int = 0
    tags: list[str] = dataclasses.field(default_factory=list)
    shown: str = dataclasses.field(init=False, default="")


class DictChat(TypedDict, total=False):
    prompt: Required[str]
    turns: int
    tags: NotRequired[list[str]]


MODELS = pytest.mark.parametrize("model", [Chat, DataChat, DictChat])


def writing(driver: Driver, *given: dict[str, Any], model: Any = Chat, **state: Any) -> Any:
    """An application whose n-th step writes the n-th of the given dicts."""
    left = list(given)
    writes = list(dict.fromkeys(key for values in given for key in values))

    @action(writes=writes)
    @driver.body
    def work(state: State) -> State:
        return state.update(**left.pop(0))

    builder = ApplicationBuilder().with_actions(work).with_transitions(("work", "work")).with_entrypoint("work")
    return driver.build(builder.with_typing(model).with_state(**state))


@MODELS
def test_written_values_are_coerced(driver: Driver, model: Any) -> None:
    """What fits after coercing is kept in the type of its field."""
    app = writing(driver, {"prompt": "hi", "turns": "3"}, model=model)
    assert driver.step(app).state.subset("prompt", "turns") == {"prompt": "hi", "turns": 3}


@MODELS
def test_a_value_that_does_not_fit_fails_the_step(driver: Driver, model: Any) -> None:
    """The error names action, model and field in one line; pydantic's own is its cause; the state stays."""
    app = writing(driver, {"prompt": "hi", "turns": "many"}, model=model)
    before = dict(app.state)
    with pytest.raises(ActionError, match="action 'work' wrote a value that does not fit") as caught:
        driver.step(app)
    assert str(caught.value).endswith(
        f"{model.__name__}: turns: Input should be a valid integer, unable to parse string as an integer"
    )
    assert isinstance(caught.value.__cause__, pydantic.ValidationError)
    assert (dict(app.state), app.sequence_id) == (before, None)


def test_the_place_in_a_value_is_named(driver: Driver) -> None:
    """Deep in a value the path leads there."""
    with pytest.raises(ActionError, match=r"Chat: tags\.1: Input should be a valid string"):
        driver.step(writing(driver, {"tags": ["a", 2]}))


def test_defaults_are_initial_values(driver: Driver) -> None:
    """Fields with a default are in the state from the start, with a value for each build; a TypedDict has none."""
    for model in (Chat, DataChat):
        one, two = (writing(driver, {"turns": 1}, model=model) for _ in range(2))
        assert one.state == {"turns": 0, "tags": []}
        assert one.state["tags"] is not two.state["tags"]
        assert one.initial_keys == ("turns", "tags")
    assert writing(driver, {"turns": 1}, model=DictChat).state == {}


def test_data_is_an_instance_of_the_model(driver: Driver) -> None:
    """Once every required field has a value, app.state.data is typed."""
    for model, kind in ((Chat, Chat), (DataChat, DataChat), (DictChat, dict)):
        app = writing(driver, {"prompt": "hi"}, model=model)
        with pytest.raises(InputError, match=rf"the state has no value yet for \['prompt'\] of {model.__name__}"):
            _ = app.state.data
        data = driver.step(app).state.data
        assert type(data) is kind
        assert (data if isinstance(data, dict) else vars(data))["prompt"] == "hi"


def test_data_needs_a_model() -> None:
    """A state without one says how to get one."""
    with pytest.raises(InputError, match=r"this state has no model; give the builder one: with_typing\(Model\)"):
        _ = State(a=1).data


def test_a_body_reads_typed_data(driver: Driver) -> None:
    """In a body data covers the declared reads, like everything there."""
    seen: list[Any] = []

    @action(reads=["prompt", "turns", "tags"], writes=["turns"])
    @driver.body
    def work(state: State) -> State:
        seen.append(state.data)
        return state.increment(turns=1)

    @action(reads=["turns"], writes=["turns"])
    @driver.body
    def less(state: State) -> State:
        return state.update(turns=state.data.turns)

    builder = ApplicationBuilder().with_typing(Chat).with_state(prompt="hi")
    app = driver.build(builder.with_actions(work, less).with_transitions(("work", "less")).with_entrypoint("work"))
    with pytest.raises(MissingKeyError, match=r"action 'less' touched 'prompt'.*reads=\['prompt', 'turns'\]"):
        driver.run(app)
    assert seen == [Chat(prompt="hi")]
    assert app.state["turns"] == 1


def test_appends_are_checked_as_a_whole(driver: Driver) -> None:
    """The list that an append leads to is held against its field."""

    @action(writes=["tags"])
    @driver.body
    def work(state: State) -> State:
        return state.append(tags=2)

    builder = ApplicationBuilder().with_actions(work).with_typing(Chat).with_entrypoint("work")
    with pytest.raises(ActionError, match=r"tags\.0: Input should be a valid string"):
        driver.run(driver.build(builder))


# -- validators of the model ---------------------------------------------------------------------------------------


class Range(pydantic.BaseModel):
    low: int
    high: int
    name: str = ""

    @pydantic.field_validator("name")
    @classmethod
    def _shouted(cls, value: str) -> str:
        return value.upper()

    @pydantic.model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


def test_model_validators_wait_for_the_required_fields(driver: Driver) -> None:
    """They run when all required fields have values, and what they make of a written value is kept."""
    app = writing(driver, {"name": "x"}, {"name": "y"}, model=Range)
    assert driver.step(app).state["name"] == "x"
    app.update_state(app.state.update(low=5))
    with pytest.raises(ActionError, match="does not fit Range: Value error, low is above high"):
        app.update_state(app.state.update(high=3))
    app.update_state(app.state.update(high=7))
    assert driver.step(app).state == {"low": 5, "high": 7, "name": "Y"}


# -- initial values and edits --------------------------------------------------------------------------------------


def test_edits_are_validated(driver: Driver) -> None:
    """An edit coerces or refuses like a step, and an unknown field names the nearest."""
    app = writing(driver, {"turns": 1}, prompt="hi")
    app.update_state(app.state.update(turns="4"))
    assert app.state["turns"] == 4
    with pytest.raises(ActionError, match="update_state wrote a value that does not fit Chat: turns"):
        app.update_state(app.state.update(turns="x"))
    with pytest.raises(
        ActionError, match=r"update_state wrote 'turn', which is not a field of Chat; did you mean 'turns'\?"
    ):
        app.update_state(app.state.update(turn=1))
    assert app.state == {"turns": 4, "tags": [], "prompt": "hi"}


# -- kinds of fields -----------------------------------------------------------------------------------------------


class Frames(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True, str_strip_whitespace=True)

    frame: pd.DataFrame | None = None
    inner: Chat | None = None
    whole: Chat = Chat(prompt="")
    short: Annotated[str, annotated_types.MaxLen(3)] = ""
    low: int = pydantic.Field(default=0, ge=0)
    renamed: str = pydantic.Field(default="", alias="reNamed")
    chosen: str = pydantic.Field(default="", validation_alias=pydantic.AliasChoices("a", "b"))


@dataclasses.dataclass
class DataFrames:
    frame: pd.DataFrame | None = None


def test_any_class_may_be_a_field(driver: Driver) -> None:
    """DataFrames and other models are held against their class."""
    frame = pd.DataFrame({"a": [1]})
    for model in (Frames, DataFrames):
        app = writing(driver, {"frame": frame}, {"frame": "no"}, model=model)
        assert driver.step(app).state.data.frame is frame
        with pytest.raises(ActionError, match=r"frame.*instance of DataFrame"):
            driver.step(app)


def test_settings_of_the_model_and_its_fields_count(driver: Driver) -> None:
    """Its config, constraints, nested models and aliases."""
    given = {"inner": {"prompt": "x"}, "whole": {"prompt": "y"}, "short": " ab "}
    app = writing(driver, given, {"short": "abcd"}, {"low": -1}, model=Frames)
    state = driver.step(app).state
    assert (state["inner"], state["whole"], state["short"]) == (Chat(prompt="x"), Chat(prompt="y"), "ab")
    for _ in range(2):
        with pytest.raises(ActionError, match=r"(short: String should have at most 3|low: Input should be greater)"):
            driver.step(app)
    app.update_state(app.state.update(renamed="r", chosen="c"))
    assert (app.state.data.renamed, app.state.data.chosen) == ("r", "c")


@pytest.mark.parametrize("wrong", [int, dict, 3, Chat(prompt="x"), DataChat("x")])
def test_what_is_no_model_is_refused(wrong: Any) -> None:
    """The three kinds are named."""
    with pytest.raises(GraphError, match="with_typing takes a pydantic model, a dataclass or a TypedDict, not"):
        ModelSchema(wrong)


def test_a_field_that_cannot_be_resolved_is_named() -> None:
    """An annotation without a meaning is a finding, not a NameError."""
    unknown = dataclasses.make_dataclass("Unknown", [("x", "Nowhere")])
    with pytest.raises(GraphError, match="with_typing cannot check the fields of Unknown: name 'Nowhere'"):
        ModelSchema(unknown)


def test_a_class_that_its_model_does_not_allow_is_named() -> None:
    """A pydantic model decides itself which classes it takes."""

    class Odd:
        pass

    hint: Any = Odd
    model = pydantic.create_model(
        "Model", __config__=pydantic.ConfigDict(arbitrary_types_allowed=True), x=(hint, ...), y=(int, 1)
    )
    assert ModelSchema(model).defaults == {"y": 1}
    model.model_config = pydantic.ConfigDict()
    with pytest.raises(GraphError, match=r"with_typing cannot check the fields of Model: .*Odd"):
        ModelSchema(model)


def test_pydantic_is_asked_for_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is the command that installs it."""
    monkeypatch.setitem(sys.modules, "pydantic", None)
    with pytest.raises(GraphError, match=r"pip install 'stateflow\[pydantic\]'"):
        ModelSchema(DataChat)
