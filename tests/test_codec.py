"""A value comes back as what it was, or is refused with a sentence that says why and what to do."""

from __future__ import annotations

import collections
import dataclasses
import enum
import json
import math
import os
import subprocess
import sys
import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    TypedDict,
    TypeVar,
)
from uuid import UUID, uuid4

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, RootModel, SecretStr, create_model
from pydantic.dataclasses import dataclass as pydantic_dataclass

from stateflow.codec import Codec, types_in
from stateflow.errors import CorruptRecordError, GraphError, StateflowError, StoreError, UnserializableStateError

if TYPE_CHECKING:
    from fractions import Fraction

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "r"
    GREEN = (1, 2)
    ROUGE = "r"  # noqa: PIE796  an alias


class Level(enum.IntEnum):
    LOW = 1


class Name(enum.StrEnum):
    A = "a"


class Access(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()


class Point(NamedTuple):
    x: Any
    y: Any = 0


@dataclass(frozen=True)
class Passage:
    text: str
    score: float = 0.0
    tags: Any = ()


@dataclass(slots=True)
class Slotted:
    value: Any
    later: int = field(init=False, repr=False, compare=False)


@dataclass
class Prepared:
    """Would double its value again if it were made through ``__init__``."""

    value: int
    factor: InitVar[int] = 2
    shared: ClassVar[int] = 1

    def __post_init__(self, factor: int) -> None:
        self.value *= factor

    @cached_property
    def expensive(self) -> int:
        return self.value + 1


class Line(BaseModel):
    point: Any
    label: str = Field(default="", alias="name")


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow")
    n: int
    _private: Any = PrivateAttr(default=None)


class Numbers(RootModel[list[int]]):
    pass


@pydantic_dataclass
class Checked:
    n: int


CLASSES = (Colour, Level, Name, Access, Point, Passage, Slotted, Prepared, Line, Loose, Numbers, Checked)


@pytest.fixture
def codec() -> Codec:
    return Codec(CLASSES)


def same(one: Any, other: Any) -> bool:  # noqa: PLR0911, PLR0912  a table of types
    """Whether two values are equal in value, type, order of keys, sign of zero and fold, all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, enum.Enum):
        return one is other
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    if isinstance(one, complex):
        return same(one.real, other.real) and same(one.imag, other.imag)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, set | frozenset):
        return len(one) == len(other) and all(any(same(a, b) for b in other) for a in one)
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, datetime | time):
        zones = same(one.tzinfo, other.tzinfo)
        return zones and one.replace(tzinfo=None) == other.replace(tzinfo=None) and one.fold == other.fold
    if isinstance(one, zoneinfo.ZoneInfo):
        return bool(one.key == other.key)
    if isinstance(one, tzinfo):
        return repr(one) == repr(other)
    if isinstance(one, Decimal):
        return bool(one.as_tuple() == other.as_tuple())
    if isinstance(one, BaseModel):
        parts = ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
        return all(same(getattr(one, part), getattr(other, part)) for part in parts)
    if dataclasses.is_dataclass(one):
        return all(same(getattr(one, f.name, None), getattr(other, f.name, None)) for f in dataclasses.fields(one))
    return bool(one == other)


# -- round trips ----------------------------------------------------------------------------------

any_text = st.text(st.characters())  # lone surrogates too
offsets = st.timedeltas(timedelta(hours=-23, minutes=-59), timedelta(hours=23, minutes=59))
zones = st.one_of(
    st.none(),
    st.just(UTC),
    offsets.map(timezone),
    st.builds(timezone, offsets, any_text),
    st.sampled_from(["Europe/Berlin", "America/New_York", "UTC", "Asia/Kathmandu", "Etc/GMT+5"]).map(zoneinfo.ZoneInfo),
)
folds = st.sampled_from([0, 1])
moments = st.builds(lambda at, zone, fold: at.replace(tzinfo=zone, fold=fold), st.datetimes(), zones, folds)
times = st.builds(lambda at, zone, fold: at.replace(tzinfo=zone, fold=fold), st.times(), zones, folds)
hashable = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(-2, 2).map(lambda near: 10**4300 + near),
        st.floats(),
        any_text,
        st.text("$ab"),
        st.binary(),
        st.dates(),
        moments,
        times,
        st.timedeltas(),
        st.decimals().filter(lambda number: not number.is_snan()),  # has no hash
        st.uuids(),
        st.complex_numbers(),
        st.sampled_from([*Colour, *Level, *Name, Access.READ, Access.READ | Access.WRITE, Access(0)]),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, inner), st.frozensets(inner, max_size=3), inner.map(Point), any_text.map(Passage)
    ),
    max_leaves=4,
)
values = st.recursive(
    hashable,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(st.text("$ab", max_size=3), any_text), inner, max_size=4),
        st.dictionaries(hashable, inner, max_size=3),
        st.sets(hashable, max_size=3),
        st.tuples(any_text, st.floats(), inner).map(lambda parts: Passage(*parts)),
        inner.map(Slotted),
        st.tuples(inner, inner).map(Point._make),
        inner.map(lambda point: Line(point=point)),
        st.builds(lambda n, extra: Loose.model_validate({"n": n, "extra": extra}), st.integers(), inner),
        st.lists(st.integers(), max_size=2).map(Numbers),
        st.integers().map(Checked),
    ),
    max_leaves=12,
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner) | st.dictionaries(any_text | st.text("$ab", max_size=2), inner),
)


class TestRoundTrip:
    @given(values)
    @example("\ud83d\ude00")
    @example({"$tuple": [1]})
    @example({"a": 1, "$tuple": [1]})
    @example({"$": {"$dict": [[1, 2]]}})
    @example({1: "int", "1": "str", False: "bool"})
    @example({1.0: 0, None: 1, (1, "a"): 2, frozenset({1}): 3, b"": 4})
    @example([-0.0, 0.0, math.nan, math.inf, -math.inf, 5e-324, 1e308])
    @example([10**4299, 10**4300, -(10**4300), 2**64])
    @example(Decimal("sNaN123"))
    @example([Decimal("-0.00"), Decimal("1E+1000")])
    def test_every_supported_value_comes_back_with_its_type(self, value: Any) -> None:
        codec = Codec(CLASSES)
        assert same(codec.decode(codec.encode(value)), value)

    @given(values)
    def test_json_data_comes_back_through_any_json_program(self, value: Any) -> None:
        codec = Codec(CLASSES)
        text = json.dumps(codec.to_json(value), allow_nan=False)
        assert same(codec.from_json(json.loads(text)), value)

    @given(plain)
    def test_plain_values_come_back(self, value: Any) -> None:
        assert same(Codec().decode(Codec().encode(value)), value)

    @given(values)
    def test_an_encoding_is_canonical(self, value: Any) -> None:
        codec = Codec(CLASSES)
        encoded = codec.encode(value)
        assert codec.encode(codec.decode(encoded)) == encoded
        assert codec.encode([value, (1,)]) == b"[" + encoded + b',{"$tuple":[1]}]'
        assert codec.encode({"k": value, "t": (1,)}) == b'{"k":' + encoded + b',"t":{"$tuple":[1]}}'

    def test_plain_json_is_stored_as_it_stands(self) -> None:
        assert Codec().encode({"a": [1, "ü", None, True, 1.5]}) == '{"a":[1,"ü",null,true,1.5]}'.encode()

    def test_a_value_is_never_shared(self) -> None:
        value = {"a": [1]}
        assert Codec().to_json(value)["a"] is not value["a"]

    def test_an_encoding_does_not_depend_on_the_hash_seed(self) -> None:
        script = (
            "from stateflow.codec import Codec; import sys;"
            "value = {'s': {'a', 'b', 'c', 1, None}, 'f': frozenset(map(str, range(50)))};"
            "sys.stdout.buffer.write(Codec().encode(value))"
        )
        found = {
            subprocess.run(
                [sys.executable, "-c", script],
                capture_output=True,
                check=True,
                env={**os.environ, "PYTHONHASHSEED": seed},
            ).stdout
            for seed in ("0", "1", "2")
        }
        assert len(found) == 1


class TestClasses:
    def test_a_dataclass_is_not_made_through_its_init(self, codec: Codec) -> None:
        value = Prepared(1)
        assert (value.value, value.expensive) == (2, 3)
        back = codec.decode(codec.encode(value))
        assert (type(back), back.value, back.expensive) == (Prepared, 2, 3)

    def test_a_field_that_was_never_set_stays_unset(self, codec: Codec) -> None:
        back = codec.decode(codec.encode(Slotted(1)))
        assert not hasattr(back, "later")
        back.later = 2
        assert codec.decode(codec.encode(back)).later == 2

    def test_an_attribute_that_is_no_field_is_refused(self, codec: Codec) -> None:
        value = Prepared(1)
        value.cache = {}  # type: ignore[attr-defined]
        with pytest.raises(
            UnserializableStateError, match=r"\['p'\] is a .*Prepared with the attribute 'cache', which i"
        ):
            codec.encode({"p": value}, "state")

    def test_a_model_keeps_its_given_fields_its_extras_and_its_private_values(self, codec: Codec) -> None:
        value = Loose.model_construct(n="not an int", other=(1, 2))
        value._private = {1, 2}
        back = codec.decode(codec.encode(value))
        assert back == value
        assert (type(back), back.other, back._private) == (Loose, (1, 2), {1, 2})
        assert back.model_fields_set == value.model_fields_set
        line = codec.decode(codec.encode(Line(point=1)))
        assert line.model_fields_set == {"point"}
        assert line == Line(point=1)

    def test_an_alias_of_an_enum_is_its_member(self, codec: Codec) -> None:
        assert codec.decode(codec.encode(Colour.ROUGE)) is Colour.RED

    def test_a_type_that_is_not_registered_is_named_on_reading(self, codec: Codec) -> None:
        encoded = codec.encode({"p": Passage("x")})
        with pytest.raises(
            StoreError,
            match=rf"'{__name__}.Passage' is not registered here; .* with_types\(Passage\), .*\.register\(Passage\)$",
        ) as c:
            Codec().decode(encoded)
        assert not isinstance(c.value, CorruptRecordError)

    def test_a_class_that_was_defined_again_takes_the_name(self) -> None:
        def define() -> Any:
            @dataclass
            class Cell:
                n: int

            return Cell

        old, new = define(), define()
        codec = Codec([old])
        encoded = codec.encode(old(1))
        codec.register(new)
        assert type(codec.decode(encoded)) is new
        with pytest.raises(UnserializableStateError, match="the codec does not know"):
            codec.encode(old(1))

    @pytest.mark.parametrize(
        "cls", [int, dict, object, SecretStr, enum.Enum, ValueError, collections.OrderedDict, "Passage"]
    )
    def test_what_cannot_be_registered_is_refused(self, cls: Any) -> None:
        with pytest.raises(GraphError, match="cannot register"):
            Codec([cls])

    def test_a_subclass_of_a_builtin_is_not_registered_as_a_dataclass(self) -> None:
        @dataclass
        class Odd(dict):  # type: ignore[type-arg]
            n: int = 0

        with pytest.raises(GraphError):
            Codec([Odd])


class TestChangedClasses:
    """A class of today reads what a class of yesterday stored, or says what is in the way."""

    @pytest.mark.parametrize("kind", ["dataclass", "model", "tuple"])
    def test_a_new_field_takes_its_default(self, kind: str) -> None:
        old, new = _versions(kind, {"a": int}, {"a": int, "b": (list[int], [7])})
        back = Codec([new]).decode(Codec([old]).encode(old(a=1)))
        assert (type(back), back.a, back.b) == (new, 1, [7])

    @pytest.mark.parametrize("kind", ["dataclass", "model", "tuple"])
    def test_a_new_field_without_default_is_an_error(self, kind: str) -> None:
        old, new = _versions(kind, {"a": int}, {"a": int, "b": int})
        with pytest.raises(StoreError, match=r"Thing has changed .*: new fields \['b'\] have no default"):
            Codec([new]).decode(Codec([old]).encode(old(a=1)))

    @pytest.mark.parametrize("kind", ["dataclass", "model", "tuple"])
    def test_a_renamed_field_is_an_error_and_never_lost(self, kind: str) -> None:
        old, new = _versions(kind, {"a": int}, {"b": (int, 0)})
        with pytest.raises(StoreError, match=r"Thing has changed .*: stored fields \['a'\] are gone"):
            Codec([new]).decode(Codec([old]).encode(old(a=1)))

    def test_a_lost_member_is_an_error(self) -> None:
        old, new = _versions("enum", {"A": 1, "B": 2}, {"A": 1, "C": 3})
        with pytest.raises(StoreError, match=r"the stored 'B' is not a member of .*Thing; it has \['A', 'C'\]"):
            Codec([new]).decode(Codec([old]).encode(old["B"]))

    def test_a_dataclass_with_a_factory_makes_a_default_each_time(self) -> None:
        old, new = _versions("dataclass", {"a": int}, {"a": int, "b": (list[int], [7])})
        encoded, codec = Codec([old]).encode(old(a=1)), Codec([new])
        assert codec.decode(encoded).b is not codec.decode(encoded).b


def _versions(kind: str, *versions: dict[str, Any]) -> list[Any]:
    made: list[Any] = []
    for fields in versions:
        if kind == "enum":
            made.append(enum.Enum("Thing", fields, module=__name__))
            continue
        given = {name: spec if isinstance(spec, tuple) else (spec, ...) for name, spec in fields.items()}
        if kind == "model":
            made.append(create_model("Thing", __module__=__name__, **given))  # type: ignore[call-overload]
        elif kind == "tuple":
            defaults = [default for _, default in given.values() if default is not ...]
            made.append(collections.namedtuple("Thing", given, defaults=defaults, module=__name__))  # noqa: PYI024
        else:
            specs = [
                (name, hint) if default is ... else (name, hint, _factory(default))
                for name, (hint, default) in given.items()
            ]
            made.append(dataclasses.make_dataclass("Thing", specs, namespace={"__module__": __name__}))
            made[-1].__module__ = __name__
    return made


def _factory(default: Any) -> Any:
    return field(default_factory=lambda: [*default]) if isinstance(default, list) else field(default=default)


class Text(str):
    __slots__ = ()


class Stamp(datetime):
    pass


class Thin(tzinfo):
    def utcoffset(self, _: datetime | None) -> timedelta:
        return timedelta(0)

    def dst(self, _: datetime | None) -> None: ...

    def tzname(self, _: datetime | None) -> str:
        return "thin"


def _loop() -> Any:
    loop: dict[str, Any] = {}
    loop["b"] = [loop]
    return loop


def _deep() -> Any:
    deep: Any = 1
    for _ in range(150):
        deep = {"d": deep}
    return deep


class TestRefusals:
    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (
                {"a": [0, 1, 2, Passage("x", tags=object())]},
                "state['a'][3].tags is of type object, which cannot be stored",
            ),
            ({"a": Line(point=object())}, "state['a'].point is of type object"),
            ({"a": Point(1, object())}, "state['a'].y is of type object"),
            ({1: {(1, 2): object()}}, "state[1][(1, 2)] is of type object"),
            ({"k" * 100: object()}, f"state['{'k' * 12}...{'k' * 13}'] is of type object"),
            (
                {"a": collections.OrderedDict()},
                "is of type collections.OrderedDict, which would come back as a plain dict; ",
            ),
            ({"a": collections.defaultdict(int)}, "store dict(...) of it"),
            (
                {"a": Text("x")},
                f"is of type {__name__}.Text, which would come back as a plain str; store str(...) of it",
            ),
            ({"a": Stamp(2020, 1, 1)}, "would come back as a plain datetime"),
            ({"a": Level.LOW}, "give the builder the class: with_types(Level)"),
            ({"a": bytearray()}, "is of type bytearray, which cannot be stored"),
            ({"a": range(3)}, "is of type range"),
            ({"a": datetime(2020, 1, 1, tzinfo=Thin())}, "has a time zone of type"),
            ({"a": SecretStr("s")}, "and secrets are never stored in state; give it as a resource or as context="),
            ({"a": np.int64(3)}, "state['a'] is of type numpy.int64, which cannot be stored; store int(...) of it"),
            ({"a": np.bool_(1)}, "which cannot be stored; store bool(...) of it"),
            ({"a": np.float32(1)}, "which cannot be stored; store float(...) of it"),
            ({"a": np.zeros(2)}, "is of type numpy.ndarray, which cannot be stored; store .tolist() of it"),
            ({"a": np.complex64(1)}, "which cannot be stored; store .item() of it"),
            ({"a": pd.Timestamp(2020, 1, 1)}, "which cannot be stored; store .to_pydatetime() of it"),
            ({"a": pd.NaT}, "which cannot be stored; store None for it"),
            ({"a": len}, "is of type builtin_function_or_method"),
            (_loop(), "state['b'][0] contains itself"),
            (_deep(), "lies more than 100 levels deep"),
            ({"a": (_loop(),)}, "contains itself"),
            ({"a": {1: _deep()}}, "lies more than 100 levels deep"),
        ],
    )
    def test_a_refusal_names_the_place_the_type_and_the_remedy(self, value: Any, message: str) -> None:
        with pytest.raises(UnserializableStateError) as caught:
            Codec([Passage, Line, Point]).encode(value, "state")
        assert message in str(caught.value)

    def test_a_value_without_a_path_is_the_value(self) -> None:
        with pytest.raises(UnserializableStateError, match=r"^the value is of type object"):
            Codec().encode(object())

    def test_depth_is_an_error_also_near_the_end_of_the_stack(self) -> None:
        def down(levels: int) -> None:
            if levels:
                down(levels - 1)
            else:
                Codec().encode({"a": (_nested(90),)}, "state")

        with pytest.raises(UnserializableStateError, match="state is nested too deeply"):
            down(sys.getrecursionlimit() - len(_frames()) - 60)

    def test_a_value_that_branches_is_looked_at_once(self) -> None:
        shared: Any = [1]
        for _ in range(90):
            shared = [shared, shared]
        from stateflow.codec.plain import _is_plain

        assert _is_plain(shared)

    def test_a_hundred_levels_of_every_container_come_back(self) -> None:
        for wrap in (
            lambda v: [v],
            lambda v: (v,),
            lambda v: {"k": v},
            lambda v: {1: v},
            lambda v: Passage("", tags=v),
        ):
            value: Any = 1
            for _ in range(99):
                value = wrap(value)
            codec = Codec([Passage])
            assert codec.decode(codec.encode(value)) == value

    def test_what_is_not_json_is_no_json_data(self) -> None:
        for data in (object(), math.nan, "\ud800", _deep_json()):
            with pytest.raises(CorruptRecordError, match=r"this is not JSON data|cannot be read back"):
                Codec().from_json(data)

    def test_a_stand_in_takes_the_place_of_what_is_refused(self) -> None:
        encoded = Codec().encode({"a": (1, object())}, stand_in=lambda value: type(value).__name__)
        assert Codec().decode(encoded) == {"a": (1, "object")}


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = (value,)
    return value


def _frames() -> list[Any]:
    found: list[Any] = [sys._getframe()]
    while (frame := found[-1].f_back) is not None:
        found.append(frame)
    return found


def _deep_json() -> Any:
    value: Any = 1
    for _ in range(5_000):
        value = [value]
    return value


# -- damage -----------------------------------------------------------------------------------------

DAMAGE = [
    b"",
    b"{",
    b"nul",
    b"NaN",
    b"[Infinity]",
    b"\xff",
    b"\xed\xa0\x80",
    b'{"$nope":1}',
    b'{"$tuple":1}',
    b'{"$tuple":"ab"}',
    b'{"$tuple":[],"b":1}',
    b'{"$set":[[]]}',
    b'{"$set":{"a":1}}',
    b'{"$dict":[[1]]}',
    b'{"$dict":["ab"]}',
    b'{"$dict":[[[],1]]}',
    b'{"$dict":{"a":1}}',
    b'{"$bytes":"a"}',
    b'{"$bytes":"\xc3\xbc"}',
    b'{"$str":"/w=="}',
    b'{"$int":"zz"}',
    b'{"$int":1}',
    b'{"$float":"1.5"}',
    b'{"$float":[]}',
    b'{"$complex":[1,2]}',
    b'{"$complex":["a"]}',
    b'{"$date":1}',
    b'{"$date":"2020-13-01"}',
    b'{"$datetime":["2020-01-01T00:00:00",2]}',
    b'{"$datetime":["2020-01-01T00:00:00",0,"../../etc/passwd"]}',
    b'{"$datetime":["2020-01-01T00:00:00",0,"os"]}',
    b'{"$datetime":["2020-01-01T00:00:00",0,"antigravity/this"]}',
    b'{"$datetime":["2020-01-01T00:00:00",0,[99999999999999]]}',
    b'{"$time":["25:00",0]}',
    b'{"$timedelta":[1e400,0,0]}',
    b'{"$timedelta":["1"]}',
    b'{"$decimal":1}',
    b'{"$decimal":"x"}',
    b'{"$uuid":"x"}',
    b'{"$uuid":1}',
    b'{"$type":["os.system","x"]}',
    b'{"$type":[["a"],"x"]}',
    b'{"$type":"ab"}',
    b'{"$type":["%b.Passage",[]]}' % __name__.encode(),
    b'{"$type":["%b.Line",{}]}' % __name__.encode(),
    b'{"$type":["%b.Line",[{},null,null]]}' % __name__.encode(),
    b'{"$type":["%b.Line",[{"point":1},[[]],null,null]]}' % __name__.encode(),
    b'{"$type":["%b.Access",99]}' % __name__.encode(),
    b'{"$type":["%b.Access","x"]}' % __name__.encode(),
    b'{"$type":["%b.Colour",[]]}' % __name__.encode(),
    b'{"$set":[{"$type":["%b.Slotted",{"value":1}]}]}' % __name__.encode(),
    b"[" * 100_000,
    b'{"$tuple":[' * 100_000,
    b"1" * 10_000,
]
fragments = st.sampled_from(
    [b'{"$', b'":', b"[", b"]", b"{", b"}", b",", b'"', b"1", b"null", b"Europe/Berlin", *DAMAGE[7:54]]
)
tags = st.sampled_from(
    [f"${name}" for name in ("bytes", "complex", "date", "datetime", "decimal", "dict", "float", "frozenset", "int")]
)
more_tags = st.sampled_from(
    [f"${name}" for name in ("set", "str", "time", "timedelta", "tuple", "uuid", "type", "other")]
)
data = st.recursive(
    st.none()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.text("0123456789-:T/a"),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | tags, inner)
        | st.dictionaries(tags | more_tags, inner, max_size=1)
    ),
)

_done: list[str] = []
_decoding = False


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _decoding and event in ("import", "exec", "compile", "pickle.find_class", "os.system", "subprocess.Popen"):
        _done.append(f"{event} {arguments}")


@pytest.fixture(scope="module")
def audited() -> None:
    """Look at what decoding imports or runs. Zones have been listed before, which imports ``tzdata``."""
    with pytest.raises(StoreError):
        Codec().decode(b'{"$datetime":["2020-01-01T00:00:00",0,"No/Where"]}')
    sys.addaudithook(_audit)  # for good: an audit hook cannot be taken away


def _decode(encoded: bytes) -> None:
    global _decoding  # noqa: PLW0603  see above
    codec = Codec(CLASSES)
    _decoding = True
    try:
        codec.decode(encoded)
    except StateflowError:
        pass
    finally:
        _decoding = False
    assert _done == []


class TestDamage:
    @pytest.mark.parametrize("encoded", DAMAGE, ids=lambda encoded: repr(encoded[:40]))
    def test_damage_is_an_error_of_ours(self, codec: Codec, encoded: bytes) -> None:
        with pytest.raises(StoreError):
            codec.decode(encoded)

    def test_damage_is_told_from_what_is_only_unknown(self, codec: Codec) -> None:
        with pytest.raises(CorruptRecordError):
            codec.decode(b'{"$tuple":1}')
        for encoded in (b'{"$type":["os.system","x"]}', b'{"$datetime":["2020-01-01T00:00:00",0,"Europe/Nowhere"]}'):
            with pytest.raises(
                StoreError, match=r"is not registered here|does not know the stored time zone"
            ) as caught:
                codec.decode(encoded)
            assert not isinstance(caught.value, CorruptRecordError)

    @pytest.mark.parametrize("encoded", [None, 5, "text", memoryview(b"1")[:0]])
    def test_what_is_no_bytes_is_damage(self, codec: Codec, encoded: Any) -> None:
        with pytest.raises(CorruptRecordError):
            codec.decode(encoded)

    def test_size_is_bounded(self, codec: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("stateflow.codec.codec.MAX_BYTES", 10)
        with pytest.raises(StoreError, match="a stored value has 11 bytes, more than the 10 that are read"):
            codec.decode(b'"aaaaaaaaa"')

    @given(st.binary() | st.lists(fragments).map(b"".join))
    @pytest.mark.usefixtures("audited")
    def test_any_bytes_give_a_value_or_an_error_of_ours_and_run_nothing(self, encoded: bytes) -> None:
        _decode(encoded)

    @given(data)
    @pytest.mark.usefixtures("audited")
    def test_any_json_gives_a_value_or_an_error_of_ours(self, data: Any) -> None:
        _decode(json.dumps(data).encode())

    @given(values, st.data())
    def test_a_changed_byte_gives_a_value_or_an_error_of_ours(self, value: Any, data: st.DataObject) -> None:
        encoded = bytearray(Codec(CLASSES).encode(value))
        place = data.draw(st.integers(0, len(encoded) - 1))
        encoded[place] = data.draw(st.integers(0, 255))
        _decode(bytes(encoded))


# -- which types an annotation names ----------------------------------------------------------------


@dataclass
class Leaf:
    n: int


@dataclass
class Branch:
    leaves: list[Leaf]
    colour: Optional[Colour]  # noqa: UP045
    own: Branch | None = None


@dataclass
class Torn:
    """One of its annotations cannot be resolved."""

    unknown: Fraction
    leaf: Leaf


class Model(BaseModel):
    branch: Branch


class Pair(NamedTuple):
    model: Model
    n: int = 0


class Extra(TypedDict):
    level: NotRequired[Level]


class Whole(Extra):
    pair: Pair


@dataclass
class Box(Generic[T]):
    content: T


Alias = NewType("Alias", Leaf)
Bound = TypeVar("Bound", bound=Leaf)
Chosen = TypeVar("Chosen", Leaf, Name)


class TestTypesIn:
    @pytest.mark.parametrize(
        ("annotation", "expected"),
        [
            (Leaf, {Leaf}),
            (list[Leaf], {Leaf}),
            (Leaf | None, {Leaf}),
            (Optional[dict[str, tuple[Leaf, ...]]], {Leaf}),  # noqa: UP045
            (Annotated[list[Leaf], "Name", Name], {Leaf}),
            (Iterator[Leaf], {Leaf}),
            (Callable[[Leaf], Name], {Leaf, Name}),
            (Literal[Name.A, "b"], {Name}),
            (Branch, {Branch, Leaf, Colour}),
            (Torn, {Torn, Leaf}),
            (Whole, {Pair, Model, Branch, Leaf, Colour, Level}),
            (Box[Leaf], {Box, Leaf}),
            (Alias, {Leaf}),
            (Bound, {Leaf}),
            (Chosen, {Leaf, Name}),
            (type[Leaf], {Leaf}),
            (int, set()),
            ("Leaf", set()),
            (None, set()),
            (Any, set()),
            (SecretStr, set()),
            ((Leaf, [Name]), {Leaf, Name}),
        ],
    )
    def test_classes_are_found(self, annotation: Any, expected: set[type]) -> None:
        assert set(types_in(annotation)) == expected

    def test_an_alias_of_a_later_python_is_looked_through(self) -> None:
        class Later:
            __value__ = list[Leaf]

        assert types_in(Later()) == (Leaf,)

    def test_registering_a_class_registers_what_its_fields_name(self) -> None:
        codec = Codec([Model])
        value = Model(branch=Branch([Leaf(1)], Colour.RED, Branch([], None)))
        assert codec.decode(codec.encode(value)) == value


def test_the_codec_imports_none_of_the_libraries_it_knows() -> None:
    script = (
        "import sys, stateflow.codec;"
        "print({'pydantic', 'numpy', 'pandas', 'hamilton'} & {name.partition('.')[0] for name in sys.modules})"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"


def test_uuids_and_paths(codec: Codec) -> None:
    assert type(codec.decode(codec.encode(uuid4()))) is UUID
    with pytest.raises(UnserializableStateError, match="which cannot be stored"):
        codec.encode(Path("x"))
