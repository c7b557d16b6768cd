"""Carrying out a saved plan: exactly it, once, and only while nothing that it was made from has moved."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runner.compile.planning.basis import basis_of, moved
from runner.compile.planning.plan import plan as make
from runner.engine.observe import known_outputs, stands
from runner.engine.opened import Opened
from runner.engine.running.desk import Accounts
from runner.engine.running.ledger import paid_so_far
from runner.engine.state.approvals import foreseen
from runner.engine.state.inbox import take_in
from runner.engine.state.states import read_history
from runner.engine.wire.lookups import ask_lookup
from runner.engine.wire.transport import Transport
from runner.engine.wire.walks import Walks
from runner.model.errors import PlanStale
from runner.model.event import RunStarted
from runner.model.gate import GIVEN
from runner.model.observation import Observations
from runner.model.plan import Plan
from runner.model.saved import SavedPlan
from runner.model.state import State

ANEW = "make a new one: `runner plan --out plan.json`"


def check_state(session: Opened, saved: SavedPlan) -> None:
    """Raises PlanStale when the plan was applied, or the state is not the one that it was made from."""
    take_in(session.journal, session.aside)
    state = session.state
    before = _application(session, saved)
    if before:
        raise PlanStale(f"this plan was applied before: {before}", "`runner apply` carries on what it began")
    if saved.basis.lineage not in ("", state.lineage):
        raise PlanStale("this plan was made from another state", ANEW)
    if saved.basis.sequence != state.sequence:
        raise PlanStale(f"the state has moved on since this plan was made{_since(session, saved)}", ANEW)


def carry(session: Opened, saved: SavedPlan) -> tuple[Plan, Observations]:
    """The plan that was saved, made again from what it was made from. Raises PlanStale when it cannot be.

    `check_state` comes first; what `moved:` says may have been recorded since.
    """
    observed = saved.observed
    if saved.open:
        asked = asyncio.run(_asked(session, saved))
        observed = replace(observed, lookups={**observed.lookups, **asked})
    work, state = session.work, _as_shown(session, saved)
    made = make(work, state, observed, saved.wishes, stands(work), paid_so_far(work, state.sequence))
    now = replace(basis_of(work, made, state, observed), sequence=saved.basis.sequence)
    reason = moved(saved.basis, now)
    if reason:
        raise PlanStale(f"this plan is stale: {reason}", ANEW)
    return made, observed


def _as_shown(session: Opened, saved: SavedPlan) -> State:
    """The state, with those approvals of the inbox that the plan was made with: any further one opens its gate while
    the plan is carried out, as the plan shows of it."""
    shown = {one["address"] for one in saved.shown.get("changes", ()) if one.get("approval") == GIVEN}
    words = [word for word in session.journal.read_inbox() if word[1] in shown]
    return foreseen(session.state, words)


async def _asked(session: Opened, saved: SavedPlan) -> dict[str, Mapping[str, Any]]:
    """The answers that could not be saved, since signed addresses stood in them."""
    work, transport = session.work, Transport()
    accounts = Accounts(work, transport)
    walks = Walks(accounts)
    outputs = known_outputs(session.state, saved.observed.lookups)
    found: dict[str, Mapping[str, Any]] = {}
    try:
        for address in saved.open:
            instance = work.graph.instances.get(address)
            use = work.catalogue.use(work.manifest.jobs[instance.job].uses) if instance is not None else None
            if instance is None or use is None:
                raise PlanStale(f"this plan is stale: {address} is not there any more", ANEW)
            inputs = work.evaluator.inputs(instance, outputs)
            answer = await ask_lookup(accounts[use.provider.name], walks, use, inputs, walks.began)
            if isinstance(answer, str):
                raise PlanStale(f"this plan cannot be carried out: {answer}", ANEW)
            found[address] = answer
    finally:
        await transport.close()
    return found


def _application(session: Opened, saved: SavedPlan) -> str:
    for at, fields in _runs(session):
        if fields.get("plan") == saved.id:
            return f"{at} by {fields.get('holder', 'somebody')}"
    return ""


def _since(session: Opened, saved: SavedPlan) -> str:
    """Who moved it, where a run did."""
    runs = [(at, fields) for at, fields in _runs(session) if at > saved.made]
    if not runs:
        return ""
    at, fields = runs[-1]
    return f": `runner {fields.get('command', '')}` at {at} by {fields.get('holder', 'somebody')}"


def _runs(session: Opened) -> list[tuple[str, dict[str, Any]]]:
    journal = session.journal
    rows = read_history(journal.place, journal.name, (RunStarted.kind,))
    return [(at, json.loads(data)) for at, _, _, data in rows]
