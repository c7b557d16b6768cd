"""The fault table: what a test says of a fault, held to what the test saw.

A test of a fault names it with a marker, and proves both cells of its row through the fixture `fault`:

    @pytest.mark.fault("limits", "429 with Retry-After in seconds",
                       sees="slowed down for 30 s", kept={"orders": 10, "files": 10})
    def test_...(fault):
        ...
        fault.saw(result.output)                 # the text of `sees` stands in what was printed
        fault.kept(orders=..., files=...)        # the counts of `kept` are those that were counted

`sees` is text from the terminal; `…` in it stands for anything. `kept` has counts (`orders` are those in the sandbox's
ledger, and none of them may be there twice; `files`, `doubt`, `failed`, `running`, `skipped`) and, under `facts`, short
sentences, each of which the test must hold to a condition with `fault.fact(sentence, condition)`.

A test that carries the marker and leaves a cell unproven fails. `docs/reliability.md` is made from the markers
(`fault_table.py`), so a row of it is what a test has shown.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

AREAS = {
    "connection": "Connections",
    "answers": "Answers",
    "lists": "Lists and marks",
    "access": "Access and money",
    "limits": "Limits",
    "remote": "Remote work",
    "downloads": "Downloads",
    "process": "The process and its machine",
    "state": "The state file",
    "people": "People side by side",
}
COUNTS = {
    "orders": ("order", "orders"),
    "files": ("file", "files"),
    "running": ("still running", "still running"),
    "doubt": ("in doubt", "in doubt"),
    "failed": ("failed", "failed"),
    "skipped": ("skipped", "skipped"),
}


@dataclass(frozen=True)
class Row:
    """One row of the table: a fault, what the user sees, what is kept."""

    area: str
    title: str
    sees: str
    kept: Mapping[str, Any]

    def kept_text(self) -> str:
        counted = [_counted(name, self.kept[name]) for name in COUNTS if name in self.kept]
        return "; ".join([", ".join(counted)] * bool(counted) + list(self.kept.get("facts", ())))


def row_of(marker: pytest.Mark) -> Row:
    row = Row(*marker.args, **marker.kwargs)
    assert row.area in AREAS, f"unknown area {row.area!r}"
    assert all((row.title, row.sees.strip(), row.kept_text())), "a row of the fault table has an empty cell"
    assert set(row.kept) <= {*COUNTS, "facts"}, f"unknown in `kept`: {set(row.kept) - {*COUNTS, 'facts'}}"
    return row


@dataclass
class Fault:
    """What a test proves of its row."""

    row: Row
    proven: set[str] = field(default_factory=set)

    def saw(self, output: str) -> None:
        """The row's text stands in `output`, which is what the user was shown."""
        pattern = "".join(
            ".*" if piece == "…" else re.escape(piece) for piece in re.split("(…)", _flat(self.row.sees))
        )
        assert re.search(pattern, _flat(output), re.DOTALL), f"not shown: {self.row.sees!r}\nin:\n{output}"
        self.proven.add("sees")

    def kept(self, **counts: int) -> None:
        """The row's counts are these, no more and no fewer."""
        declared = {name: count for name, count in self.row.kept.items() if name in COUNTS}
        assert counts == declared
        self.proven |= set(counts)

    def fact(self, sentence: str, condition: bool) -> None:
        """One of the row's facts, and whether it holds."""
        assert sentence in self.row.kept.get("facts", ()), f"not in the row: {sentence!r}"
        assert condition, sentence
        self.proven.add(sentence)

    def unproven(self) -> set[str]:
        declared = (
            {"sees"}
            | {name for name in self.row.kept if name in COUNTS}
            | set(self.row.kept.get("facts", ()))
        )
        return declared - self.proven


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Iterator[Fault]:
    marker = request.node.get_closest_marker("fault")
    assert marker is not None, "the fixture `fault` needs the marker `fault`"
    book = Fault(row_of(marker))
    yield book
    report = getattr(request.node, "called", None)
    if report is not None and report.passed:
        assert not book.unproven(), f"the row's cells were not proven: {sorted(book.unproven())}"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _counted(name: str, count: int) -> str:
    one, many = COUNTS[name]
    if name in ("orders", "files"):
        return f"{count or 'no'} {one if count == 1 else many}"
    return f"{count or 'none'} {one}"
