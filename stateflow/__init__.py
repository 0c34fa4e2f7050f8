"""stateflow: Hamilton DAGs as actions, a state machine over them, and one lineage of both.

Every public name stands here, grouped. Importing this module loads none of Hamilton, pandas, numpy, networkx and
pydantic; they come when an application needs them.
"""

from typing import TYPE_CHECKING

from stateflow._lazy import later
from stateflow.actions import Action, Input, Retry, action, streaming_action
from stateflow.application import (
    Application,
    ApplicationBuilder,
    AsyncStreamContainer,
    RunResult,
    StreamContainer,
    UnusedInputWarning,
)
from stateflow.conditions import Condition, default, on_error, visits, when
from stateflow.context import NodeRun, Span, StepContext, emit, log_attributes, span
from stateflow.errors import (
    ActionError,
    ApplicationBusyError,
    ConcurrentWriteError,
    CorruptRecordError,
    GraphError,
    InputError,
    MissingKeyError,
    StateflowError,
    StateMutatedError,
    StepTimeoutError,
    StoreError,
    UnserializableStateError,
)
from stateflow.events import Event, Failed, Item, NodeFinished, Paused, StepCommitted, StepStarted
from stateflow.graph import Graph, GraphBuilder, Transition
from stateflow.hooks import LifecycleHook
from stateflow.journal import Address, Attempt, Record, RecordedError, RunSummary, TrackerWarning
from stateflow.resources import Resource
from stateflow.state import State

if TYPE_CHECKING:
    from stateflow.conditions.expression import expr
    from stateflow.dag_action import DagAction, HamiltonRecorder, dag
    from stateflow.lineage import Lineage
    from stateflow.persistence import LocalTrackingClient
    from stateflow.store import Store, open_store
else:
    __getattr__ = later(
        __name__,
        {
            "DagAction": "dag_action",
            "HamiltonRecorder": "dag_action",
            "Lineage": "lineage",
            "LocalTrackingClient": "persistence",
            "Store": "store",
            "dag": "dag_action",
            "expr": "conditions.expression",
            "open_store": "store",
        },
    )

__version__ = "0.1.0"

__all__ = [
    # the machine
    "Action",
    "Application",
    "ApplicationBuilder",
    "Graph",
    "GraphBuilder",
    "Input",
    "Resource",
    "Retry",
    "RunResult",
    "State",
    "Transition",
    "action",
    "streaming_action",
    # conditions
    "Condition",
    "default",
    "expr",
    "on_error",
    "visits",
    "when",
    # DAG actions
    "DagAction",
    "HamiltonRecorder",
    "dag",
    # inside a body
    "NodeRun",
    "Span",
    "StepContext",
    "emit",
    "log_attributes",
    "span",
    # streams and events
    "AsyncStreamContainer",
    "Event",
    "Failed",
    "Item",
    "NodeFinished",
    "Paused",
    "StepCommitted",
    "StepStarted",
    "StreamContainer",
    # hooks
    "LifecycleHook",
    # storage
    "Address",
    "Attempt",
    "LocalTrackingClient",
    "Record",
    "RunSummary",
    "Store",
    "open_store",
    # lineage
    "Lineage",
    # errors and warnings
    "ActionError",
    "ApplicationBusyError",
    "ConcurrentWriteError",
    "CorruptRecordError",
    "GraphError",
    "InputError",
    "MissingKeyError",
    "RecordedError",
    "StateMutatedError",
    "StateflowError",
    "StepTimeoutError",
    "StoreError",
    "TrackerWarning",
    "UnserializableStateError",
    "UnusedInputWarning",
]
