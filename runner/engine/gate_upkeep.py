"""Approval gates before a run begins: which are of the past, and whether a run would do more than stand at them."""

from runner.compile.checks.work import Work
from runner.compile.planning.gates import gate_of, only_gates, outdated
from runner.engine.state.journal import Journal
from runner.model.event import Event, Forgotten, Ungated
from runner.model.phase import Phase
from runner.model.plan import Change, Plan


def tidy(work: Work, plan: Plan, journal: Journal) -> None:
    """Note that nothing waits any more at gates which the manifest as it is now does not come to."""
    events: list[Event] = []
    for held, reason in outdated(work.graph, plan, journal.state):
        if held.phase is not Phase.GATED:
            events.append(Ungated(address=held.address, reason=reason))
        elif not held.former and not held.files:
            events.append(Forgotten(address=held.address))  # nothing was ever sent for it
    if events:
        journal.record_now(*events)


def stands_still(work: Work, plan: Plan, journal: Journal) -> bool:
    """Whether a run that asks nobody would do nothing at all: all that is to be sent waits at gates that are known."""

    def recorded(change: Change) -> bool:
        gate = gate_of(journal.instances.get(change.address))
        return gate is not None and gate.digest == change.digest and not gate.by

    return only_gates(work.graph, plan, recorded)
