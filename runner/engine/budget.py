"""Budgets: an intent reserves its estimate, and the check is spent plus reserved against what is allowed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from runner.model.settings import ProviderSettings
from runner.model.state import InstanceState


class Budget:
    """What one run may still spend, per provider and unit. The unit `calls` counts paid calls."""

    def __init__(self, settings: Mapping[str, ProviderSettings], known: Iterable[InstanceState]) -> None:
        self._allowed = {name: dict(one.budget) for name, one in settings.items() if one.budget}
        self._spent: dict[tuple[str, str], float] = defaultdict(float)
        self._reserved: dict[str, tuple[str, str, float]] = {}
        for state in known:
            provider = state.uses.partition(".")[0]
            if state.id and provider in self._allowed:
                self._spent[provider, "calls"] += 1
                if state.cost is not None:
                    self._spent[provider, state.unit] += state.cost

    def reserve(self, address: str, provider: str, amount: float | None, unit: str) -> str:
        """Reserve for one paid call; returns the reason when the budget does not allow it, else an empty text."""
        allowed = self._allowed.get(provider)
        if allowed is None:
            return ""
        wanted = {"calls": 1.0}
        if amount is not None and unit:
            wanted[unit] = amount
        for name, most in allowed.items():
            held = self._spent[provider, name] + self._held(provider, name)
            if held + wanted.get(name, 0.0) > most or (name not in wanted and held >= most):
                return f"the budget of {provider} is {most:g} {name}, and {held:g} are spent or reserved"
        self._reserved[address] = (provider, unit, amount or 0.0)
        return ""

    def settle(self, address: str, cost: float | None, unit: str, paid: bool) -> None:
        """The call has an outcome: what was reserved becomes what was spent."""
        held = self._reserved.pop(address, None)
        if held is None or not paid:
            return
        provider, reserved_unit, amount = held
        self._spent[provider, "calls"] += 1
        if cost is not None:
            self._spent[provider, unit] += cost
        elif reserved_unit:
            self._spent[provider, reserved_unit] += amount

    def _held(self, provider: str, unit: str) -> float:
        if unit == "calls":
            return float(sum(1 for name, _, _ in self._reserved.values() if name == provider))
        return sum(a for name, u, a in self._reserved.values() if name == provider and u == unit)
