"""What was paid, call by call: the fold of the journal for whoever keeps the books.

The state tells of each instance's newest generation; a charge is there for every generation that was sent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

RECEIPT, ESTIMATE, UNKNOWN = "receipt", "estimate", "unknown"

TOLD = (
    "intended", "group-intended", "received", "finished", "refused", "withdrawn", "resolved", "forgotten", "moved",
)  # fmt: skip
"""The kinds of events that say something of money."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One call that was accepted, or may have been.

    `amount` is in the provider's own `unit`; None: nobody told. `source` is receipt (the API told), estimate (the
    manifest's `cost`), or unknown. `open`: whether it was accepted is not known yet. `given_up`: nobody will find out,
    as a person abandoned it or had it forgotten; it may have been paid, and counts as if it were. `redone`: something
    was paid for this address before. `update`: what was paid for was a change of it. `at` is the time of its intent,
    ISO 8601 UTC.
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
    given_up: bool = False
    update: bool = False


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


@dataclass(slots=True, eq=False)
class _Line:
    """A charge while it may still change; 300,000 events are folded in a moment."""

    address: str
    generation: int
    uses: str
    at: str
    amount: float | None = None
    unit: str = ""
    source: str = UNKNOWN
    open: bool = True
    given_up: bool = False
    gone: bool = False
    update: bool = False

    def charge(self, *, redone: bool) -> Charge:
        """As a value."""
        return Charge(
            self.address, self.generation, self.uses, self.at, self.amount, self.unit, self.source, self.open,
            redone, self.given_up, self.update,
        )  # fmt: skip

    def price(self, told: Mapping[str, Any]) -> None:
        """What a receipt says, where it says anything."""
        cost = told.get("cost")
        if cost is not None:
            self.amount, self.unit, self.source = float(cost), told.get("unit") or self.unit, RECEIPT


class _Book:
    """Charges in the order of their calls; those of a generation that the state still knows are found by its number."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self._known: dict[str, dict[int, _Line]] = {}
        self._ids: dict[tuple[str, str], _Line] = {}
        self._updates: dict[str, _Line | None] = {}

    def take(self, entry: Entry) -> None:
        fields, address = entry.fields, entry.address
        match entry.kind:
            case "intended" if fields.get("update"):
                self._update(address, fields, entry.at)
            case "received" | "refused" | "withdrawn" | "resolved" if address in self._updates:
                self._end_update(address, entry.kind, fields)
            case "intended":
                self._intend(address, fields, fields["uses"], entry.at)
            case "received":
                self._receive(address, fields, entry.at)
            case "finished":
                if line := self._held(address, fields["generation"]):
                    line.price(fields)
            case "group-intended":
                for member in fields["members"]:
                    self._intend(member["address"], member, fields["uses"], entry.at)
            case "refused" | "withdrawn":
                line = self._held(address, fields["generation"])
                if line is not None and line.open:
                    line.gone = True
                    del self._known[address][line.generation]
            case "resolved" if fields.get("how") == "abandon":
                if line := self._held(address, fields["generation"]):
                    line.given_up = line.open
            case "forgotten":
                # Numbers of generations begin again under this address; what was paid stays in the books.
                for line in self._known.pop(address, {}).values():
                    line.given_up = line.open
                if changed := self._updates.pop(address, None):
                    changed.given_up = True
            case "moved":
                self._move(address, fields["to"])
            case _:
                return

    def found(self) -> list[Charge]:
        told: list[Charge] = []
        paid: set[str] = set()
        for line in self._lines:
            if line.gone:
                continue
            told.append(line.charge(redone=line.address in paid))
            if not line.open:
                paid.add(line.address)
        return told

    def _held(self, address: str, generation: int) -> _Line | None:
        known = self._known.get(address)
        return known.get(generation) if known is not None else None

    def _add(self, line: _Line) -> _Line:
        self._known.setdefault(line.address, {})[line.generation] = line
        self._lines.append(line)
        return line

    def _intend(self, address: str, told: Mapping[str, Any], uses: str, at: str) -> None:
        generation, estimate = told["generation"], told.get("estimate")
        if (
            self._held(address, generation) is None
        ):  # sent again: the same call, and at most one of them counts
            source = UNKNOWN if estimate is None else ESTIMATE
            self._add(_Line(address, generation, uses, at, estimate, told.get("unit") or "", source))

    def _update(self, address: str, told: Mapping[str, Any], at: str) -> None:
        """A change of what stands there: a charge of its own, or none where it is free; sent again it is the same."""
        if address in self._updates:
            return
        if told.get("free"):
            self._updates[address] = None
            return
        estimate = told.get("estimate")
        source = UNKNOWN if estimate is None else ESTIMATE
        line = _Line(address, told["generation"], told["uses"], at, estimate, told.get("unit") or "", source)
        line.update = True
        self._updates[address] = line
        self._lines.append(line)

    def _end_update(self, address: str, kind: str, told: Mapping[str, Any]) -> None:
        if kind == "resolved" and told.get("how") != "abandon":
            return
        line = self._updates.pop(address)
        if line is None:
            return
        line.open, line.given_up, line.gone = (
            kind != "received",
            kind == "resolved",
            kind in ("refused", "withdrawn"),
        )
        line.price(told)

    def _receive(self, address: str, told: Mapping[str, Any], at: str) -> None:
        generation = told["generation"]
        line = self._held(address, generation) or self._taken_back(address, told)
        line = line or self._add(_Line(address, generation, told.get("uses") or "", at))
        line.open = line.given_up = False
        line.price(told)
        self._ids[line.uses.partition(".")[0], told["id"]] = line

    def _taken_back(self, address: str, told: Mapping[str, Any]) -> _Line | None:
        """What was forgotten and imported again was paid once."""
        line = self._ids.get(((told.get("uses") or "").partition(".")[0], told["id"]))
        if line is not None:
            line.address, line.generation = address, told["generation"]
            self._known.setdefault(address, {})[line.generation] = line
        return line

    def _move(self, old: str, new: str) -> None:
        """What was paid under a former name belongs to the new one."""
        moved = self._known.pop(old, {})
        for line in moved.values():
            line.address = new
        self._known.setdefault(new, {}).update(moved)
        if old in self._updates:
            changed = self._updates[new] = self._updates.pop(old)
            if changed is not None:
                changed.address = new
