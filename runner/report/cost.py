"""What was paid, by whatever the reader keeps books by: a table for people, CSV, JSON."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runner.model.charge import ESTIMATE, RECEIPT, Charge
from runner.model.prices import MONEY, NO_PRICES, Prices
from runner.report.words import amount, counted

NONE = "(none)"
"""Stands where a charge has no value of what is grouped by: no such label, or it left the manifest."""


@dataclass(slots=True)
class Sum:
    """Charges of one group at one provider in one unit.

    `paid` is what receipts and estimates add up to, `redone` the part of it that was paid for something that was paid
    for before; `calls` are accepted ones; `unpriced` of them nobody told the price; `open`: calls of which it is not
    known whether they were accepted, `given_up` those of them of which nobody will find out. `money` is what `valued`
    of the calls cost in `currency` by the manifest's prices; it is exact only where `exact`, as the API told money.
    """

    group: tuple[str, ...]
    provider: str
    unit: str
    calls: int = 0
    paid: float = 0.0
    redone: float = 0.0
    redone_calls: int = 0
    estimated: float = 0.0
    unpriced: int = 0
    open: int = 0
    given_up: int = 0
    money: float = 0.0
    currency: str = MONEY
    valued: int = 0
    exact: bool = True
    sources: set[str] = field(default_factory=set)

    def add(self, charge: Charge, prices: Prices) -> None:
        if charge.open:
            self.open += 1
            self.given_up += charge.given_up
            return
        self._value(charge, prices)
        self.calls += 1
        self.redone_calls += charge.redone
        self.sources.add(charge.source)
        if charge.amount is None:
            self.unpriced += 1
            return
        self.paid += charge.amount
        self.redone += charge.amount if charge.redone else 0.0
        self.estimated += charge.amount if charge.source == ESTIMATE else 0.0

    def _value(self, charge: Charge, prices: Prices) -> None:
        money = prices.money(charge.amount, charge.unit)
        self.currency = prices.currency
        if money is not None:
            self.money, self.valued = self.money + money, self.valued + 1
            self.exact &= (
                charge.source == RECEIPT and charge.unit in (MONEY, prices.currency) and not prices.units
            )

    @property
    def source(self) -> str:
        """`receipt`, `estimate`, `unknown`, or several of them."""
        return " + ".join(sorted(self.sources, key=(RECEIPT, ESTIMATE, "unknown").index))


def sums(
    charges: Iterable[Charge],
    by: Sequence[str],
    labels: Callable[[str], Mapping[str, str]],
    prices: Mapping[str, Prices] = {},
) -> list[Sum]:
    """One sum for each group, provider and unit, in the order of their first charge.

    `by` are of job, address, uses, month and `label.NAME`; `labels` gives those of an address, `prices` those of a
    provider, as the manifest says now.
    """
    found: dict[tuple[tuple[str, ...], str, str], Sum] = {}
    for charge in charges:
        group = tuple(_value(charge, name, labels) for name in by)
        provider = charge.uses.partition(".")[0]
        key = (group, provider, charge.unit)
        found.setdefault(key, Sum(*key)).add(charge, prices.get(provider, NO_PRICES))
    return list(found.values())


def cost_text(found: Sequence[Sum], by: Sequence[str]) -> str:
    """The sums as an aligned table, and a line for each provider and unit over all of them."""
    if not found:
        return "Nothing was paid yet."
    money = any(one.valued for one in found)
    head = [*by, "provider", "calls", "paid", *(["money"] if money else []), "redone", "source"]
    rows = [[*one.group, *_cells(one, money=money)] for one in found]
    totals = _totals(found)
    if by:
        empty = [""] * (len(by) - 1)
        rows += [["total", *empty, *_cells(one, money=money)] for one in totals]
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    ]
    given_up = sum(one.given_up for one in found)
    if open_calls := sum(one.open for one in found) - given_up:
        lines += ["", f"{counted(open_calls, 'call')} may have been accepted: `runner apply` finds out."]
    if given_up:
        was, them = ("was", "it") if given_up == 1 else ("were", "them")
        calls = f"{counted(given_up, 'call')} that {was} given up"
        lines += ["", f"{calls} may have been accepted; budgets count {them} as paid."]
    return "\n".join(lines)


def cost_csv(found: Sequence[Sum], by: Sequence[str]) -> str:
    """The same as CSV, without totals; what is not known is empty."""
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow([*by, *_FIELDS])
    writer.writerows([*one.group, *_numbers(one).values()] for one in found)
    return held.getvalue()


def cost_json(found: Sequence[Sum], by: Sequence[str]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "version": 1,
        "by": list(by),
        "sums": [{"group": dict(zip(by, one.group, strict=True)), **_numbers(one)} for one in found],
    }


_ADDED = (
    "calls", "paid", "redone", "redone_calls", "estimated", "unpriced", "open", "given_up", "money", "valued",
)  # fmt: skip
_FIELDS = (
    "provider",
    "unit",
    "calls",
    "paid",
    "redone",
    "redone_calls",
    "estimated",
    "unpriced",
    "open",
    "source",
    "given_up",
    "money",
    "currency",
    "valued",
)


def _numbers(one: Sum) -> dict[str, Any]:
    priced = one.calls > one.unpriced
    money = {"paid": one.paid, "redone": one.redone, "estimated": one.estimated}
    held = {name: getattr(one, name) for name in _FIELDS}
    held |= {name: round(value, 6) if priced else None for name, value in money.items()}
    money_told = (round(one.money, 6), one.currency) if one.valued else (None, None)
    return held | dict(zip(("money", "currency"), money_told, strict=True))


def _cells(one: Sum, *, money: bool) -> list[str]:
    priced = one.calls > one.unpriced
    paid = f"{amount(one.paid)} {one.unit}" if priced else "unknown"
    if priced and one.unpriced:
        paid += f" and {counted(one.unpriced, 'call')} unknown"
    again = f"{amount(one.redone)} {one.unit}" if priced else "unknown"
    redone = f"{again} ({counted(one.redone_calls, 'call')})" if one.redone_calls else "-"
    value = [_money(one)] if money else []
    return [one.provider, f"{one.calls:,}", paid, *value, redone, one.source or "-"]


def _money(one: Sum) -> str:
    """`about 12 EUR`: prices are those of the manifest, whatever the account is really charged."""
    if not one.valued:
        return "unknown" if one.calls else "-"
    about = "" if one.exact else "about "
    rest = f" and {counted(one.calls - one.valued, 'call')} unknown" if one.valued < one.calls else ""
    return f"{about}{amount(one.money)} {one.currency}{rest}"


def _totals(found: Iterable[Sum]) -> list[Sum]:
    totals: dict[tuple[str, str], Sum] = {}
    for one in found:
        held = totals.setdefault((one.provider, one.unit), Sum((), one.provider, one.unit))
        for name in _ADDED:
            setattr(held, name, getattr(held, name) + getattr(one, name))
        held.sources |= one.sources
        held.currency, held.exact = one.currency, held.exact and one.exact
    return list(totals.values())


def _value(charge: Charge, name: str, labels: Callable[[str], Mapping[str, str]]) -> str:
    match name:
        case "job":
            return charge.address.partition("/")[0]
        case "address":
            return charge.address
        case "uses":
            return charge.uses
        case "month":
            return charge.at[:7]
        case _:
            return labels(charge.address).get(name.removeprefix("label."), NONE)
