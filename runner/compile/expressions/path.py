"""The lane for plain paths (`each.a.b`, `jobs.dub[each.key].outputs.id`), without a template engine."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from runner.compile.expressions.access import access
from runner.compile.expressions.errors import ExpressionError, FieldMissing
from runner.model.frozen import frozen

ROOTS = frozenset({"vars", "env", "data", "each", "jobs", "webhooks", "file", "row", "item"})
"""The names an expression may begin with."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPACE = re.compile(r"[ \t\r\n]*")
_TEXT = re.compile(r"\"([^\"\\]*)\"|'([^'\\]*)'")
_NUMBER = re.compile(r"-?[0-9]+")


@frozen
class Path:
    """A root name and the steps behind it; a step may be a path itself, whose value is the key."""

    root: str
    steps: "tuple[str | int | Path, ...]" = ()

    def evaluate(self, names: Mapping[str, Any]) -> Any:
        """The value at the path. Raises FieldMissing, UnknownReached."""
        try:
            value = names[self.root]
        except KeyError:
            raise unbound(self.root) from None
        at = 0
        try:
            for step in self.steps:
                value = access(value, step.evaluate(names) if type(step) is Path else step)
                at += 1
        except FieldMissing as error:
            if error.label == "this":
                error.labelled(spell(self.root, self.steps[:at]))
            raise
        return value

    @property
    def names(self) -> frozenset[str]:
        """The roots that the path reads."""
        return frozenset(path.root for path in self.paths())

    def paths(self) -> "Iterator[Path]":
        """This path and those in its subscripts."""
        yield self
        for step in self.steps:
            if isinstance(step, Path):
                yield from step.paths()

    def __str__(self) -> str:
        return spell(self.root, self.steps)


def unbound(name: str) -> ExpressionError:
    """The error for a name that has no value where the expression stands."""
    where = {
        "row": "it stands for a row of a table, in `where` and `columns`",
        "item": "it stands for an item, in `key`, `where`, `$item` and `save`",
        "each": "it needs `for_each` in the job",
        "jobs": "outputs of jobs can be read inside jobs only",
        "webhooks": "the manifest has no `webhooks:`",
    }
    return ExpressionError(f"`{name}` has no value here", where.get(name, ""))


def spell(root: str, steps: "tuple[str | int | Path, ...]") -> str:
    """A path as people write it."""
    spelled = [root]
    for step in steps:
        if isinstance(step, str):
            spelled.append(f".{step}" if _NAME.fullmatch(step) else f'["{step}"]')
        else:
            spelled.append(f"[{step}]")
    return "".join(spelled)


def parse_path(source: str) -> Path | None:
    """The path that `source` is, or None when it is anything else."""
    found = _read(source, _skip(source, 0))
    if found is None or _skip(source, found[1]) != len(source):
        return None
    return found[0]


def _read(source: str, position: int) -> tuple[Path, int] | None:
    match = _NAME.match(source, position)
    if match is None or match[0] not in ROOTS:
        return None
    root, position = match[0], match.end()
    steps: list[str | int | Path] = []
    while position < len(source):
        if source[position] == ".":
            match = _NAME.match(source, position + 1)
            if match is None:
                return None
            steps.append(match[0])
            position = match.end()
        elif source[position] == "[":
            found = _subscript(source, position + 1)
            if found is None:
                return None
            steps.append(found[0])
            position = found[1]
        else:
            break
    return Path(root, tuple(steps)), position


def _subscript(source: str, position: int) -> "tuple[str | int | Path, int] | None":
    position = _skip(source, position)
    key: str | int | Path
    if text := _TEXT.match(source, position):
        key = text[1] if text[1] is not None else text[2]
        position = text.end()
    elif number := _NUMBER.match(source, position):
        key, position = int(number[0]), number.end()
    else:
        found = _read(source, position)
        if found is None:
            return None
        key, position = found
    position = _skip(source, position)
    return (key, position + 1) if source[position : position + 1] == "]" else None


def _skip(source: str, position: int) -> int:
    match = _SPACE.match(source, position)
    return match.end() if match else position
