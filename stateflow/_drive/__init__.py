"""The drivers: one a colour. All execution is here, all decisions are in the plan."""

from stateflow._drive.asource import WAIT, AsyncSource
from stateflow._drive.asynchronous import adrive, aexhaust
from stateflow._drive.body import END, Opened
from stateflow._drive.inbox import AsyncInbox
from stateflow._drive.sink import INSIDE, Sink
from stateflow._drive.source import Source
from stateflow._drive.sync import drive, exhaust
from stateflow._drive.threads import Inbox

__all__ = [
    "END",
    "INSIDE",
    "WAIT",
    "AsyncInbox",
    "AsyncSource",
    "Inbox",
    "Opened",
    "Sink",
    "Source",
    "adrive",
    "aexhaust",
    "drive",
    "exhaust",
]
