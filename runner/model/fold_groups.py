"""The fold of what happens to a bulk request as a whole."""

from runner.model.event import Doubted, Event, GroupClosed, GroupIntended, GroupReceived, Settling
from runner.model.shape import evolve
from runner.model.state import GroupState


def fold_group(known: GroupState | None, event: Event) -> GroupState | None:
    """What is known of a bulk request after an event about it."""
    if isinstance(event, GroupIntended):
        return GroupState(event.address, event)
    if known is None:
        return None
    match event:
        case GroupReceived():
            return evolve(known, id=event.id, doubt="", settling_since="")
        case GroupClosed():
            return evolve(known, closed=True)
        case Settling():
            intent = evolve(known.intent, accepted=True) if event.accepted else known.intent
            return evolve(known, settling_since=event.since or known.settling_since, intent=intent)
        case Doubted():
            return evolve(known, doubt=event.reason)
        case _:
            return known
