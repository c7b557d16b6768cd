"""What a person says about a call in doubt: left in an inbox without a lock, taken in by the holder.

A word holds for the very call that it was said of: one that comes when that call has been settled, or sent again, is
told to be of no use any more, and never falls on a later one.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from runner.engine.machine.daytime import now_text
from runner.engine.state.approvals import APPROVE, foreseen
from runner.engine.state.journal import Journal
from runner.engine.state.states import leave_word, read_state, read_words
from runner.model.errors import WrongUsage
from runner.model.event import Event, Received, Resolved
from runner.model.fold import fold_instance
from runner.model.state import InstanceState, Phase, State
from runner.model.state_place import StatePlace

WORDS = {
    "adopt": "adopted by the next apply",
    "resend": "sent again by the next apply",
    "abandon": "given up by the next apply; whatever exists there stays there",
}
OPEN = (Phase.DOUBT, Phase.UNSETTLED)


def deliver(place: StatePlace, name: str, address: str, how: str, id: str) -> str:
    """Leave a word about an address that is in doubt; returns what will happen. Raises WrongUsage or StateError."""
    known = read_state(place, name).instances
    held = known.get(address)
    if held is None:
        raise WrongUsage(f"the state knows no {address}", "runner status lists what it knows")
    if held.phase not in OPEN:
        raise WrongUsage(f"{address} is not in doubt: it is {held.phase.value}")
    if how == "resend" and held.group:
        raise WrongUsage(
            f"{address} was a row of the bulk request {held.group}, which cannot be sent again in part",
            f"runner resolve {address} --abandon, and it is planned anew",
        )
    owner = _owner(known.values(), held, id) if how == "adopt" else ""
    if owner:
        raise WrongUsage(f"{id} belongs to {owner} already", f"runner show {owner}")
    leave_in_inbox(place, address, how, json.dumps({"id": id, "call": call_word(held)}))
    return f"{address} will be {WORDS[how]}"


def take_in(journal: Journal, aside: Callable[[str], None] = lambda text: None) -> list[str]:
    """Make events of what was left; returns the addresses that are settled now. `aside` is told of each word that came
    to nothing, and why."""
    taken: list[str] = []
    for word in journal.read_inbox():
        _, address, how, argument = word
        if how == APPROVE:
            continue  # see approvals.py
        journal.take([word])
        held = journal.instances.get(address)
        id, call = _said(argument)
        useless = _useless(journal.instances, held, how, id, call)
        if useless or held is None:
            option = f"--{how} {id}".rstrip()
            aside(f"Not taken in: `runner resolve {address} {option}`: {useless}.")
            continue
        journal.record_now(_event(held, how, id))  # at once: two words may name one id
        taken.append(address)
    return taken


def foreseen_state(place: StatePlace, name: str) -> State:
    """A snapshot without the lock, as it will be when its holder has taken in what was left. Its sequence counts the
    words about calls in doubt, as these are taken in before a plan is made. Raises StateError."""
    state, words = read_state(place, name), read_words(place, name)
    known = dict(state.instances)
    taken = 0
    for _, address, how, argument in words:
        id, call = _said(argument)
        held = known.get(address)
        if how == APPROVE or held is None or _useless(known, held, how, id, call):
            continue
        known[address] = fold_instance(held, _event(held, how, id), now_text()) or held
        taken += 1
    return foreseen(replace(state, instances=known, sequence=state.sequence + taken), words)


def _useless(
    known: Mapping[str, InstanceState], held: InstanceState | None, how: str, id: str, call: str
) -> str:
    """Why a word can do nothing now; empty when it holds."""
    if how not in WORDS:
        return "this version does not know the word"
    if held is None:
        return "the state does not know the address any more"
    if held.phase not in OPEN:
        return f"it is {held.phase.value} by now"
    if call != call_word(held):
        return "it was said of an earlier call; look at `runner show` and say it of this one"
    owner = _owner(known.values(), held, id) if how == "adopt" else ""
    return f"{id} belongs to {owner} by now" if owner else ""


def call_word(held: InstanceState) -> str:
    """What tells one call from every other: a new generation, another intent and a call that is sent again differ."""
    intent = held.intent
    if intent is None:
        return f"{held.generation} {held.group}"
    own = intent.key or intent.mark or " ".join(intent.marks)
    return f"{held.generation} {intent.attempt} {intent.digest} {own}"


def _said(argument: str) -> tuple[str, str]:
    """The id and the call of a word; one that was left in another form names no call, and holds for none."""
    try:
        said = json.loads(argument)
    except ValueError:
        return argument, ""
    return (str(said.get("id", "")), str(said.get("call", ""))) if isinstance(said, dict) else (argument, "")


def _owner(known: Iterable[InstanceState], held: InstanceState, id: str) -> str:
    """Whose a remote id is already in the account of `held`; empty when nobody else has it. Ids are often counted for
    each sort of thing by itself, so that of another use is another thing's."""
    others = (one for one in known if one.address != held.address and one.uses == held.uses)
    return next((one.address for one in others if one.account == held.account and id in one.ids), "")


def _event(state: InstanceState, how: str, id: str) -> Event:
    if how == "adopt":
        return Received(address=state.address, generation=state.generation, id=id, how="resolved")
    return Resolved(address=state.address, generation=state.generation, how=how)


def leave_in_inbox(place: StatePlace, address: str, verb: str, argument: str) -> None:
    """Leave a person's word for whoever holds the state; needs no lock. Raises StateError."""
    leave_word(place, address, verb, argument)
