"""What was paid, call by call: the fold of the journal for whoever keeps the books.

The state tells of each instance's newest generation; a charge is there for every generation that was sent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

RECEIPT, ESTIMATE, UNKNOWN = "receipt", "estimate", "unknown"


@dataclass(frozen=True, slots=True)
class Charge:
    """One call that was accepted, or may have been.

    `amount` is in the provider's own `unit`; None: nobody told. `source` is receipt (the API told), estimate (the
    manifest's `cost`), or unknown. `open`: whether it was accepted is not known yet. `redone`: something was paid for
    this address before. `at` is the time of its intent, ISO 8601 UTC.
    """

    address: str
    generation: int
    uses: str
    at: str
    amount: float | None = None
    unit: str = ""
    source: str = UNKNOWN
    open: bool = True
    redone: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as the journal holds it: its time, kind, address and JSON fields."""

    at: str
    kind: str
    address: str
    fields: Mapping[str, Any]


def charges(entries: Iterable[Entry]) -> list[Charge]:
    """Every charge, in the order in which the calls were made. A call that had no effect is none."""
    book = _Book()
    for entry in entries:
        book.take(entry)
    return book.found()


class _Book:
    def __init__(self) -> None:
        self._charges: dict[tuple[str, int], Charge] = {}
        self._closed = 0

    def take(self, entry: Entry) -> None:
        fields, key = entry.fields, (entry.address, int(entry.fields.get("generation", 0)))
        match entry.kind:
            case "intended":
                self._intend(key, fields["uses"], entry.at, fields.get("estimate"), fields.get("unit", ""))
            case "group-intended":
                for member in fields["members"]:
                    self._intend(
                        (member["address"], member["generation"]), fields["uses"], entry.at, None, ""
                    )
            case "received":
                self._receive(key, fields, entry.at)
            case "finished" if key in self._charges:
                self._price(key, fields)
            case "refused" | "withdrawn" if key in self._charges and self._charges[key].open:
                del self._charges[key]
            case "forgotten":
                self._forget(entry.address)
            case "moved":
                self._move(entry.address, fields["to"])
            case _:
                return

    def found(self) -> list[Charge]:
        told: list[Charge] = []
        paid: set[str] = set()
        for (address, _), charge in self._charges.items():
            name = address.partition("\0")[0]
            told.append(replace(charge, address=name, redone=name in paid))
            if not charge.open:
                paid.add(name)
        return told

    def _intend(self, key: tuple[str, int], uses: str, at: str, estimate: float | None, unit: str) -> None:
        if key not in self._charges:  # sent again: the same call, and at most one of them counts
            source = UNKNOWN if estimate is None else ESTIMATE
            self._charges[key] = Charge(*key, uses, at, estimate, unit, source)

    def _receive(self, key: tuple[str, int], fields: Mapping[str, Any], at: str) -> None:
        held = self._charges.get(key) or Charge(*key, fields.get("uses", ""), at)
        self._charges[key] = replace(held, open=False)
        self._price(key, fields)

    def _price(self, key: tuple[str, int], fields: Mapping[str, Any]) -> None:
        cost, held = fields.get("cost"), self._charges[key]
        if cost is not None:
            unit = fields.get("unit") or held.unit
            self._charges[key] = replace(held, amount=float(cost), unit=unit, source=RECEIPT)

    def _forget(self, address: str) -> None:
        """Numbers of generations begin again under this address; what was paid stays in the books."""
        self._closed += 1
        self._charges = {
            (f"{name}\0{self._closed}", number) if name == address else (name, number): charge
            for (name, number), charge in self._charges.items()
        }

    def _move(self, old: str, new: str) -> None:
        """What was paid under a former name belongs to the new one; the order in which it was paid stays."""
        if not any(address == old for address, _ in self._charges):
            return
        self._charges = {
            (new, number) if address == old else (address, number): charge
            for (address, number), charge in self._charges.items()
        }
