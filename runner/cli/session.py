"""A locked session for a command that changes the state."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.cli.screen import Screen

if TYPE_CHECKING:
    from runner.compile.check import Work
    from runner.engine.desk import RunOptions
    from runner.engine.run import Session
    from runner.model.saved import SavedPlan


@contextmanager
def locked(
    work: "Work", options: "RunOptions", screen: Screen, saved: "SavedPlan | None" = None
) -> "Iterator[Session]":
    """The state of the manifest, locked for the time of the block; what `moved:` says is recorded first.

    A former holder that was killed is named aside: what it left open is settled by whoever applies next. Raises
    PlanStale when the state is not the one that `saved` was made from.
    """
    from runner.compile.moves import moves
    from runner.engine.run import open_session

    def waiting(holder: str) -> None:
        screen.aside(f"Waiting for {holder} to let go of the state.")

    with open_session(work, options, waiting) as session:
        former = session.journal.former_holder
        if former is not None:
            screen.aside(f"Taken over from {former}, which ended without letting go of the state.")
        if saved is not None:
            from runner.engine.carrying import check_state

            check_state(session, saved)
        taken = moves(work.manifest, work.graph, session.state)
        if taken:
            session.journal.record_now(*taken)
        yield session
