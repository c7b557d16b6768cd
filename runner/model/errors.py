"""The tree of exceptions. They are for borders; inside, problems and outcomes are values.

    RunnerError
    ├── InvalidInput        a manifest, provider document or data file is invalid   exit 3
    ├── WrongUsage          the command line asks for what cannot be                exit 64
    ├── StateError          the state cannot be used                                exit 4
    │   ├── StateLocked     somebody else works on it
    │   ├── StateForeign    it belongs to another manifest
    │   ├── StateNewer      it was written by a newer runner
    │   └── StateCorrupt    it is not a journal, or a damaged one
    ├── PlanStale           the saved plan moved, or was applied                    exit 6
    └── Interrupted         a person or CI asked to stop                            exit 130

`runner/cli/` maps each to its exit code; nothing else does.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.model.problem import Problem


class RunnerError(Exception):
    """What is said to a person: `message`, and `hint`, what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidInput(RunnerError):
    """Carries every problem that was found, in the order of their places."""

    def __init__(self, problems: "Sequence[Problem]") -> None:
        count = len(problems)
        super().__init__(f"{count} problem{'' if count == 1 else 's'}")
        self.problems = tuple(problems)


class WrongUsage(RunnerError):
    """The command line asks for something that cannot be."""


class StateError(RunnerError):
    """The state cannot be used; the message says why, the hint gives a way out."""


class StateLocked(StateError):
    """Another process holds the state."""


class StateForeign(StateError):
    """The state belongs to a manifest of another name."""


class StateNewer(StateError):
    """A newer runner wrote the state."""


class StateCorrupt(StateError):
    """The file is not a journal, or is damaged."""


class PlanStale(RunnerError):
    """The saved plan no longer fits what it was made from, or was applied already."""


class Interrupted(RunnerError):
    """A person or CI asked the run to stop; what was in flight is recorded."""
