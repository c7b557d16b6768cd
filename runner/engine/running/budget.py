"""Budgets while a run pays: a call reserves its estimate, and the check is spent plus reserved against what is allowed.

Nobody else pays out of this state meanwhile. Who holds it is the only one to write to it: what was spent and reserved
was read after the lock was taken, and the transaction that makes an intent durable is refused once another holds it. A
call whose check is out of date is therefore never sent. What is reserved here stands in the journal with the intent, so
that it counts for the next holder too, until a receipt, a refusal, or a proof that nothing was done.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from runner.api.vocabulary.lifedata import CostSpec
from runner.compile.planning.purse import RUN, Purse, is_open
from runner.model.charge import Charge
from runner.model.prices import Spend, spend_of
from runner.model.settings import ProviderSettings


@dataclass(frozen=True, slots=True)
class _Held:
    """What one call has reserved, or has cost, and whose budgets it counts in."""

    scopes: tuple[str, ...]
    provider: str
    uses: str
    spend: Spend


class Budget:
    """What may still be spent, by the budgets of providers and of this `run`. `paid` are the charges of the state so
    far, with what each took; `costs` tells what the document of a use says of its price."""

    def __init__(
        self,
        settings: Mapping[str, ProviderSettings],
        run: Mapping[str, float],
        paid: Iterable[tuple[Charge, Spend]],
        costs: Callable[[str], CostSpec | None],
    ) -> None:
        self._settings = settings
        self._purse = Purse(settings, run)
        self._costs = costs
        self._running: set[str] = set()
        self._reserved: dict[str, _Held] = {}
        self._booked: dict[str, _Held] = {}
        self._open: Counter[str] = Counter()
        for charge, spend in paid:
            self._know(charge, spend)

    def _know(self, charge: Charge, spend: Spend) -> None:
        """What an earlier run has spent, or may have spent: what is unsettled keeps its reservation."""
        provider = charge.uses.partition(".")[0]
        scopes = tuple(scope for scope in self._purse.scopes(provider) if scope != RUN)
        if not scopes:
            return
        held = _Held(scopes, provider, charge.uses, spend)
        if is_open(charge):
            self._reserve(charge.address, held)
        else:
            self._purse.pay(scopes, provider, spend)
            self._booked[charge.address] = held

    def reserve(self, address: str, uses: str, amount: float | None, unit: str) -> str:
        """Reserve for one paid call; returns the reason when a budget does not allow it, else an empty text."""
        provider = uses.partition(".")[0]
        scopes = self._purse.scopes(provider)
        if not scopes:
            return ""
        spec = self._costs(uses)
        native = spec.unit if spec is not None else ""
        spend = spend_of(self._settings[provider].prices, amount, unit, native)
        why = self._purse.refusal(provider, spend)
        if not why:
            self._reserve(address, _Held(scopes, provider, uses, spend))
        return why

    def _reserve(self, address: str, held: _Held) -> None:
        self._reserved[address] = held
        self._purse.reserve(held.scopes, held.provider, held.spend)
        self._open.update(held.scopes)

    def pending(self, provider: str) -> bool:
        """Whether calls are under way whose outcome may leave more than is reserved for them."""
        return self._open[provider] > 0 or self._open[RUN] > 0

    def release(self, address: str) -> None:
        """The call was not made, or did nothing."""
        held = self._reserved.pop(address, None)
        if held is not None:
            self._purse.reserve(held.scopes, held.provider, held.spend, -1)
            self._open.subtract(held.scopes)

    def settle(self, address: str, cost: float | None, unit: str) -> None:
        """The call was accepted: what was reserved becomes what was spent."""
        held = self._reserved.get(address)
        if held is None:
            return
        self.release(address)
        booked = held if cost is None else self._corrected(held, cost, unit)
        self._purse.pay(booked.scopes, booked.provider, booked.spend)
        self._booked[address] = booked
        if cost is None and self._late(held.uses):
            self._running.add(address)
            self._open.update(held.scopes)

    def ended(self, address: str, cost: float | None, unit: str) -> bool:
        """The work has ended, and its price is final; whether that may leave something to those who wait for it."""
        booked = self._booked.pop(address, None)
        if booked is None:
            return False
        waited = address in self._running
        if waited:
            self._running.remove(address)
            self._open.subtract(booked.scopes)
        if cost is not None:
            self._purse.pay(booked.scopes, booked.provider, booked.spend, -1)
            made = self._corrected(booked, cost, unit)
            self._purse.pay(made.scopes, made.provider, made.spend)
        return waited or cost is not None

    def _late(self, uses: str) -> bool:
        """Whether the API tells the price, and only when the work has ended."""
        spec = self._costs(uses)
        return spec is not None and bool(spec.paid) and spec.on == "read"

    def _corrected(self, held: _Held, cost: float, unit: str) -> _Held:
        prices = self._settings[held.provider].prices
        spend = spend_of(prices, cost, unit or held.spend.unit, held.spend.native, told=True)
        return _Held(held.scopes, held.provider, held.uses, spend)
