"""What one evaluation of an expression may cost, counted and sized before the work is done.

A step is roughly the work of one syntax node, 0.05 to 0.15 µs where it was measured. Costs that
grow with a value become steps by the worst that CPython 3.11 was measured to take for them.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from stateflow.errors import ActionError, kind

STEPS = 200_000  # of one evaluation
SIZE = 100_000  # items or characters of a value that an expression builds
BITS = 4_096  # of an int that takes part in arithmetic
DIGITS = 1_300  # characters of a text that becomes a number; more than BITS ever print as
LEVELS = 500  # of lists in lists in a value that is compared or hashed
TWINS = 16  # different keys with one hash, in a set or dict that an expression builds

NESTED = (list, tuple, dict, set, frozenset)
TEXT = (str, bytes, bytearray)


class Evaluation:
    """One evaluation under way: the state, the comprehension variables, the steps that are left."""

    __slots__ = ("data", "steps", "text", "variables")

    def __init__(self, text: str, data: Mapping[str, Any], variables: int) -> None:
        self.text = text
        self.data = data
        self.steps = STEPS
        self.variables: list[Any] = [None] * variables

    def charge(self, steps: int) -> None:
        """Take ``steps`` from what is left; raises ActionError when that is not enough."""
        self.steps -= steps
        if self.steps < 0:
            raise self.beyond(f"takes more than {STEPS:,} steps")

    def sized(self, size: int) -> None:
        """Charge the building of a value of ``size`` items or characters, or refuse it."""
        if size > SIZE:
            raise self.beyond(f"builds a value of {size:,} items, more than {SIZE:,}")
        self.charge(size >> 6)

    def counted(self, items: Iterable[Any]) -> Iterator[Any]:
        """Yield ``items``, charging each."""
        for item in items:
            self.charge(1)
            yield item

    def weighed(self, items: Iterable[Any]) -> Iterator[Any]:
        """Yield ``items``, charging each by its weight."""
        for item in items:
            self.charge(2 + weight(item))
            yield item

    def beyond(self, fact: str) -> ActionError:
        """Return the error for a limit that this evaluation would exceed."""
        remedy = "decide in an action, or use Condition.of(fn, reads=[...])"
        return ActionError(f"condition {self.text!r} {fact}; {remedy}")


def weight(value: object) -> int:
    """Return what comparing or hashing a value costs in steps; shared parts count each time."""
    if isinstance(value, int):
        return value.bit_length() >> 12
    if isinstance(value, TEXT):
        return len(value) >> 9
    return _nested_weight(value) if isinstance(value, NESTED) else 0


def _nested_weight(value: object) -> int:
    # CPython compares and hashes [a, a] by walking `a` twice, so thirty such levels take for ever,
    # and hashes a tuple in a tuple on the C stack, which a hundred thousand levels overflow
    total, level = 0, [value]
    for _ in range(LEVELS):
        below: list[object] = []
        for item in level:
            if not isinstance(item, NESTED):
                total += weight(item)
                continue
            total += 4 * len(item) if isinstance(item, dict) else 2 * len(item)
            if total > STEPS:
                return total
            below += (*item, *item.values()) if isinstance(item, dict) else item
        if not below:
            return total
        level = below
    return STEPS + 1


# -- arithmetic ---------------------------------------------------------------------------------


def negate(run: Evaluation, value: Any) -> Any:
    """Return ``-value``."""
    run.charge(weight(value))
    return -value


def add(run: Evaluation, left: Any, right: Any) -> Any:
    """Return ``left + right``."""
    if not _charge_ints(run, left, right):
        run.sized(_size(left) + _size(right))
    return left + right


def subtract(run: Evaluation, left: Any, right: Any) -> Any:
    """Return ``left - right``."""
    if not _charge_ints(run, left, right):
        run.charge(_size(left))
    return left - right


def multiply(run: Evaluation, left: Any, right: Any) -> Any:
    """Return ``left * right``; a sequence is repeated by an int only."""
    if _charge_ints(run, left, right):
        if (bits := left.bit_length() + right.bit_length()) > BITS:
            raise _too_large(run, bits)
    else:
        _charge_repetition(run, left, right)
        _charge_repetition(run, right, left)
    return left * right


def _charge_repetition(run: Evaluation, sequence: Any, count: Any) -> None:
    size = _size(sequence)
    if size and isinstance(count, int):
        run.sized(size * max(count, 0))
    elif size and hasattr(count, "__index__"):
        raise run.beyond(f"repeats a sequence by {kind(count)}, not an int")


def divide(run: Evaluation, left: Any, right: Any) -> Any:
    """Return ``left / right``."""
    _charge_ints(run, left, right)
    return left / right


def floor_divide(run: Evaluation, left: Any, right: Any) -> Any:
    """Return ``left // right``."""
    _charge_ints(run, left, right)
    return left // right


