"""One node that reaches every kind of thing whose code can be proved."""

import collections
import datetime as dt
import enum
import functools
import math
import re
import typing
from dataclasses import dataclass, field
from decimal import Decimal

import steps
from steps import shift as moved

LIMIT = 3
RATES = {"a": 0.5, "b": [1, 2]}
NAMES = frozenset({"x", "y", "z", "north", "south"})
WORD = re.compile(r"\w+")
SINCE = dt.datetime(2020, 1, 2, tzinfo=dt.UTC)
PRICE = Decimal("1.50")
MASK = b"\x00\xff"
ALIAS: typing.TypeAlias = dict[str, int]
UNUSED = 1
Point = collections.namedtuple("Point", ["x", "y"], defaults=[0])  # noqa: PYI024 - made by a call on purpose
Level = enum.Enum("Level", {"LOW": 1, "HIGH": 2})


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Rate:
    step = 2

    def rate(self):
        return self.step

    @property
    def doubled(self):
        return self.rate() * 2

    @staticmethod
    def zero():
        return 0


class Price(Rate):
    @classmethod
    def of(cls, value):
        return cls().rate() + cls.zero() + value


@dataclass(frozen=True)
class Options:
    """Options of a run."""

    depth: int = 2
    tags: list[str] = field(default_factory=list)

    def deeper(self):
        return self.depth + 1


class Pair(typing.NamedTuple):
    left: int
    right: int = 7


OPTIONS = Options(depth=4)


def times(count):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args):
            return [function(*args) for _ in range(count)]

        return wrapper

    return decorate


def adder(amount):
    def add(value):
        return value + amount

    return add


@times(2)
def repeated(value):
    return value * 3


plus = adder(2)
half = functools.partial(steps.scale, 0.5)
square, cube = lambda value: value**2, lambda value: value**3


def even(value):
    return value == 0 or odd(value - 1)


def odd(value):
    return value != 0 and even(value - 1)


@functools.lru_cache
def cached(value):
    return value + 100


def node(value: int, power: int = 2, *, tone: str = "plain", key=moved) -> "Options":
    """Reach everything."""
    # a comment
    total = steps.scale(2, value) + moved(value) ** power + math.floor(value / LIMIT)
    words = [w for w in WORD.findall(tone) if w in NAMES]
    rows = {name: [repeated(rate) for rate in RATES] for name in words}
    later = (lambda: plus(half(square(total))))()  # noqa: PLC3002 - a lambda inside, on purpose
    late = SINCE.year + PRICE + len(MASK) + cached(cube(1))
    chosen = Colour.RED if even(value) else Level.LOW
    local: Price = Price.of(Pair(1).right).doubled if rows else Point(1)
    return typing.cast(ALIAS, [total, later, late, chosen, local, OPTIONS.deeper(), key(getattr(steps, "shift")(1))]  # noqa: B009 - on purpose)
