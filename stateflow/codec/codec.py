"""The codec: a value to canonical bytes, and back to a value of the same types.

A value that JSON cannot hold becomes an object of one key that starts with ``$``. Nothing is imported or called
because stored bytes name it: a class is found only if it was registered.
"""

from __future__ import annotations

import json
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from stateflow.codec.annotations import types_in
from stateflow.codec.plain import DEPTH, dumps, loads, plain_bytes
from stateflow.codec.shapes import Shape, is_secret, shape_of, type_name
from stateflow.codec.values import JSON_TYPES, LEAVES, UNTAG, Refusal, text_data
from stateflow.errors import CorruptRecordError, GraphError, StateflowError, StoreError, UnserializableStateError

StandIn = Callable[[Any], Any]
MAX_BYTES = 1 << 28


class Codec:
    """A closed registry of types. Dataclasses, pydantic models, Enums and NamedTuples can be registered."""

    def __init__(self, types: Iterable[type] = ()) -> None:
        self._shapes: dict[type, Shape] = {}
        self._by_name: dict[str, Shape] = {}
        self._untag = json.JSONDecoder(object_hook=self._value).decode
        self.register(*types)

    def register(self, *types: type) -> None:
        """Make types known, and those that their fields name. The last class of a name takes the name.

        Raises:
            GraphError: a type is of a kind that cannot be registered.
        """
        wrong = [
            f"cannot register {cls!r}; dataclasses, pydantic models, Enums and NamedTuples can be"
            for cls in types
            if shape_of(cls) is None
        ]
        if wrong:
            raise GraphError(*wrong)
        for cls in types_in(types):
            if cls not in self._shapes and (shape := shape_of(cls)) is not None:
                former = self._by_name.get(shape.name)
                if former is not None:  # a notebook cell that was run again
                    self._shapes.pop(former.cls, None)
                self._by_name[shape.name] = self._shapes[cls] = shape

    # -- bytes ------------------------------------------------------------------------------------

    def encode(self, value: Any, path: str = "", *, stand_in: StandIn | None = None) -> bytes:
        """Return the canonical encoding: the same value gives the same bytes in every process.

        ``path`` names the value in messages. ``stand_in`` gives what is stored in place of a part that cannot be.

        Raises:
            UnserializableStateError: some part has a type that is not registered, and there is no ``stand_in``.
        """
        try:
            data = plain_bytes(value)
            return _Encoding(self._shapes, path, stand_in).whole(value) if data is None else data
        except RecursionError:
            raise UnserializableStateError(f"{path or 'the value'} is nested too deeply to be stored") from None

    def decode(self, data: bytes) -> Any:
        """Return the value that ``encode`` turned into these bytes.

        Raises:
            CorruptRecordError: the bytes are not what ``encode`` wrote.
            StoreError: they hold a type that is not registered here.
        """
        try:
            if len(data) > MAX_BYTES:
                raise StoreError(f"a stored value has {len(data)} bytes, more than the {MAX_BYTES} that are read")
            text = str(data, "utf-8")
            return self._untag(text) if '"$' in text else loads(text)
        except StateflowError:
            raise
        except Exception as error:
            raise CorruptRecordError(f"a stored value cannot be read back: {error}") from error

    # -- JSON data --------------------------------------------------------------------------------

    def to_json(self, value: Any, path: str = "") -> Any:
        """Return the value as plain JSON data, tagged where JSON lacks the type.

        Raises:
            UnserializableStateError: some part has a type that is not registered.
        """
        return loads(self.encode(value, path).decode())

    def from_json(self, data: Any) -> Any:
        """Return the value that ``to_json`` turned into ``data``.

        Raises:
            CorruptRecordError: the data is not what ``to_json`` gave.
            StoreError: it holds a type that is not registered here.
        """
        try:
            encoded = dumps(data).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise CorruptRecordError(f"this is not JSON data: {error}") from error
        return self.decode(encoded)

    # -- inside -----------------------------------------------------------------------------------

    def _value(self, data: dict[str, Any]) -> Any:
        """Turn an object of the JSON text into its value; the objects inside it have had their turn."""
        tag = next(iter(data), "")
        if not tag.startswith("$"):
            return data
        if len(data) != 1:
            raise ValueError(f"tag {tag!r} has company")
        payload = data[tag]
        if tag in UNTAG:
            return UNTAG[tag](payload)
        if tag != "$type":
            raise ValueError(f"unknown tag {tag!r:.80}")
        name, parts = payload
        shape = self._by_name.get(name)
        if shape is None:
            short = f"{str(name).rpartition('.')[2]:.200}"
            raise StoreError(
                f"the stored type {name!r:.200} is not registered here; give the builder the class: "
                f"with_types({short}), or a store that you open yourself: store.codec.register({short})"
            )
        return shape.build(parts)


class _Field(str):
    """A step of a path that is an attribute, not an item."""

    __slots__ = ()


