"""What a person says about a call in doubt: left in an inbox without a lock, taken in by the holder."""

from runner.engine.journal import Journal
from runner.engine.states import leave_word, read_state
from runner.model.errors import WrongUsage
from runner.model.event import Event, Received, Resolved
from runner.model.state import InstanceState, Phase
from runner.model.state_place import StatePlace

WORDS = {
    "adopt": "adopted by the next apply",
    "resend": "sent again by the next apply",
    "abandon": "given up by the next apply; whatever exists there stays there",
}


def deliver(place: StatePlace, name: str, address: str, how: str, id: str) -> str:
    """Leave a word about an address that is in doubt; returns what will happen. Raises WrongUsage or StateError."""
    known = read_state(place, name).instances
    held = known.get(address)
    if held is None:
        raise WrongUsage(f"the state knows no {address}", "runner status lists what it knows")
    if held.phase not in (Phase.DOUBT, Phase.UNSETTLED):
        raise WrongUsage(f"{address} is not in doubt: it is {held.phase.value}")
    if how == "resend" and held.group:
        raise WrongUsage(
            f"{address} was a row of the bulk request {held.group}, which cannot be sent again in part",
            f"runner resolve {address} --abandon, and it is planned anew",
        )
    owner = next((one.address for one in known.values() if id in one.ids and one.account == held.account), "")
    if how == "adopt" and owner and owner != address:
        raise WrongUsage(f"{id} belongs to {owner} already", f"runner show {owner}")
    leave_in_inbox(place, address, how, id)
    return f"{address} will be {WORDS[how]}"


def take_in(journal: Journal) -> list[str]:
    """Make events of what was left; returns the addresses that are settled now."""
    events: dict[str, Event] = {}
    for _, address, how, id in journal.read_inbox():
        state = journal.instances.get(address)
        if state is not None and state.phase in (Phase.DOUBT, Phase.UNSETTLED):
            events.setdefault(address, _event(state, how, id))  # the first word holds
    journal.record_now(*events.values())
    return list(events)


def _event(state: InstanceState, how: str, id: str) -> Event:
    if how == "adopt":
        return Received(address=state.address, generation=state.generation, id=id, how="resolved")
    return Resolved(address=state.address, generation=state.generation, how=how)


def leave_in_inbox(place: StatePlace, address: str, verb: str, argument: str) -> None:
    """Leave a person's word for whoever holds the state; needs no lock. Raises StateError."""
    leave_word(place, address, verb, argument)
