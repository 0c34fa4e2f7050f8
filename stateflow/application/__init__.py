"""The application: what people build and run."""

from stateflow.application.application import Application
from stateflow.application.builder import ApplicationBuilder
from stateflow.application.caller import UnusedInputWarning
from stateflow.application.result import RunResult
from stateflow.application.streams import AsyncStreamContainer, StreamContainer

__all__ = [
    "Application",
    "ApplicationBuilder",
    "AsyncStreamContainer",
    "RunResult",
    "StreamContainer",
    "UnusedInputWarning",
]
