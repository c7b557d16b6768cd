"""Prices: what the units of a provider are in money, and what one call takes of each unit."""

from collections.abc import Mapping
from dataclasses import field

from runner.model.frozen import frozen

CALLS, MONEY = "calls", "money"
"""Units of every provider: paid calls, and money in the one currency that its account has."""


@frozen
class Prices:
    """What one of each unit costs, `calls` among them; `currency` is the unit of money, `money` where none is named."""

    units: Mapping[str, float] = field(default_factory=dict)
    currency: str = MONEY

    def money(self, amount: float | None, unit: str) -> float | None:
        """What a call of so much costs in money; None: not known, as its amount or its price is not."""
        by_call = self.units.get(CALLS, 0.0)
        if unit and unit in (MONEY, self.currency):
            return None if amount is None else amount + by_call
        if unit in self.units and unit != CALLS:
            return None if amount is None else amount * self.units[unit] + by_call
        return by_call if set(self.units) == {CALLS} else None


NO_PRICES = Prices()


@frozen
class Spend:
    """What one call takes: `amount` of `unit` (empty: nobody names one), and that in money. None: not known.

    `native` is the unit that the provider's document names, of which nobody knows the amount where an estimate is in
    another one. `told`: the API tells the amount, sooner or later.
    """

    amount: float | None = None
    unit: str = ""
    money: float | None = None
    currency: str = MONEY
    native: str = ""
    told: bool = False

    def of(self, unit: str, *, own: bool) -> float | None:
        """How much of a unit; None: not known. `own`: a budget of this very provider asks, whose calls may be paid in
        any unit where nobody names theirs."""
        if unit == CALLS:
            return 1.0
        if unit == self.unit:
            return self.amount
        if unit == self.currency:
            return self.money
        return None if unit == self.native or (own and not self.unit) else 0.0


def spend_of(
    prices: Prices, amount: float | None, unit: str, native: str = "", *, told: bool = False
) -> Spend:
    """What a call of so much takes."""
    return Spend(amount, unit, prices.money(amount, unit), prices.currency, native, told)
