"""Out of credit: what was not made for lack of it, and how much that still needs."""

from collections.abc import Iterator
from dataclasses import replace

from runner.engine.running.desk import Desk
from runner.model.plan import PAYING, Change
from runner.model.progress import Missing, RunResult
from runner.model.state import Phase

NOT_MADE = (Phase.REFUSED, Phase.WITHDRAWN, Phase.ABANDONED)


def result_of(desk: Desk, interrupted: bool) -> RunResult:
    """What the run did, with what each provider that ran out of credit was to make in it, and has not."""
    missing = tuple(_missing(desk, name, balance) for name, balance in desk.tally.credit.items())
    return replace(desk.tally.result(interrupted, desk.accounts), missing=missing)


def _missing(desk: Desk, provider: str, balance: float | None) -> Missing:
    changes = list(_not_made(desk, provider))
    costs = [change.cost for change in changes if change.cost is not None]
    unit = costs[0].unit if costs else ""
    alike = [cost.amount for cost in costs if cost.unit == unit]
    return Missing(provider, len(changes), sum(alike), unit, len(changes) - len(alike), balance)


def _not_made(desk: Desk, provider: str) -> Iterator[Change]:
    """The paid calls that the plan showed and that got no further: refused, not sent, or behind one of these."""
    for address in dict.fromkeys(trouble.address for trouble in desk.tally.troubles):
        change = desk.plan.changes.get(address)
        if change is None or not change.paid or change.verb not in PAYING:
            continue
        held = desk.state(address)
        made = held is not None and held.generation >= change.generation and held.phase not in NOT_MADE
        if change.uses.partition(".")[0] == provider and not made:
            yield change
