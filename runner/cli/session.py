"""A locked session for a command that changes the state."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runner.cli.screen import Screen

if TYPE_CHECKING:
    from runner.cli.project import Project
    from runner.compile.checks.work import Work
    from runner.engine.run import Session
    from runner.engine.running.desk import RunOptions
    from runner.engine.state.journal import Journal
    from runner.model.saved import SavedPlan


@contextmanager
def locked(
    work: "Work", options: "RunOptions", screen: Screen, saved: "SavedPlan | None" = None
) -> "Iterator[Session]":
    """The state of the manifest, locked for the time of the block; what `moved:` says is recorded first.

    A former holder that was killed is named aside: what it left open is settled by whoever applies next. Raises
    PlanStale when the state is not the one that `saved` was made from.
    """
    from runner.compile.checks.moves import moves
    from runner.engine.run import open_session

    with open_session(work, options, _waiting(screen)) as session:
        session.aside = screen.aside
        _name_former(session.journal, screen)
        if saved is not None:
            from runner.engine.carrying import check_state

            check_state(session, saved)
        taken = moves(work.manifest, work.graph, session.state)
        if taken:
            session.journal.record_now(*taken)
            session.moved = taken
        yield session


@contextmanager
def held(project: "Project", command: str, lock_timeout: float) -> "Iterator[Journal]":
    """The same for a command that looks at the state alone, and needs no manifest that is without problems."""
    from runner.engine.state.holding import holder_of
    from runner.engine.state.journal import open_journal

    name, place = project.state_place()
    holder = holder_of(command, project.file.parent)
    waiting = _waiting(project.screen)
    with open_journal(place, name=name, holder=holder, lock_timeout=lock_timeout, waiting=waiting) as journal:
        _name_former(journal, project.screen)
        yield journal


def _waiting(screen: Screen) -> "Callable[[str], None]":
    return lambda holder: screen.aside(f"Waiting for {holder} to let go of the state.")


def _name_former(journal: "Journal", screen: Screen) -> None:
    if journal.former_holder is not None:
        screen.aside(f"Taken over from {journal.former_holder}, which ended without letting go of the state.")
