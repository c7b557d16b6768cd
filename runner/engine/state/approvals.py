"""What a person says at an approval gate: left in the inbox without a lock, taken in by whoever holds the state.

A word is about one generation and the digest of its inputs; whoever reads a state without holding it sees it with the
words that were left for it.
"""

import getpass
import json
import socket
from collections.abc import Iterable
from dataclasses import replace

from runner.engine.machine.daytime import now_text
from runner.engine.state.journal import Journal
from runner.engine.state.keeping import Word
from runner.engine.state.states import leave_words, read_instance, read_words
from runner.model.event import Approved
from runner.model.fold import fold_instance
from runner.model.state import InstanceState, State
from runner.model.state_place import StatePlace

APPROVE = "approve"


def take_in_approvals(journal: Journal) -> None:
    """Make events of what was approved, before a plan is made."""
    words = [word for word in journal.read_inbox() if word[2] == APPROVE]
    if words:
        journal.take(words)
        journal.record_now(*approvals(words))


def approvals(words: Iterable[Word]) -> list[Approved]:
    """The approvals among words; what is no approval of this kind is passed over."""
    found = []
    for _, address, verb, argument in words:
        if verb != APPROVE:
            continue
        try:
            said = json.loads(argument)
            found.append(
                Approved(
                    address=address,
                    generation=int(said["generation"]),
                    digest=str(said["digest"]),
                    by=str(said["by"]),
                    given=str(said["at"]),
                )
            )
        except (ValueError, KeyError, TypeError):  # not a word of ours
            continue
    return found


def approved_by_me(address: str, generation: int, digest: str, person: str = "") -> Approved:
    """The approval of whoever runs this process, now, or of the `person` for whom it does."""
    by = f"{person} (as {_me()})" if person else _me()
    return Approved(address=address, generation=generation, digest=digest, by=by, given=now_text())


def leave_approvals(place: StatePlace, given: Iterable[Approved]) -> None:
    """Leave approvals, all of them or none, for whoever holds the state; needs no lock. Raises StateError."""
    leave_words(place, [(one.address, APPROVE, _argument(one)) for one in given])


def _argument(one: Approved) -> str:
    said = {"generation": one.generation, "digest": one.digest, "by": one.by, "at": one.given}
    return json.dumps(said, ensure_ascii=False)


def foreseen(state: State, words: Iterable[Word]) -> State:
    """The state as it will be once approvals that were left are taken in; its sequence is that of now."""
    changed: dict[str, InstanceState] = {}
    for event in approvals(words):
        known = changed.get(event.address) or state.instances.get(event.address)
        made = fold_instance(known, event, event.given)
        if made is not None:
            changed[event.address] = made
    return replace(state, instances={**state.instances, **changed}) if changed else state


def foreseen_instance(place: StatePlace, name: str, address: str) -> InstanceState | None:
    """What is known of one address, with the approvals that were left for it. Raises StateError."""
    held = read_instance(place, name, address)
    for event in approvals(word for word in read_words(place, name) if word[1] == address):
        held = fold_instance(held, event, event.given)
    return held


def _me() -> str:
    """Who runs this process, for people."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        user = "somebody"
    return f"{user} on {socket.gethostname()}"
