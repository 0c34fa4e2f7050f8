"""The plan: every decision of a run, as a generator without I/O, clock, ids or logging.

It yields *effects*, which a driver answers, and *events*, which the driver passes to the caller.
"""

# The rules of the machine.
#
#  1. A call executes at least one step before halts are looked at.
#  2. The next action is the first outgoing transition whose condition holds; none ends the run. Conditions are
#     evaluated when the next action is first needed, once for each state: `walk.next_choice`, `step.Step.committing`.
#  3. A step takes its inputs before its body; a missing one is an InputError, and earlier steps stay committed.
#  4. A body sees a restricted view; what it did is the view's log, judged when it returns: `state.settle`.
#  5. A body that raises is tried again as its Retry says; a stream only before its first item.
#  6. What then still raises is taken by the first `on_error` that matches: the step commits as failed, with the
#     state unchanged. Else it is an attempt: no sequence id, state unchanged, the exception propagates.
#  7. A step that goes on evaluates its outgoing conditions on the new state before it commits, so that status and
#     next action are part of the commit; a condition that raises does not undo the step.
#  8. One Commit a step. Only the driver's answer to it changes `machine.position`.
#  9. Hooks and events that follow a commit see what was committed; their errors do not undo it.
# 10. No effect is yielded in `finally` or on GeneratorExit. A consumer that leaves early is a StreamClosed thrown in.

from stateflow._plan.effects import Abort, Call, CallAll, Commit, Sleep, Stream
from stateflow._plan.machine import Choice, Machine, Outcome, Position, Request
from stateflow._plan.records import edited, genesis
from stateflow._plan.walk import Plan, next_choice, walk

__all__ = [
    "Abort",
    "Call",
    "CallAll",
    "Choice",
    "Commit",
    "Machine",
    "Outcome",
    "Plan",
    "Position",
    "Request",
    "Sleep",
    "Stream",
    "edited",
    "genesis",
    "next_choice",
    "walk",
]
