"""How the fields of rows meet the columns of a template."""

import re
from collections.abc import Collection, Mapping
from dataclasses import field
from typing import Any

from runner.model.frozen import frozen
from runner.workbook.findings import Findings, did_you_mean
from runner.workbook.rows import Row
from runner.workbook.template import LANGUAGE, Column, Template, folded


@frozen(eq=False)
class Target:
    """A column as it is written: `index` in the template, and its heading with the language filled in."""

    index: int
    heading: str
    column: Column = field(repr=False)

    def __hash__(self) -> int:
        return hash(self.heading)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Target) and (self.index, self.heading) == (other.index, other.heading)


class Matcher:
    """Remembers for every name which column it meets, so that a hundred thousand rows ask once."""

    def __init__(self, template: Template, ignore: Collection[str]) -> None:
        self._template = template
        self._ignored = frozenset(folded(name) for name in ignore)
        self._met: dict[str, Target | None] = {}
        self._told: set[str] = set()
        self._plain: dict[str, Target] = {}
        for index, column in enumerate(template.columns):
            for name in (column.heading, column.field):
                if name and not column.by_language:
                    self._plain.setdefault(folded(name), Target(index, column.heading, column))

    def meet(self, name: str, row: Row, findings: Findings, *, by_hand: bool = False) -> Target | None:
        """The column for a name; None when it is ignored or, told once as a problem, when it meets none."""
        if name in self._met and (not by_hand or self._met[name] is not None):
            return self._met[name]
        ignored = folded(name) in self._ignored or folded(name.split(".")[0]) in self._ignored
        target = None if ignored and not by_hand else self._find(name, row, findings)
        if target is None and (by_hand or not ignored) and name not in self._told:
            self._told.add(name)
            self._tell(name, row, findings, by_hand)
        self._met[name] = target
        return target

    def by_hand(self, cells: Mapping[str, Any]) -> frozenset[Target]:
        """The columns that cells given by hand fill."""
        return frozenset(target for name in cells if (target := self._met.get(name)) is not None)

    def _find(self, name: str, row: Row, findings: Findings) -> Target | None:
        plain = self._plain.get(folded(name))
        if plain is not None:
            return plain
        for index, column in enumerate(self._template.columns):
            if not column.by_language:
                continue
            before, _, after = column.heading.partition(LANGUAGE)
            short, start, end = folded(name), folded(before), folded(after)
            if not (short.startswith(start) and short.endswith(end) and len(short) > len(start) + len(end)):
                continue
            language = short[len(start) : len(short) - len(end)].upper()
            if re.fullmatch(column.pattern, language):
                heading = f"{before}{language}{after}"
                if column.known and language not in column.known:
                    hint = did_you_mean(language, column.known, "language")
                    message = f"{heading}: {language} is not among the known languages"
                    findings.add("unknown-language", message, row.where(name), hint, warning=True)
                return Target(index, heading, column)
        return self._own(name) if self._template.open else None

    def _own(self, name: str) -> Target | None:
        """A column that the rows bring along; other spellings of its heading meet it too."""
        heading = name.strip()
        if not heading:
            return None
        target = Target(len(self._template.columns), heading, Column(heading))
        self._plain[folded(name)] = target
        return target

    def _tell(self, name: str, row: Row, findings: Findings, by_hand: bool) -> None:
        headings = [column.heading for column in self._template.columns]
        hint = did_you_mean(name, headings, "column")
        if not by_hand:
            hint += f"; otherwise map it with `columns:`, or add `ignore: [{name}]`"
        message = f"{name!r} meets no column of the template {self._template.name}"
        findings.add("unmet-column", message, row.where(name), hint)
