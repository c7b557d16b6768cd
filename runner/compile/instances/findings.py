"""Collecting problems: those of many items with one cause are told once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from runner.compile.expressions.template import ExpressionError
from runner.model.manifest import Locate, YamlPath
from runner.model.problem import Place, Problem

MOST = 10


@dataclass(slots=True)
class _Group:
    """One cause. Where it stands is looked up when somebody asks."""

    code: str
    message: str
    hint: str
    path: YamlPath
    place: Place | None
    offset: int
    text: str
    warning: bool
    items: list[str] = field(default_factory=list)
    count: int = 0


class Findings:
    """Problems in the order in which they were found. `locate` gives places of YAML paths."""

    def __init__(self, locate: Locate) -> None:
        self.locate = locate
        self._groups: dict[tuple[object, ...], _Group] = {}
        self._kinds: dict[tuple[str, YamlPath], int] = {}
        self._placed: dict[tuple[str, str], int] = {}
        self._extra: list[Problem] = []
        self._errors = 0
        self._totals: dict[str, int] = {}

    def add(
        self,
        code: str,
        message: str,
        path: YamlPath,
        hint: str = "",
        *,
        item: str = "",
        place: Place | None = None,
        offset: int = 0,
        text: str = "",
        warning: bool = False,
    ) -> None:
        """One problem at a YAML path. `item` is the key of the item it is about, `place` where that item stands."""
        self._errors += not warning
        kind = (code, path)
        key = (code, path, message, hint)
        group = self._groups.get(key)
        if group is None:
            self._kinds[kind] = self._kinds.get(kind, 0) + 1
            if item and self._kinds[kind] > MOST:
                return
            group = self._groups[key] = _Group(code, message, hint, path, place, offset, text, warning)
        group.count += 1
        if item and len(group.items) < 3:
            group.items.append(item)

    def expression(
        self,
        path: YamlPath,
        error: ExpressionError,
        *,
        item: str = "",
        place: Place | None = None,
        text: str = "",
    ) -> None:
        """The problem that an error of an expression is."""
        self.add(
            error.code,
            error.message,
            path,
            error.hint,
            item=item,
            place=place,
            offset=error.offset,
            text=text,
        )

    def add_at(self, code: str, message: str, where: Place, hint: str = "") -> None:
        """One problem at a place of its own: a row, a cell. The first few of one code and file are told."""
        self._errors += 1
        kind = (code, where.file)
        self._placed[kind] = self._placed.get(kind, 0) + 1
        if self._placed[kind] <= MOST:
            self._extra.append(Problem(code, message, where, hint))

    def take(self, problems: Sequence[Problem]) -> None:
        """Problems that have their places already."""
        self._errors += sum(1 for problem in problems if not problem.warning)
        self._extra.extend(problems)

    def seen(self, code: str, path: YamlPath) -> int:
        """How many different problems of this code stand at a path, to spare costly hints."""
        return self._kinds.get((code, path), 0)

    @property
    def errors(self) -> int:
        """How many problems there are that stop a run."""
        return self._errors

    def problems(self) -> tuple[Problem, ...]:
        """All of them, each cause once, by file and line."""
        told = [self._told(group) for group in self._groups.values()]
        for (code, path), count in self._kinds.items():
            if count > MOST:
                where, source = self.locate(path)
                told.append(
                    Problem(code, f"{count - MOST} more problems of this kind here", where, "", source)
                )
        for (code, file), count in self._placed.items():
            if count > MOST:
                told.append(Problem(code, f"{count - MOST} more problems of this kind here", Place(file)))
        return tuple(
            sorted([*self._extra, *told], key=lambda problem: (problem.where.file, problem.where.line))
        )

    def expect(self, job: str, count: int) -> None:
        """A job has so many instances: a problem of all of them is not told as one of items."""
        self._totals[job] = count

    def _total_of(self, path: YamlPath) -> int:
        return self._totals.get(str(path[1]), 0) if len(path) > 1 and path[0] == "jobs" else 0

    def _told(self, group: _Group) -> Problem:
        where, source = self.locate(group.path)
        where = _further(where, source, group.text, group.offset)
        first = Problem(group.code, group.message, where, group.hint, source, group.warning)
        if not group.items or group.count == self._total_of(group.path):
            return first
        shown = ", ".join(f"`{item}`" for item in group.items)
        rest = group.count - len(group.items)
        noun = "item" if group.count == 1 else "items"
        more = f" and {rest} more" if rest > 0 else ""
        at = f" (at {group.place})" if group.place is not None and group.place.file != where.file else ""
        return replace(first, message=f"{group.message}, for {noun} {shown}{more}{at}")


def _further(where: Place, source: str, text: str, offset: int) -> Place:
    """The place `offset` characters into `text`, when the text stands as it is in the source line."""
    if not text or not source or "\n" in text[:offset]:
        return where
    begin = source.find(text.split("\n", 1)[0], max(where.column - 1, 0))
    return replace(where, column=begin + offset + 1) if begin >= 0 else where
