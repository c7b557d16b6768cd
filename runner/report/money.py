"""What a plan is known to cost, by provider and unit, beside what is left there."""

from collections.abc import Mapping

from runner.model.frozen import frozen
from runner.model.plan import SENDING, Cost, Plan
from runner.report.words import amount, counted


@frozen
class Need:
    """Paid calls at one provider: `amount` of `unit` where the cost is known, `unknown` without one."""

    provider: str
    calls: int
    unit: str = ""
    amount: float = 0.0
    at_most: float = 0.0
    unknown: int = 0
    balance: Cost | None = None

    @property
    def short(self) -> bool:
        """Whether the balance is known not to suffice."""
        return (
            self.balance is not None and self.unit == self.balance.unit and self.amount > self.balance.amount
        )


def costs_by_provider(plan: Plan) -> tuple[Need, ...]:
    """One entry for each provider and unit of paid calls; what is not sure counts in `at_most` alone."""
    found: dict[tuple[str, str], list[float]] = {}
    unknown: dict[str, int] = {}
    calls: dict[str, int] = {}
    for change in plan:
        if change.verb not in SENDING or not change.paid:
            continue
        provider = change.uses.partition(".")[0]
        calls[provider] = calls.get(provider, 0) + 1
        if change.cost is None:
            unknown[provider] = unknown.get(provider, 0) + 1
            continue
        sums = found.setdefault((provider, change.cost.unit), [0.0, 0.0])
        sums[0] += change.cost.amount if change.sure else 0.0
        sums[1] += change.cost.amount
    return tuple(_needs(calls, found, unknown, plan.balances))


def _needs(
    calls: Mapping[str, int],
    found: Mapping[tuple[str, str], list[float]],
    unknown: Mapping[str, int],
    balances: Mapping[str, Cost],
) -> list[Need]:
    needs = []
    for provider, count in calls.items():
        units = [(unit, sums) for (name, unit), sums in found.items() if name == provider] or [
            ("", [0.0, 0.0])
        ]
        for unit, (sure, most) in units:
            balance, open_ = balances.get(provider), unknown.get(provider, 0)
            needs.append(Need(provider, count, unit, sure, most, open_, balance))
    return needs


def needs_line(need: Need) -> str:
    """`dubformer: 12 paid calls, about 1,272 minutes; balance 12 minutes: not enough`."""
    parts = [f"Cost: {need.provider}: {counted(need.calls, 'paid call')}"]
    if need.unit:
        most = f" to {amount(need.at_most)}" if need.at_most > need.amount else ""
        parts.append(f", about {amount(need.amount)}{most} {need.unit}")
        parts.append(f" and {counted(need.unknown, 'call')} of unknown cost" if need.unknown else "")
    else:
        parts.append(", cost unknown")
    if need.balance is not None:
        short = ": not enough" if need.short else ""
        parts.append(f"; balance {amount(need.balance.amount)} {need.balance.unit}{short}")
    return "".join(parts)