def modulo(run: Evaluation, left: Any, right: Any) -> Any:
    """Return ``left % right``, which never formats text."""
    if isinstance(left, TEXT):
        raise run.beyond("formats text with %, which expressions do not do")
    _charge_ints(run, left, right)
    return left % right


def power(run: Evaluation, left: Any, right: Any) -> Any:
    """Return ``left ** right`` of plain numbers."""
    for operand in (left, right):
        if not isinstance(operand, int | float | complex):
            raise run.beyond(f"raises {kind(operand)} to a power; only numbers can be")
    _charge_ints(run, left, right)
    if isinstance(left, int) and isinstance(right, int) and abs(left) > 1 and right > 0:
        bits = right * math.log2(abs(left)) if right <= BITS else right
        if bits > BITS:
            raise _too_large(run, bits)
        run.charge(int(bits) >> 5)
    return left**right


def _charge_ints(run: Evaluation, left: Any, right: Any) -> bool:
    """Charge arithmetic with the ints among two operands; tell whether both are ints."""
    left_int, right_int = isinstance(left, int), isinstance(right, int)
    if left_int:
        small(run, left)
    if right_int:
        small(run, right)
    return left_int and right_int


def small(run: Evaluation, number: int) -> int:
    """Charge arithmetic with an int, and return it."""
    if (bits := number.bit_length()) > 64:
        if bits > BITS:
            raise _too_large(run, bits)
        run.charge(bits >> 5)
    return number


def _too_large(run: Evaluation, bits: float) -> ActionError:
    return run.beyond(f"computes with an int of {bits:,.0f} bits, more than {BITS:,}")


def _size(value: object) -> int:
    return operator.length_hint(value, 0)


# -- comparison, membership, items --------------------------------------------------------------


def comparing(compare: Callable[[Any, Any], Any]) -> Callable[[Evaluation, Any, Any], Any]:
    """Return ``compare`` with its cost charged: that of walking the shorter operand."""

    def charged(run: Evaluation, left: Any, right: Any) -> Any:
        run.charge(weight(left if _size(left) <= _size(right) else right))
        return compare(left, right)

    return charged


def contains(run: Evaluation, item: Any, container: Any) -> bool:
    """Return ``item in container``."""
    run.charge(_search(item, container))
    return item in container


def _search(item: object, container: object) -> int:
    size = _size(container)
    if isinstance(container, TEXT):
        return _text_search(_size(item), size)
    if isinstance(container, dict | set | frozenset):
        return weight(item)
    if isinstance(container, range) and isinstance(item, int):
        return 0
    return (size >> 2) + size * weight(item)


def _text_search(part: int, whole: int) -> int:
    if part == 1:
        return whole >> 10
    # CPython compares at every position only in short texts, and for short parts in longer ones
    compared = part if whole < 2_500 else min(part, 100) if whole < 30_000 else 0
    return (whole >> 4) + (whole * compared >> 8)


def lacks(run: Evaluation, item: Any, container: Any) -> bool:
    """Return ``item not in container``."""
    return not contains(run, item, container)


def item_of(run: Evaluation, value: Any, index: Any) -> Any:
    """Return ``value[index]``."""
    run.charge(weight(index))
    return value[index]


def slice_of(run: Evaluation, value: Any, part: slice) -> Any:
    """Return ``value[start:stop:step]``."""
    if isinstance(value, (*TEXT, list, tuple)):
        run.sized(len(range(*part.indices(len(value)))))
    return value[part]


def dictionary(run: Evaluation, pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """Return a dict of ``pairs``, refusing keys that were chosen to have one hash."""
    built: dict[Any, Any] = {}
    twins: dict[int, int] = {}
    for key, value in pairs:
        run.charge(3 + weight(key))
        before = len(built)
        built[key] = value
        if len(built) > before:
            code = hash(key)
            twins[code] = twins.get(code, 0) + 1
            if twins[code] > TWINS:
                raise run.beyond(f"puts more than {TWINS} keys with one hash into a set or dict")
    return built


def distinct(run: Evaluation, items: Iterable[Any]) -> set[Any]:
    """Return a set of ``items``, refusing items that were chosen to have one hash."""
    return set(dictionary(run, ((item, None) for item in items)))
