"""Budgets and prices in units that nothing is paid in: a budget that a typo made would hold nobody back."""

from collections.abc import Collection, Mapping
from typing import Any

from runner.api.provider import Provider, Use
from runner.compile.instances.findings import Findings
from runner.compile.nearby import did_you_mean
from runner.model.manifest import Manifest, YamlPath
from runner.model.prices import CALLS, MONEY


def check_units(name: str, raw: Mapping[str, Any], provider: Provider, findings: Findings) -> None:
    """Units of a provider's `budget` and `prices`; any may be right where its document names none."""
    units = _units(provider)
    if not units:
        return
    path, who = ("providers", name), f"`{name}` is not"
    _check(raw.get("budget"), {*units, CALLS, *_currency(raw)}, (*path, "budget"), who, findings)
    _check(raw.get("prices"), {*units, CALLS, "currency"}, (*path, "prices"), who, findings)


def check_budget(manifest: Manifest, uses: Mapping[str, Use], findings: Findings) -> None:
    """Units of the manifest's own `budget`."""
    known = {CALLS, *(unit for job in manifest.jobs.values() for unit in job.cost or {})}
    for use in uses.values():
        known |= _units(use.provider) | _currency(manifest.providers.get(use.provider.name, {}))
    _check(manifest.budget, known, ("budget",), "nothing here is", findings)


def _check(
    given: Mapping[str, Any] | None, known: Collection[str], path: YamlPath, who: str, findings: Findings
) -> None:
    for unit in given or {}:
        if unit not in known:
            hint = did_you_mean(unit, sorted(known))
            findings.add("unknown-unit", f"{who} paid in `{unit}`", (*path, unit), hint)


def _units(provider: Provider) -> set[str]:
    return {resource.cost.unit for resource in provider.resources.values() if resource.cost is not None}


def _currency(raw: Mapping[str, Any]) -> set[str]:
    """The unit of money, where the manifest says what units cost."""
    prices = raw.get("prices")
    return {str(prices.get("currency") or MONEY)} if prices else set()
