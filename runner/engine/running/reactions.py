"""What follows from what was recorded: who may go on, who is in trouble, what was paid."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runner.api.lifecycles.effects import Outcome
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Resource
from runner.engine.running.orders import Wish
from runner.engine.running.updates import can_update, pays
from runner.model.event import (
    Approved,
    Doubted,
    Event,
    Finished,
    GroupIntended,
    GroupReceived,
    Intended,
    Received,
    Refused,
)
from runner.model.manifest import SUBMITTED
from runner.model.plan import Verb
from runner.model.state import InstanceState, Phase

if TYPE_CHECKING:
    from runner.engine.running.apply import Apply

ENDED = (Phase.RUNNING, Phase.READY, Phase.FAILED, Phase.STALLED, Phase.REFUSED, Phase.DOUBT)
"""Phases of rows whose outcome was told already."""


class Reactions:
    """Reacts to events and to the ends of lifecycles."""

    def __init__(self, run: "Apply") -> None:
        self._run = run
        self._desk = run.desk

    def react(self, event: Event) -> None:
        """Called once for each event, in their order; one that lets a call go out is on the disk by then."""
        match event:
            case Intended():
                again = f" again (attempt {event.attempt})" if event.attempt > 1 else ""
                what = f", update of {', '.join(event.update)}" if event.update else ""
                self._desk.tell(event.address, "sending", f"{event.uses}{what}{again}")
                if event.update:
                    self._desk.updated.add(event.address)
            case GroupIntended():
                self._desk.tell(event.address, "sending", f"{event.uses}, {len(event.members)} rows")
            case GroupReceived():
                self._desk.tell(event.address, "accepted", event.id)
            case Received():
                self._received(event)
            case Refused():
                reason = f"{event.code}: {event.message}" if event.code else event.message
                self._run.fail(event.address, "refused", reason)
                self._run.sending.give_turn_back(event.address)
            case Doubted():
                self._doubted(event)
            case Approved():
                self._run.gates.approved(event)
            case Finished():
                self._finished(event)
            case _:
                return

    def _received(self, event: Received) -> None:
        desk, run = self._desk, self._run
        state = desk.state(event.address)
        if state is None:
            return
        self._count(event, state)
        run.budget.settle(event.address, event.cost, event.unit)
        run.sending.money_moved()
        word = "adopted" if event.how == "adopted" else "accepted"
        desk.tell(event.address, word, event.id)
        if event.address in desk.work.graph.instances:
            run.released(run.scheduler.reached(event.address, SUBMITTED))
        if state.phase is Phase.RUNNING:
            run.waiting.wait(state)
        run.sending.give_turn_back(event.address, still_running=True)

    def _count(self, event: Received, state: InstanceState) -> None:
        if not pays(self._desk.use(state.uses), state):
            return
        units = self._desk.tally.paid[state.uses.partition(".")[0]]
        units["calls"] += 1
        if event.cost is not None and event.unit:
            units[event.unit] += event.cost

    def _count_late(self, event: Finished) -> None:
        """The price of work whose API tells it only at its end."""
        state = self._desk.state(event.address)
        if event.cost is None or not event.unit or state is None or not state.uses:
            return
        use = self._desk.use(state.uses)
        if isinstance(use.kind, Resource) and use.kind.cost is not None and use.kind.cost.on == "read":
            self._desk.tally.paid[use.provider.name][event.unit] += event.cost

    def _doubted(self, event: Doubted) -> None:
        if self._desk.state(event.address) is None:
            return  # a group: its members are told of one by one
        ids = f" (candidates: {', '.join(event.candidates)})" if event.candidates else ""
        self._run.fail(
            event.address,
            "doubt",
            event.reason + ids,
            f"runner resolve {event.address} --adopt ID | --resend | --abandon",
        )
        self._run.sending.block_behind(event.address)

    def _finished(self, event: Finished) -> None:
        run, desk = self._run, self._desk
        desk.tally.running.discard(event.address)
        if run.budget.ended(event.address, event.cost, event.unit):
            run.sending.money_moved()
        run.sending.give_turn_back(event.address)
        if event.address not in desk.work.graph.instances:
            return
        self._count_late(event)
        if event.outcome != "ready":
            state = desk.state(event.address)
            message = event.message or (state.status if state is not None else "")
            command = "runner apply --retry-failed" if event.outcome == "failed" else ""
            run.fail(event.address, event.outcome, message or event.outcome, command, started=True)
            if state is not None and any(part.outcome == "ready" for part in state.parts):
                run.saving.save(event.address)
            return
        desk.tell(event.address, "ready", event.status)
        if not run.local.is_local(desk.job(event.address).uses):
            run.saving.save(event.address)  # first: what would change this thing waits for its files
        else:
            desk.tally.done += 1
        run.reached(event.address, "ready")

    def ended(self, address: str, use: Use, outcome: Outcome) -> None:
        """A lifecycle has come to its end; what it recorded was reacted to already."""
        desk = self._desk
        if outcome.stop_provider:
            desk.accounts[use.provider.name].stop(outcome.stop_provider)
        if outcome.close_provider:
            name = use.provider.name
            desk.tally.credit[name] = outcome.balance
            desk.accounts[name].close(f"not sent: {name} has refused {address}: {outcome.close_provider}")
        if outcome.kind == "waiting":
            desk.tally.running.update(self._unended(address))
            desk.tell(address, "settling", f"left to the next run: {outcome.reason}")
        elif outcome.kind in ("blocked", "failed", "withdrawn"):
            self._not_done(address, outcome)

    def tell_open(self) -> None:
        """Calls without an outcome at the end of a run that was cut: the next one finds out."""
        desk = self._desk
        for address, held in desk.journal.instances.items():
            if held.phase is Phase.UNSETTLED and address not in desk.tally.running:
                desk.tally.running.add(address)
                desk.tell(address, "settling", "no answer yet: the next apply finds out what became of it")

    def _unended(self, address: str) -> list[str]:
        """Whoever this flow was for and has no outcome yet: of a group its rows."""
        group = self._desk.journal.groups.get(address)
        rows = [member.address for member in group.intent.members] if group is not None else [address]
        rows = list(self._run.groups.rows.get(address, rows))
        return [row for row in rows if not self._has_outcome(row)]

    def _has_outcome(self, address: str) -> bool:
        """Whether the generation that this run is about has one: of a replacement that was not made it is not that of
        what stands there still."""
        held, change = self._desk.state(address), self._desk.plan.changes.get(address)
        if held is None or held.phase not in ENDED:
            return False
        return change is None or change.verb is Verb.SETTLE or held.generation >= change.generation

    def _not_done(self, address: str, outcome: Outcome) -> None:
        """Ended without an effect; a group's trouble is that of each of its rows."""
        desk, run = self._desk, self._run
        state = desk.state(address)
        if state is not None and state.phase is Phase.UNSETTLED:
            run.sending.block_behind(
                address
            )  # its intent is open: nothing else may go under its mark in this run
        else:
            run.sending.give_turn_back(address)
        digests = self._digests(address)
        for member in self._unended(address) if address not in desk.plan.changes else [address]:
            change = desk.plan.changes.get(member)
            if member in digests:
                self._row_not_done(member)
            if change is None:
                self._give_money_back(member)
                continue
            if outcome.kind == "withdrawn" and change.verb is Verb.SETTLE:
                if member in digests and run.sending.again(member, digests[member]):
                    desk.tell(member, "notice", "was never done; sent in another group")
                    continue
                self._give_money_back(member)
                desk.tell(member, "notice", "was never done; planned anew by the next apply")
                desk.trouble(member, "failed", "its call was lost and never done; apply again to send it")
                run.drop(member)
                continue
            run.fail(
                member, "blocked" if outcome.kind == "blocked" else "failed", outcome.reason, outcome.command
            )

    def _give_money_back(self, address: str) -> None:
        """What was reserved for a call that an earlier run sent, once it is shown that nothing was done."""
        state = self._desk.state(address)
        if state is None or state.phase not in (Phase.UNSETTLED, Phase.DOUBT):
            self._run.budget.release(address)
            self._run.sending.money_moved()

    def _digests(self, address: str) -> dict[str, str]:
        """What each row of a group was to be made of; nothing for an instance of its own."""
        group = self._desk.journal.groups.get(address)
        return {one.address: one.digest for one in group.intent.members} if group is not None else {}

    def _row_not_done(self, member: str) -> None:
        """A row of a group that ended without an effect leaves its name to others, unless its outcome is open."""
        state = self._desk.state(member)
        if state is not None and state.phase is Phase.UNSETTLED:
            self._run.sending.block_behind(member)
        else:
            self._run.sending.give_turn_back(member)

    def out_of_reach(self, state: InstanceState) -> bool:
        """Whether nobody can ask what became of it, as the manifest names its provider no more, or its document lacks
        the update that was sent: it stays as it is."""
        provider = state.uses.partition(".")[0]
        if self._desk.reaches(state.uses):
            if state.intent is None or not state.intent.update or can_update(self._desk.use(state.uses)):
                return False
            provider = f"an update of {state.uses}"
        lost = state.phase is Phase.UNSETTLED
        what = "the answer to its call was lost" if lost else f"it runs there as {state.id}"
        self._run.fail(
            state.address,
            "blocked",
            f"{what}, and the manifest no longer names {provider}: put it back to go on",
        )
        return True

    def looked_up(self, address: str, use: Use, wish: Wish, outputs: Mapping[str, Any]) -> None:
        """A lookup was read: remember it for this run, and pin it in the state."""
        self._desk.known[address] = outputs
        state = self._desk.state(address)
        self._run.note(
            Finished(
                address=address,
                generation=state.generation + 1 if state is not None else 1,
                outcome="ready",
                outputs=outputs,
                uses=use.uses,
                digest=wish.digest,
                inputs=wish.canonical,
            )
        )
