"""A record as stores keep it: a few columns, the encoded state, and the encoded small parts; and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, cast, get_args

from stateflow.codec import Codec
from stateflow.context import NodeRun, Span
from stateflow.errors import CorruptRecordError, StateflowError, StoreError, UnserializableStateError
from stateflow.journal import Address, Attempt, Failure, Kind, Parent, Read, Record, RecordedError, Status, Tried, Write
from stateflow.store.masking import Masked, is_secret_name, kept, may_hide, unmasked
from stateflow.store.protocol import spelled

FORMAT = 1
LARGEST_NODE_VALUE = 64 * 1024
_KINDS, _STATUSES = frozenset(get_args(Kind)), frozenset(get_args(Status))


class Row(NamedTuple):
    """One position of a run; ``state`` and ``parts`` are encoded."""

    position: int
    sequence: int | None
    kind: str
    action: str | None
    status: str
    next_action: str | None
    started: float
    ended: float
    state: bytes
    parts: bytes


class AttemptRow(NamedTuple):
    """One attempt; ``parts`` is encoded."""

    sequence: int
    number: int
    action: str
    started: float
    ended: float
    parts: bytes


# -- to rows ------------------------------------------------------------------------------------


def record_row(record: Record, codec: Codec) -> Row:
    """Encode a record.

    Raises:
        UnserializableStateError: the state holds a type that the codec does not know.
    """
    state = record.state if type(record.state) is dict else dict(record.state)
    try:
        encoded = codec.encode(state, "state")
    except UnserializableStateError as error:
        cause = f"action {record.action!r} was not committed" if record.action else "nothing was committed"
        raise UnserializableStateError(f"{error}; {cause} to {spelled(record.address)}") from None
    return Row(
        record.position,
        record.sequence,
        record.kind,
        record.action,
        record.status,
        record.next_action,
        record.started,
        record.ended,
        encoded,
        _parts(record, codec),
    )


def attempt_row(attempt: Attempt, codec: Codec) -> AttemptRow:
    """Encode an attempt."""
    facts = codec.encode([FORMAT, [attempt.error.type, attempt.error.message]])
    parts = _array(facts, kept(dict(attempt.inputs), codec), _nodes(attempt.nodes, codec))
    return AttemptRow(attempt.sequence, attempt.number, attempt.action, attempt.started, attempt.ended, parts)


def _parts(record: Record, codec: Codec) -> bytes:
    """Encode all in one go where nothing in it can be a secret, which is the rule."""
    facts, shown = _facts(record), [record.inputs, record.result, record.attributes, record.params]
    shown = [value if value is None or type(value) is dict else dict(value) for value in shown]
    encoded = unmasked([facts, *shown], codec)
    if may_hide(encoded):
        encoded = _array(codec.encode(facts), *(kept(value, codec) for value in shown))
    nodes = _nodes(record.nodes, codec) if record.nodes else b"[]"
    spans = _spans(record.spans, codec) if record.spans else b"[]"
    return b"%b,%b,%b]" % (encoded[:-1], nodes, spans)


def _facts(record: Record) -> list[Any]:
    parent = record.parent
    return [
        FORMAT,
        dict(record.visits),
        {key: list(writer) for key, writer in record.writers.items()},
        [[read.key, read.writer] for read in record.reads],
        [[write.key, write.previous, write.count, write.kept] for write in record.writes],
        None if record.transition is None else list(record.transition),
        [[tried.target, tried.condition, tried.value] for tried in record.conditions],
        [list(resource) for resource in record.resources],
        _failure(record.error),
        None if parent is None else [parent.app_id, parent.partition_key, parent.sequence],
    ]


def _array(*items: bytes) -> bytes:
    return b"[" + b",".join(items) + b"]"


def _failure(error: BaseException | Failure | None) -> list[str] | None:
    if error is None:
        return None
    failure = error if isinstance(error, Failure) else Failure.of(error)
    return [failure.type, failure.message]


def _nodes(nodes: Iterable[NodeRun], codec: Codec) -> bytes:
    return _array(*(_node(node, codec) for node in nodes))


def _node(node: NodeRun, codec: Codec) -> bytes:
    error = _failure(node.error)
    facts = [node.name, node.started, node.duration, node.status, dict(node.origins), error, node.version]
    value = Masked() if is_secret_name(node.name) else node.value
    return _array(codec.encode(facts), kept(value, codec, LARGEST_NODE_VALUE))


def _spans(spans: tuple[Span, ...], codec: Codec) -> bytes:
    place = {id(span): number for number, span in enumerate(spans)}
    encoded = []
    for span in spans:
        parent = None if span.parent is None else place.get(id(span.parent))
        facts = codec.encode([span.name, parent, span.started, span.ended, _failure(span.error)])
        encoded.append(_array(facts, kept(dict(span.attributes), codec)))
    return _array(*encoded)


# -- and back -----------------------------------------------------------------------------------


def record_of(row: Row, address: Address, codec: Codec, store: object) -> Record:
    """Decode a row.

    Raises:
        CorruptRecordError: the row is damaged.
        StoreError: it holds a type that is not registered, or a format of a later release.
    """
    try:
        state = codec.decode(row.state)
        facts, inputs, result, attributes, params, nodes, spans = codec.decode(row.parts)
        _check_format(facts[0])
        _, visits, writers, reads, writes, transition, conditions, resources, error, parent = facts
        _check_columns(row, state)
        return Record(
            Address(address.app_id, address.partition_key, address.project),
            row.position,
            row.sequence,
            cast(Kind, row.kind),
            state,
            cast(Status, row.status),
            row.action,
            row.next_action,
            visits=visits,
            writers={key: (position, count) for key, (position, count) in writers.items()},
            reads=tuple(Read(*read) for read in reads),
            writes=tuple(Write(*write) for write in writes),
            inputs=inputs,
            result=result,
            transition=None if transition is None else (transition[0], transition[1]),
            conditions=tuple(Tried(*tried) for tried in conditions),
            nodes=tuple(map(_node_of, nodes)),
            spans=_spans_of(spans),
            attributes=attributes,
            resources=tuple((name, version) for name, version in resources),
            error=None if error is None else Failure(*error),
            parent=None if parent is None else Parent(*parent),
            params=params,
            started=row.started,
            ended=row.ended,
        )
    except Exception as error:
        step = "" if row.sequence is None else f" (step {row.sequence!r:.40})"
        raise _unreadable(error, f"position {row.position!r:.40}{step}", address, store) from error


def attempt_of(row: AttemptRow, address: Address, codec: Codec, store: object) -> Attempt:
    """Decode the row of an attempt, with the errors of ``record_of``."""
    try:
        (version, error), inputs, nodes = codec.decode(row.parts)
        _check_format(version)
        run = Address(address.app_id, address.partition_key, address.project)
        taken = tuple(map(_node_of, nodes))
        failure = Failure(*error)
        return Attempt(run, row.sequence, row.action, row.number, inputs, failure, taken, row.started, row.ended)
    except Exception as error:
        raise _unreadable(error, f"attempt {row.number!r:.40} of step {row.sequence!r:.40}", address, store) from error


def _check_format(version: Any) -> None:
    if version != FORMAT:
        raise StoreError(f"its format {version!r:.40} is not {FORMAT}, the one that this release reads; upgrade it")


def _check_columns(row: Row, state: Any) -> None:
    sound = (
        type(state) is dict
        and all(type(key) is str for key in state)
        and type(row.position) is int
        and (row.sequence is None or type(row.sequence) is int)
        and row.kind in _KINDS
        and row.status in _STATUSES
    )
    if not sound:
        raise CorruptRecordError("a column holds what no record has")


def _unreadable(error: Exception, what: str, address: Address, store: object) -> StoreError:
    place = f"{spelled(address)}: {what} in {store}"
    if isinstance(error, StateflowError) and not isinstance(error, CorruptRecordError):
        return StoreError(f"{place} cannot be read: {error}")
    cause = error if isinstance(error, CorruptRecordError) else f"{type(error).__name__}: {error}"
    return CorruptRecordError(f"{place} is damaged ({cause}); load an earlier step, or restore it from a backup")


def _node_of(data: Any) -> NodeRun:
    (name, started, duration, status, origins, error, version), value = data
    return NodeRun(name, started, duration, status, origins, value, _error_of(error), version)


def _spans_of(data: Any) -> tuple[Span, ...]:
    spans: list[Span] = []
    for (name, parent, started, ended, error), attributes in data:
        above = None if parent is None else spans[parent]
        spans.append(Span(name, above, started, ended, _error_of(error), attributes))
    return tuple(spans)


def _error_of(data: Any) -> RecordedError | None:
    return None if data is None else RecordedError(Failure(*data))
