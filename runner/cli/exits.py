"""The exit codes, all of them, and what leads to each."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from runner.model.errors import (
    Interrupted,
    InvalidInput,
    PlanStale,
    RunnerError,
    StateError,
    WrongUsage,
)

if TYPE_CHECKING:
    from runner.model.plan import Plan
    from runner.model.progress import RunResult, Trouble

DONE = 0
FAILED = 1
CHANGES = 2
INVALID = 3
STATE = 4
DOUBT = 5
STALE = 6
BLOCKED = 7
USAGE = 64
INTERRUPTED = 130

PRECEDENCE = (USAGE, INTERRUPTED, STATE, INVALID, STALE, DOUBT, BLOCKED, FAILED, CHANGES, DONE)
"""Where several hold, the first of these."""

_OF_ERRORS: tuple[tuple[type[RunnerError], int], ...] = (
    (Interrupted, INTERRUPTED),
    (InvalidInput, INVALID),
    (WrongUsage, USAGE),
    (StateError, STATE),
    (PlanStale, STALE),
)


def worst(codes: Iterable[int]) -> int:
    """The one exit code of several."""
    return min(codes, key=PRECEDENCE.index, default=DONE)


def of_error(error: RunnerError) -> int:
    """The exit code of what was raised."""
    return next((code for kind, code in _OF_ERRORS if isinstance(error, kind)), FAILED)


def of_result(result: "RunResult") -> int:
    """The exit code of a run."""
    codes = [_of_trouble(trouble) for trouble in result.troubles]
    return worst([*codes, INTERRUPTED] if result.interrupted else codes)


def _of_trouble(trouble: "Trouble") -> int:
    if trouble.kind == "doubt" or trouble.command.startswith("runner resolve "):
        return DOUBT
    return {"blocked": BLOCKED, "approval": BLOCKED, "skipped": DONE}.get(trouble.kind, FAILED)


def of_plan(plan: "Plan", *, detailed: bool = False) -> int:
    """The exit code of a plan: what it cannot do shows, and with `detailed` also whether it changes anything."""
    from runner.model.gate import NEEDED
    from runner.model.plan import Verb

    blocked = [DOUBT if change.in_doubt else BLOCKED for change in plan if change.verb is Verb.BLOCKED]
    blocked += [BLOCKED for change in plan if change.approval == NEEDED]
    return worst([*blocked, CHANGES] if detailed and not plan.empty else blocked)
