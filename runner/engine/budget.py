"""Budgets: a call reserves its estimate, and the check is spent plus reserved against what is allowed.

A provider's budget counts all that the state has ever paid there; the manifest's own counts what this run pays,
whomever. The unit `calls` counts paid calls. Calls without an estimate may overshoot by as many as can be in flight.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from runner.model.settings import ProviderSettings
from runner.model.state import InstanceState, Phase

RUN = ""
"""The scope of the manifest's own budget, beside those of the providers."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What one call has reserved, or has cost; None where nobody knows."""

    scopes: tuple[str, ...]
    amount: float | None
    unit: str


class Budget:
    """What may still be spent. `run` is the budget of this run; `paid` tells whether a use costs anything."""

    def __init__(
        self,
        settings: Mapping[str, ProviderSettings],
        run: Mapping[str, float],
        known: Iterable[InstanceState],
        paid: Callable[[str], bool],
    ) -> None:
        self._allowed = {name: dict(one.budget) for name, one in settings.items() if one.budget}
        if run:
            self._allowed[RUN] = dict(run)
        self._unpriced = {name: one.max_in_flight for name, one in settings.items()}
        self._spent: dict[tuple[str, str], float] = defaultdict(float)
        self._reserved: dict[str, _Held] = {}
        self._booked: dict[str, _Held] = {}
        for state in known if self._allowed else ():
            if state.uses.partition(".")[0] in self._allowed and paid(state.uses):
                self._know(state)

    def _know(self, state: InstanceState) -> None:
        """What an earlier run has spent, or may have spent: what is unsettled keeps its reservation."""
        provider = state.uses.partition(".")[0]
        self._spent[provider, "calls"] += len(state.former)
        if state.id:
            self._spent[provider, "calls"] += 1
            self._spent[provider, state.unit] += state.cost or 0.0
        elif state.phase in (Phase.UNSETTLED, Phase.DOUBT):
            estimate = state.intent.estimate if state.intent is not None else None
            unit = state.intent.unit if state.intent is not None else ""
            self._reserved[state.address] = _Held((provider,), estimate, unit)

    def reserve(self, address: str, provider: str, amount: float | None, unit: str) -> str:
        """Reserve for one paid call; returns the reason when a budget does not allow it, else an empty text."""
        scopes = tuple(scope for scope in (provider, RUN) if scope in self._allowed)
        wanted = {"calls": 1.0} if amount is None or not unit else {"calls": 1.0, unit: amount}
        for scope in scopes:
            for name, most in self._allowed[scope].items():
                held = self._spent[scope, name] + self._held(scope, name)
                if held + wanted.get(name, 0.0) > most or (name not in wanted and held >= most):
                    whose = f"budget of {scope}" if scope else "budget of one run"
                    return f"the {whose} is {_amount(most, name)}; spent or reserved: {_amount(held, name)}"
                if name not in wanted and self._blind(scope) >= self._unpriced[provider]:
                    return f"nobody knows beforehand how many {name} it costs"
        if scopes:
            self._reserved[address] = _Held(scopes, amount, unit)
        return ""

    def pending(self, provider: str) -> bool:
        """Whether calls are under way whose outcome may leave more than is reserved for them."""
        return any(provider in held.scopes or RUN in held.scopes for held in self._reserved.values())

    def release(self, address: str) -> None:
        """The call was not made, or did nothing."""
        self._reserved.pop(address, None)

    def settle(self, address: str, cost: float | None, unit: str) -> None:
        """The call was accepted: what was reserved becomes what was spent."""
        held = self._reserved.pop(address, None)
        if held is None:
            return
        booked = held if cost is None else _Held(held.scopes, cost, unit)
        self._booked[address] = booked
        for scope in held.scopes:
            self._spent[scope, "calls"] += 1
            self._spent[scope, booked.unit] += booked.amount or 0.0

    def correct(self, address: str, cost: float, unit: str) -> None:
        """The price became known only when the work had ended."""
        booked = self._booked.pop(address, None)
        if booked is None:
            return
        for scope in booked.scopes:
            self._spent[scope, booked.unit] -= booked.amount or 0.0
            self._spent[scope, unit] += cost

    def _held(self, scope: str, unit: str) -> float:
        held = [one for one in self._reserved.values() if scope in one.scopes]
        if unit == "calls":
            return float(len(held))
        return sum(one.amount or 0.0 for one in held if one.unit == unit)

    def _blind(self, scope: str) -> int:
        """How many calls are under way there whose price is not known."""
        return sum(1 for one in self._reserved.values() if scope in one.scopes and one.amount is None)


def _amount(number: float, unit: str) -> str:
    return f"{number:,g} {unit.removesuffix('s') if number == 1 else unit}"
