"""The turns of instances: which of them a call needs, and what earlier runs and rows of workbooks hold."""

from collections.abc import Mapping
from typing import Any

from runner.api.lifecycles.order import Order
from runner.api.provider import Use
from runner.engine.running.desk import Desk
from runner.engine.running.orders import inputs_of
from runner.engine.running.turns import Key, Turns, exclusive_key, mark_key
from runner.model.plan import Verb
from runner.model.state import InstanceState, Phase

IDLE = (Verb.NONE, Verb.SKIP, Verb.BLOCKED)
UNKNOWN = (Phase.UNSETTLED, Phase.DOUBT)


class InstanceTurns:
    """Turns, asked for by orders and by what the state says."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turns = Turns()

    def take(self, order: Order) -> bool:
        """Take what a call needs, or wait for it."""
        return self._turns.take(order.address, _keys(order))

    def stuck(self, order: Order) -> str:
        """Who has a turn that this call needs, and will not give it back in this run; empty: nobody."""
        holder, stuck = self._turns.holder(order.address, _keys(order))
        return holder if stuck else ""

    def resume_all(self) -> None:
        """What earlier runs have begun, as this run's plan finds it."""
        for address, change in self._desk.plan.changes.items():
            state = self._desk.state(address)
            if state is None or state.phase not in (*UNKNOWN, Phase.RUNNING):
                continue
            if change.verb in (Verb.SETTLE, Verb.RESUME, *IDLE):
                self._resume(state, left=change.verb in IDLE)
        for address, state in self._desk.journal.instances.items():
            if state.phase in UNKNOWN and address not in self._desk.work.graph.instances:
                self._resume(state)  # it left the manifest; its name is not free before its outcome is known

    def _resume(self, state: InstanceState, left: bool = False) -> None:
        """What was begun by an earlier run goes on holding its turn; what is in doubt, or `left` as it is by this run
        (nobody asked for it), holds it to the end of this."""
        if not isinstance(state.inputs, Mapping) or not self._desk.reaches(state.uses):
            return
        use = self._desk.use(state.uses)
        inputs = inputs_of(self._desk, state)
        keys = [exclusive_key(use, state.account, inputs)]
        if state.phase in UNKNOWN and not (state.intent is not None and state.intent.minted):
            keys.append(mark_key(use, self._desk.collection(use, inputs), inputs))
        self._turns.join(state.address, keys)
        if left or state.phase is Phase.DOUBT:
            self._turns.behind(state.address)

    def name_taken(self, address: str, use: Use, inputs: Mapping[str, Any]) -> str:
        """Take the turn of a row's name; or who has it, as no workbook waits for one of its rows."""
        keys = [mark_key(use, self._desk.collection(use, inputs), inputs)]
        holder, _ = self._turns.holder(address, keys)
        if not holder:
            self._turns.join(address, keys)
        return holder

    def give_back(self, address: str, *, still_running: bool) -> list[str]:
        """A call has its outcome; returns who may try. `still_running`: what it made is still worked on there."""
        keep = []
        if still_running and (state := self._desk.state(address)) is not None:
            use = self._desk.use(state.uses)
            keep.append(exclusive_key(use, state.account, inputs_of(self._desk, state)))
        return self._turns.release(address, keep)

    def behind(self, address: str) -> list[str]:
        """Whoever waits for what this address will not give back in this run."""
        return self._turns.behind(address)


def _keys(order: Order) -> list[Key | None]:
    keys = [exclusive_key(order.use, order.account, order.inputs)]
    if not order.append:
        keys.append(mark_key(order.use, order.collection, order.inputs))
    return keys
