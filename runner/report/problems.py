"""Problems as people read them: where, what, what to do, and the line it is about."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.model.problem import Place, Problem
from runner.report.words import Look, counted, visible

PLAIN = Look()


def problems_text(problems: Sequence[Problem], base: Path | None = None, look: Look = PLAIN) -> str:
    """All problems, one after the other, and their number. Files under `base` are shown relative to it."""
    blocks = [problem_text(problem, base, look) for problem in problems]
    errors = sum(not problem.warning for problem in problems)
    warnings = len(problems) - errors
    parts = [counted(errors, "problem")] if errors else []
    parts += [counted(warnings, "warning")] if warnings else []
    return "\n".join([*blocks, ", ".join(parts)])


def problem_text(problem: Problem, base: Path | None = None, look: Look = PLAIN) -> str:
    """`file:line:column: what is wrong — what to do`, then the line with a caret under the place."""
    where = str(shown_place(problem.where, base))
    word = "warning: " if problem.warning else ""
    hint = f" — {problem.hint}" if problem.hint else ""
    colour = "yellow" if problem.warning else "red"
    lines = [
        f"{look.paint(where, bold=True)}: {look.paint(word, colour)}{visible(problem.message)}{visible(hint)}"
    ]
    if problem.source and problem.where.line:
        lines += _source_lines(problem, colour, look)
    return "\n".join(lines)


def _source_lines(problem: Problem, colour: str, look: Look) -> list[str]:
    number = str(problem.where.line)
    gutter = " " * len(number)
    # A tab keeps its width in both lines, so that the caret stands under its character.
    before = problem.source[: max(problem.where.column - 1, 0)]
    padding = "".join("\t" if character == "\t" else " " for character in before)
    shown = [f"  {look.paint(number, dim=True)} | {visible(problem.source.rstrip())}"]
    if problem.where.column:
        shown.append(f"  {gutter} | {padding}{look.paint('^', colour)}")
    return shown


def shown_place(place: Place, base: Path | None) -> Place:
    """The place with its file relative to `base`."""
    return Place(shown_file(place.file, base), place.line, place.column, place.sheet, place.cell)


def shown_file(file: str, base: Path | None) -> str:
    """A file's path relative to `base` where it is below it, else as it is; always with slashes."""
    if base is None or not os.path.isabs(file):
        return file
    path = Path(file)
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else file


def problem_json(problem: Problem, base: Path | None = None) -> dict[str, Any]:
    """One problem for programs; what does not apply is left out."""
    place = problem.where
    found: dict[str, Any] = {
        "code": problem.code,
        "severity": "warning" if problem.warning else "error",
        "message": problem.message,
        "hint": problem.hint,
        "file": shown_file(place.file, base),
        "line": place.line,
        "column": place.column,
        "sheet": place.sheet,
        "cell": place.cell,
        "source": problem.source,
    }
    return {key: value for key, value in found.items() if value not in ("", 0)}
