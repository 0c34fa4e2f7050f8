"""Actions: the work of one step, in all the forms in which people write it."""

from stateflow.actions.action import (
    Action,
    Dataflow,
    Input,
    Need,
    NodeInfo,
    Origin,
    Output,
    Retry,
)
from stateflow.actions.closed import Closed, close
from stateflow.actions.function import FunctionAction, SignatureAction, action, streaming_action

__all__ = [
    "Action",
    "Closed",
    "Dataflow",
    "FunctionAction",
    "Input",
    "Need",
    "NodeInfo",
    "Origin",
    "Output",
    "Retry",
    "SignatureAction",
    "action",
    "close",
    "streaming_action",
]
