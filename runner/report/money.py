"""What a plan is known to cost, by provider and unit, beside what is left there and what the manifest allows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from runner.model.frozen import frozen
from runner.model.plan import SENDING, Allowance, Cost, Plan
from runner.model.prices import CALLS
from runner.report.words import amount, counted


@frozen
class Need:
    """Paid calls at one provider: `amount` of `unit` where the cost is known, `unknown` calls without one.

    `money` is what `valued` of the `known` ones cost in `currency` by the manifest's prices; no currency: nobody knows.
    What is not sure counts in `at_most` and `money_at_most` alone.
    """

    provider: str
    calls: int
    unit: str = ""
    amount: float = 0.0
    at_most: float = 0.0
    unknown: int = 0
    balance: Cost | None = None
    money: float = 0.0
    money_at_most: float = 0.0
    currency: str = ""
    valued: int = 0
    known: int = 0

    @property
    def short(self) -> float:
        """How much is known to be missing beside the balance; 0 where it suffices, or nobody knows."""
        if self.balance is None or self.unit != self.balance.unit:
            return 0.0
        return max(self.amount - self.balance.amount, 0.0)


@dataclass(slots=True)
class _Sums:
    """What calls of one provider in one unit add up to."""

    known: int = 0
    sure: float = 0.0
    most: float = 0.0
    valued: int = 0
    money: float = 0.0
    money_most: float = 0.0
    currency: str = ""

    def add(self, cost: Cost | None, money: Cost | None, *, sure: bool) -> None:
        self.known += 1
        if cost is not None:
            self.sure += cost.amount if sure else 0.0
            self.most += cost.amount
        if money is not None:
            self.valued, self.currency = self.valued + 1, money.unit
            self.money += money.amount if sure else 0.0
            self.money_most += money.amount


@dataclass(slots=True)
class _Calls:
    """The paid calls of one provider."""

    count: int = 0
    unknown: int = 0
    units: dict[str, _Sums] = field(default_factory=dict)


def costs_by_provider(plan: Plan) -> tuple[Need, ...]:
    """One entry for each provider and unit of paid calls; what is not sure counts in `at_most` alone."""
    found: dict[str, _Calls] = {}
    for change in plan:
        if change.verb not in SENDING or not change.paid:
            continue
        calls = found.setdefault(change.uses.partition(".")[0], _Calls())
        calls.count += 1
        if change.cost is None and change.money is None:
            calls.unknown += 1
            continue
        unit = change.cost.unit if change.cost is not None else ""
        calls.units.setdefault(unit, _Sums()).add(change.cost, change.money, sure=change.sure)
    return tuple(_needs(found, plan.balances))


def _needs(found: Mapping[str, _Calls], balances: Mapping[str, Cost]) -> Iterator[Need]:
    for provider, calls in found.items():
        for unit, sums in (calls.units or {"": _Sums()}).items():
            yield Need(
                provider=provider,
                calls=calls.count,
                unit=unit,
                amount=sums.sure,
                at_most=sums.most,
                unknown=calls.unknown,
                balance=balances.get(provider),
                money=sums.money,
                money_at_most=sums.money_most,
                currency=sums.currency,
                valued=sums.valued,
                known=sums.known,
            )


def needs_line(need: Need) -> str:
    """`dubformer: 12 paid calls, about 1,272 minutes (about 636 EUR); balance 12 minutes: not enough`."""
    parts = [f"Cost: {need.provider}: {counted(need.calls, 'paid call')}"]
    money = _range(need.money, need.money_at_most, need.currency) if need.currency else ""
    some = f" for {need.valued:,} of them" if need.valued < need.known else ""
    if need.unit:
        parts.append(f", {_range(need.amount, need.at_most, need.unit)}")
        parts.append(f" ({money}{some})" if money else "")
    elif money:
        parts.append(f", {money}{some}")
    else:
        parts.append(", cost unknown")
    if need.unknown and (need.unit or money):
        parts.append(f" and {counted(need.unknown, 'call')} of unknown cost")
    if need.balance is not None:
        short = f": not enough, about {amount(need.short)} missing" if need.short else ""
        parts.append(f"; balance {amount(need.balance.amount)} {need.balance.unit}{short}")
    return "".join(parts)


def _range(sure: float, most: float, unit: str) -> str:
    to = f" to {amount(most)}" if most > sure else ""
    return f"about {amount(sure)}{to} {unit}"


def budget_lines(plan: Plan) -> list[str]:
    """What is left of each budget that this plan takes something of, or that it runs up against."""
    return [budget_line(one) for one in plan.budgets if one.planned or one.blocked or one.unknown]


def budget_line(one: Allowance) -> str:
    """`Budget: dubformer: 500 minutes, 320 spent, 12 reserved, 168 left; this plan about 120`."""
    held = [f"{amount(one.spent)} spent"] if one.spent else []
    held += [f"{amount(one.reserved)} reserved"] if one.reserved else []
    held += [f"{amount(one.left)} left"] if held else []
    about = "" if one.unit == CALLS else "about "
    parts = [", ".join([f"Budget: {one.provider or 'one run'}: {amount(one.most)} {_unit(one)}", *held])]
    if one.planned:
        parts.append(f"this plan {about}{amount(one.planned)}")
    if one.blocked:
        parts.append(f"not enough for {counted(one.blocked, 'more call')}")
    if one.unknown:
        calls = counted(one.unknown, "call")
        parts.append(f"{calls} of unknown cost may overshoot it by what is in flight")
    if one.unpriced:
        calls = counted(one.unpriced, "paid call")
        parts.append(f"{calls} not counted, as nobody told what {'it' if one.unpriced == 1 else 'they'} cost")
    return "; ".join(parts)


def _unit(one: Allowance) -> str:
    return one.unit.removesuffix("s") if one.most == 1 else one.unit