class _Encoding:
    """One value on its way to JSON data, with the path to the part at hand."""

    def __init__(self, shapes: dict[type, Shape], path: str, stand_in: StandIn | None) -> None:
        self._shapes = shapes
        self._path = path
        self._stand_in = stand_in
        self._steps: list[Any] = []
        self._open: set[int] = set()
        self._containers: dict[type, Callable[[Any], Any]] = {
            dict: self._dict,
            list: self._list,
            tuple: self._tuple,
            set: self._set,
            frozenset: self._frozenset,
        }

    def whole(self, value: Any) -> bytes:
        """Encode the whole value; each item of an outermost list or ordinary dict tries the fast path for itself."""
        self._open.add(id(value))
        if type(value) is list:
            return b"[" + b",".join(self._item(place, item) for place, item in enumerate(value)) + b"]"
        if type(value) is dict and _is_ordinary(value):
            return b"{" + b",".join(dumps(key).encode() + b":" + self._item(key, value[key]) for key in value) + b"}"
        self._open.clear()
        return dumps(self._data(value)).encode()

    def _item(self, step: Any, value: Any) -> bytes:
        data = plain_bytes(value)
        if data is None:
            self._steps.append(step)
            data = dumps(self._data(value)).encode()
            self._steps.pop()
        return data

    def _data(self, value: Any) -> Any:
        kind = type(value)
        if kind is bool or value is None:
            return value
        if kind in JSON_TYPES:
            return JSON_TYPES[kind](value)
        try:
            if kind in LEAVES:
                tag, take = LEAVES[kind]
                return {tag: take(value)}
            if kind in self._containers or kind in self._shapes:
                return self._inside(value, self._containers.get(kind, self._registered))
        except Refusal as refusal:
            return self._refused(value, str(refusal))
        return self._refused(value, _why(value))

    def _inside(self, value: Any, take: Callable[[Any], Any]) -> Any:
        if id(value) in self._open:
            raise Refusal("contains itself; store it without the way back")
        if len(self._open) >= DEPTH:
            raise Refusal(f"lies more than {DEPTH} levels deep; store it flat")
        self._open.add(id(value))
        try:
            return take(value)
        finally:
            self._open.discard(id(value))

    # Loops below are written out: each call in them would cost a frame of Python's stack on every level.

    def _list(self, value: Iterable[Any]) -> list[Any]:
        found = []
        for place, item in enumerate(value):
            self._steps.append(place)
            found.append(self._data(item))
            self._steps.pop()
        return found

    def _tuple(self, value: tuple[Any, ...]) -> Any:
        return {"$tuple": self._list(value)}

    def _set(self, value: set[Any]) -> Any:
        return {"$set": sorted(self._list(value), key=dumps)}

    def _frozenset(self, value: frozenset[Any]) -> Any:
        return {"$frozenset": sorted(self._list(value), key=dumps)}

    def _dict(self, value: dict[Any, Any]) -> Any:
        ordinary = _is_ordinary(value)
        pairs = []
        for key, item in value.items():
            self._steps.append(key)
            pairs.append((key if ordinary else self._data(key), self._data(item)))
            self._steps.pop()
        return dict(pairs) if ordinary else {"$dict": pairs}

    def _registered(self, value: Any) -> Any:
        shape = self._shapes[type(value)]
        return {"$type": [shape.name, self._parts(shape.take(value))]}

    def _parts(self, parts: Any) -> Any:
        if type(parts) is dict:
            return self._dict({_Field(key): item for key, item in parts.items()})
        if type(parts) is list:
            return [self._parts(part) for part in parts]
        return self._data(parts)

    def _refused(self, value: Any, reason: str) -> Any:
        if self._stand_in is not None:
            return _Encoding(self._shapes, "", None)._data(self._stand_in(value))
        raise UnserializableStateError(f"{self._path}{''.join(self._spelled())}".lstrip() + f" {reason}")

    def _spelled(self) -> Iterator[str]:
        if not self._path and not self._steps:
            yield "the value"
        for step in self._steps:
            yield f".{step}" if type(step) is _Field else f"[{reprlib.repr(step)}]"


def _is_ordinary(value: dict[Any, Any]) -> bool:
    """Whether a dict can be a JSON object as it stands: string keys, and not to be taken for a tag."""
    first = True
    for key in value:
        if type(key) is not str and type(key) is not _Field:
            return False
        if (first and key.startswith("$")) or (not key.isascii() and text_data(key) is not key):
            return False
        first = False
    return True


_PLAIN: Mapping[str, Mapping[str, str]] = {
    "numpy": {
        "bool": "store bool(...) of it",
        "bool_": "store bool(...) of it",
        "integer": "store int(...) of it",
        "floating": "store float(...) of it",
        "datetime64": "store it as a datetime.datetime",
        "timedelta64": "store it as a datetime.timedelta",
        "generic": "store .item() of it",
        "ndarray": "store .tolist() of it, or give it as a resource",
    },
    "pandas": {
        "NaTType": "store None for it",
        "Timestamp": "store .to_pydatetime() of it",
        "Timedelta": "store .to_pytimedelta() of it",
        "NAType": "store None for it",
        "DataFrame": "store .to_dict('list') of it, or give it as a resource",
        "Series": "store .tolist() of it, or give it as a resource",
    },
}
"""What to store in place of values of libraries, by the names of their classes: none of them is imported here."""


def _why(value: Any) -> str:
    kind = type(value)
    fact = f"is of type {type_name(kind)}, "
    if is_secret(kind):
        return fact + "and secrets are never stored in state; give it as a resource or as context="
    if shape_of(kind) is not None:
        return fact + f"which the codec does not know; give the builder the class: with_types({kind.__name__})"
    if remedy := _PLAIN.get(kind.__module__.partition(".")[0]):
        for base in kind.__mro__:
            if base.__name__ in remedy:
                return fact + f"which cannot be stored; {remedy[base.__name__]}"
    for plain in (dict, list, tuple, set, frozenset, str, bytes, bool, int, float, *LEAVES):
        if isinstance(value, plain):
            return fact + f"which would come back as a plain {plain.__name__}; store {plain.__name__}(...) of it"
    return (
        fact + "which cannot be stored; write plain data or a dataclass named in with_types(...) instead, "
        "or give it as a resource"
    )
