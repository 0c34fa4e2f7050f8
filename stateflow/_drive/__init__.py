"""The drivers: one a colour. All execution is here, all decisions are in the plan."""

from typing import TYPE_CHECKING

from stateflow._drive.body import END, WAIT, Opened
from stateflow._drive.sink import INSIDE, Sink
from stateflow._drive.source import Source
from stateflow._drive.sync import drive, exhaust
from stateflow._drive.threads import Inbox
from stateflow._lazy import later

if TYPE_CHECKING:
    from stateflow._drive.asource import AsyncSource
    from stateflow._drive.asynchronous import adrive, aexhaust
    from stateflow._drive.inbox import AsyncInbox
else:  # with asyncio, which a synchronous program need not wait for
    __getattr__ = later(
        __name__,
        {"AsyncInbox": "inbox", "AsyncSource": "asource", "adrive": "asynchronous", "aexhaust": "asynchronous"},
    )

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
