"""The state of a manifest, opened for one command."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from runner.compile.checks.work import Work
from runner.engine.running.desk import RunOptions
from runner.engine.state.journal import Journal
from runner.model.event import Moved
from runner.model.state import State


class Opened:
    """The state of one manifest, locked for one command. Use as a context manager.

    `aside` takes remarks for people; `moved` is what this command found to have a new address.
    """

    def __init__(self, work: Work, options: RunOptions, journal: Journal) -> None:
        self.work = work
        self.options = options
        self.journal = journal
        self.aside: Callable[[str], None] = lambda text: None
        self.moved: tuple[Moved, ...] = ()

    @property
    def state(self) -> State:
        return self.journal.state

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.journal.close()
