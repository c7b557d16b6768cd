"""What is spent and reserved against what is allowed: one arithmetic for the plan, which foresees, and for the run.

A provider's budget counts all that its calls in this state have ever cost; the manifest's own what one run pays,
whomever. Each question takes as long as there are budgets, however many calls there are.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from runner.api.vocabulary.lifedata import Action, Resource
from runner.compile.checks.work import Work
from runner.model.charge import Charge
from runner.model.plan import Allowance
from runner.model.prices import CALLS, Spend, spend_of
from runner.model.settings import ProviderSettings

RUN = ""
"""The scope of the manifest's own budget, beside those of the providers."""

SLACK = 1e-9
"""Sums of decimal fractions in binary are off by less than this part; no budget is missed by it."""


@dataclass(slots=True)
class _Line:
    """One unit of one budget. `unknown`: calls, spent or reserved, of which nobody knows the amount; `unpriced`: the
    spent ones among them. `planned` is what a plan set aside, `again` the same for what was refused before, `open` its
    calls of unknown amount, `blocked` those that it could not set anything aside for."""

    most: float
    spent: float = 0.0
    reserved: float = 0.0
    unknown: int = 0
    unpriced: int = 0
    planned: float = 0.0
    again: float = 0.0
    open: int = 0
    blocked: int = 0

    def allows(self, wanted: float | None, more: float) -> bool:
        """Whether a call of so much, or of nobody knows how much, still fits beside what is held, and `more`."""
        held, slack = self.held + more, SLACK * max(1.0, self.most)
        return held < self.most - slack if wanted is None else held + wanted <= self.most + slack

    @property
    def held(self) -> float:
        """What cannot be spent any more."""
        return self.spent + self.reserved + self.planned


class Purse:
    """The budgets of all providers, by their `settings`, and that of one `run`."""

    def __init__(self, settings: Mapping[str, ProviderSettings], run: Mapping[str, float]) -> None:
        allowed = {name: one.budget for name, one in settings.items() if one.budget}
        if run:
            allowed[RUN] = run
        self._blind = {name: one.max_in_flight for name, one in settings.items()}
        self._lines = {
            scope: {unit: _Line(most) for unit, most in budget.items()} for scope, budget in allowed.items()
        }

    @property
    def empty(self) -> bool:
        """Whether nothing limits what is spent."""
        return not self._lines

    def scopes(self, provider: str) -> tuple[str, ...]:
        """Whose budgets a call to a provider counts in."""
        return tuple(scope for scope in (provider, RUN) if scope in self._lines)

    def refusal(self, provider: str, spend: Spend) -> str:
        """Why a further call must not be made, in words; empty when all budgets allow it."""
        return self._why(provider, spend, self._blind[provider])

    def _why(self, provider: str, spend: Spend, blind: float, *, again: bool = False) -> str:
        for scope in self.scopes(provider):
            for unit, line in self._lines[scope].items():
                wanted = spend.of(unit, own=scope == provider)
                if not line.allows(wanted, line.again if again else 0.0):
                    return _over(scope, unit, line, wanted)
                if wanted is None and line.unknown >= blind:
                    return _blind(scope, unit, line)
        return ""

    def reserve(self, scopes: tuple[str, ...], provider: str, spend: Spend, sign: int = 1) -> None:
        """Set aside what a call takes; `sign` -1 gives it back."""
        for line, wanted in self._taken(scopes, provider, spend):
            line.reserved += sign * (wanted or 0.0)
            line.unknown += sign * (wanted is None)

    def pay(self, scopes: tuple[str, ...], provider: str, spend: Spend, sign: int = 1) -> None:
        """Count what a call has taken; `sign` -1 takes that back."""
        for line, wanted in self._taken(scopes, provider, spend):
            line.spent += sign * (wanted or 0.0)
            line.unknown += sign * (wanted is None)
            line.unpriced += sign * (wanted is None)

    def plan(self, provider: str, spend: Spend, *, again: bool = False) -> str:
        """Set aside what a planned call takes, as a run would; why it cannot be, in words.

        A price that the API tells once the call was made holds nobody back beforehand. Nor does a call that was refused
        before (`again`), and may be once more: others do not lose their share to it for ever.
        """
        why = self._why(provider, spend, math.inf if spend.told else self._blind[provider], again=again)
        for line, wanted in self._taken(self.scopes(provider), provider, spend):
            line.blocked += bool(why)
            if why:
                continue
            if again:
                line.again += wanted or 0.0
            else:
                line.planned += wanted or 0.0
            line.open += wanted is None
            line.unknown += wanted is None and not spend.told
        return why

    def allowances(self) -> tuple[Allowance, ...]:
        """Every budget as it stands, what was planned apart from what was reserved before."""
        return tuple(
            Allowance(
                provider=scope,
                unit=unit,
                most=line.most,
                spent=line.spent,
                reserved=line.reserved,
                unpriced=line.unpriced,
                planned=line.planned + line.again,
                unknown=line.open,
                blocked=line.blocked,
            )
            for scope, lines in self._lines.items()
            for unit, line in lines.items()
        )

    def _taken(
        self, scopes: tuple[str, ...], provider: str, spend: Spend
    ) -> list[tuple[_Line, float | None]]:
        return [
            (line, spend.of(unit, own=scope == provider))
            for scope in scopes
            for unit, line in self._lines[scope].items()
        ]


