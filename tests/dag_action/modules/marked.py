"""Inputs marked by one of two consumers, and a node that asks for the step's context."""

from stateflow.actions import Input
from stateflow.context import StepContext


def first(tone: str, question: str) -> str:
    return f"{question} {tone}"


def second(tone: Input[str], first: str) -> str:
    return first + tone


def polite(second: str, please: Input[str] = "please") -> str:
    return f"{second}, {please}"


def placed(context: StepContext, polite: str) -> str:
    return f"{polite} @{context.sequence}"


def perhaps(polite: str, here: StepContext | None = None) -> str:
    return f"{polite} {'in' if here else 'out of'} a step"
