"""Where runs are kept: the ``Store`` protocol, the stores that come with stateflow, and how one is opened."""

from stateflow.store.masking import Masked, Unstored
from stateflow.store.memory import MemoryStore
from stateflow.store.opening import home, local_path, local_store, open_store
from stateflow.store.persister import PersisterStore
from stateflow.store.protocol import Page, Store
from stateflow.store.sqlite import SQLiteStore
from stateflow.store.twins import AsyncTwins

__all__ = [
    "AsyncTwins",
    "Masked",
    "MemoryStore",
    "Page",
    "PersisterStore",
    "SQLiteStore",
    "Store",
    "Unstored",
    "home",
    "local_path",
    "local_store",
    "open_store",
]