def purse_of(work: Work, paid: Iterable[Charge]) -> Purse:
    """The budgets of a manifest, with the charges of its state so far in them."""
    purse = Purse(work.settings, work.budget)
    for charge, spend in spends(work, paid):
        provider = charge.uses.partition(".")[0]
        scopes = tuple(scope for scope in purse.scopes(provider) if scope != RUN)
        if is_open(charge):
            purse.reserve(scopes, provider, spend)
        else:
            purse.pay(scopes, provider, spend)
    return purse


def is_open(charge: Charge) -> bool:
    """Whether it is reserved, not spent: its call may have been accepted, and somebody will find out."""
    return charge.open and not charge.given_up


def spends(work: Work, paid: Iterable[Charge]) -> Iterator[tuple[Charge, Spend]]:
    """What each charge has taken, by the manifest's prices of now; calls that are free are left out."""
    for charge in paid:
        provider = charge.uses.partition(".")[0]
        use = work.catalogue.use(charge.uses) if provider in work.settings else None
        if use is None or not isinstance(use.kind, Resource | Action):
            continue
        if use.kind.effect != "paid" and not charge.update:
            continue
        native = unit_of(use.kind)
        prices = work.settings[provider].prices
        yield charge, spend_of(prices, charge.amount, charge.unit or native, native)


def unit_of(kind: Resource | Action) -> str:
    """The unit in which a provider's document says that a call is paid; empty where it does not."""
    return kind.cost.unit if isinstance(kind, Resource) and kind.cost is not None else ""


def _over(scope: str, unit: str, line: _Line, wanted: float | None) -> str:
    needs = f"; it needs about {amount(wanted, unit)}" if wanted is not None and unit != CALLS else ""
    which = "spent, reserved or planned before it" if line.planned else "spent or reserved"
    held = amount(line.held, unit)
    return f"the budget of {scope or 'one run'} is {amount(line.most, unit)}; {which}: {held}{needs}"


def _blind(scope: str, unit: str, line: _Line) -> str:
    calls = f"{line.unknown:,} call{'' if line.unknown == 1 else 's'}"
    return (
        f"the budget of {scope or 'one run'} is {amount(line.most, unit)}; nobody knows how much of it {calls} took,"
        f" nor what this one takes: give its job `cost: {{{unit}: …}}`"
    )


def amount(number: float, unit: str) -> str:
    """`1 call`, `1,272 minutes`, `0.5 EUR`."""
    return f"{round(number, 6):,g} {unit.removesuffix('s') if number == 1 else unit}"
