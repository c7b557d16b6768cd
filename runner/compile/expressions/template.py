"""Scalars with `${{ }}` in them: compiled once, evaluated against names, never parsed again afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from typing import Any

from runner.compile.expressions.access import as_text, guarded
from runner.compile.expressions.errors import Absent, ExpressionError, FieldMissing
from runner.compile.expressions.everyday import AskedLater, everyday
from runner.compile.expressions.lanes import GIVES_UP, Lane, of_path, of_text, of_tree
from runner.compile.expressions.path import Path, parse_path
from runner.compile.expressions.references import JobReference, KeyExpression
from runner.compile.expressions.scan import Slot, scan
from runner.model.frozen import frozen
from runner.model.text import Secret
from runner.model.unknown import UnknownReached

__all__ = ["Absent", "ExpressionError", "FieldMissing", "JobReference", "Template", "compile_value"]


@frozen
class Template:
    """A compiled scalar.

    `parts` are its texts and expressions; `constant` when there is no expression. `names` are the
    roots it reads, `job_references` the jobs, `files` the literal paths given to `file("…")`.
    `firsts` are the roots with the first name behind each (`*` where it is computed). `path` is set when the
    whole scalar is one plain path. `lane` answers quickly where plain values stand.
    """

    text: str
    parts: tuple[str | KeyExpression, ...]
    constant: bool
    names: frozenset[str] = frozenset()
    job_references: tuple[JobReference, ...] = ()
    files: tuple[str, ...] = ()
    firsts: tuple[tuple[str, str], ...] = ()
    path: Path | None = None
    lane: Lane | None = field(default=None, compare=False, repr=False)

    @property
    def env(self) -> tuple[str, ...]:
        """The variables of the environment that it names."""
        return tuple(dict.fromkeys(name for root, name in self.firsts if root == "env" and name != "*"))

    def evaluate(self, names: Mapping[str, Any]) -> Any:
        """The scalar's value: of one expression its own value, of a mixed scalar a text, else Unknown.

        Raises:
            ExpressionError: something is missing, or does not fit.
        """
        if self.lane is not None:
            try:
                return self.lane(names)
            except GIVES_UP:
                pass  # the whole way finds the value, or says what is wrong
        if self.constant:
            return self.text
        try:
            if len(self.parts) == 1:
                return self.parts[0].evaluate(names)  # type: ignore[union-attr]
            return self._joined(names)
        except UnknownReached as reached:
            return reached.unknown

    def _joined(self, names: Mapping[str, Any]) -> str:
        texts: list[str] = []
        seen: list[Secret] = []
        for part in self.parts:
            if isinstance(part, str):
                texts.append(part)
                continue
            value = part.evaluate(names)
            if isinstance(value, Secret):
                seen.append(value)
            texts.append(as_text(value))
        joined: str = guarded("".join(texts), seen)
        return joined


@lru_cache(maxsize=8192)
def compile_value(text: str) -> Template:
    """Compiles a scalar; the same text gives the same template.

    Raises:
        ExpressionError: with the offset of the trouble in `text`.
    """
    pieces = scan(text)
    if len(pieces) == 1 and isinstance(pieces[0], str):
        return Template(text, (text,), True)
    single = _only_slot(text, pieces)
    parts: list[str | KeyExpression] = []
    made = _Made([], set(), [], [], [])
    for piece in (single,) if single else pieces:
        if isinstance(piece, str):
            parts.append(piece)
            continue
        try:
            parts.append(_expression(piece.source, made))
        except ExpressionError as error:
            error.offset = error.offset or piece.offset
            raise
    path = parts[0] if single and isinstance(parts[0], Path) else None
    return Template(
        text,
        tuple(parts),
        False,
        frozenset(made.names),
        tuple(made.jobs),
        tuple(made.files),
        tuple(made.firsts),
        path,
        _lane(parts, made.lanes),
    )


@frozen
class _Made:
    """What is found in the expressions of a scalar, one after the other."""

    lanes: list[Lane | None]
    names: set[str]
    jobs: list[JobReference]
    files: list[str]
    firsts: list[tuple[str, str]]


def _lane(parts: Sequence[str | KeyExpression], lanes: Sequence[Lane | None]) -> Lane | None:
    """The lane of a scalar, where each of its expressions has one; `lanes` are those of the expressions."""
    found = [lane for lane in lanes if lane is not None]
    if len(found) < len(lanes):
        return None
    left = iter(found)
    return found[0] if len(parts) == 1 else of_text([p if isinstance(p, str) else next(left) for p in parts])


def _only_slot(text: str, pieces: tuple[str | Slot, ...]) -> Slot | None:
    """The slot of a scalar that is one expression; blanks around it do not make it a text."""
    slots = [piece for piece in pieces if isinstance(piece, Slot)]
    others = [piece for piece in pieces if isinstance(piece, str)]
    return slots[0] if len(slots) == 1 and all(not other.strip() for other in others) else None


def _expression(source: str, made: _Made) -> KeyExpression:
    from runner.compile.expressions.path_reading import firsts_of, jobs_of

    path = parse_path(source)
    if path is not None and path.root != "file":
        made.names.update(path.names)
        made.jobs.extend(jobs_of(path))
        made.firsts.extend(firsts_of(path))
        made.lanes.append(of_path(path))
        return path
    usual = everyday(source)
    if usual is not None:
        made.names.update(path.root for path in usual.paths)
        made.jobs.extend(job for path in usual.paths for job in jobs_of(path))
        made.files.extend(usual.files)
        made.firsts.extend(first for path in usual.paths for first in firsts_of(path))
        made.lanes.append(usual.lane)
        return AskedLater(source, frozenset(path.root for path in usual.paths))
    from runner.compile.expressions.jinja import JinjaExpression, parse
    from runner.compile.expressions.reading import read

    tree = parse(source)
    reading = read(tree, source)
    made.names.update(reading.names)
    made.jobs.extend(reading.jobs)
    made.files.extend(reading.files)
    made.firsts.extend(reading.firsts)
    made.lanes.append(of_tree(tree))
    return JinjaExpression(source, tree, frozenset(reading.names), reading.labels)
