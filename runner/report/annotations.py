"""Remarks as GitHub shows them beside the lines of a pull request.

Workflow commands: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from runner.report.problems import shown_file
from runner.report.remarks import ERROR, NOTICE, WARNING, Remark

MOST = 10
"""GitHub keeps so many annotations of each level of a step, and drops the others without a word."""


def annotations(remarks: Iterable[Remark], base: Path | None = None) -> list[str]:
    """A workflow command for each remark, the first of each level; the last one counts what was left out."""
    remarks = list(remarks)
    lines: list[str] = []
    for level in (ERROR, WARNING, NOTICE):
        alike = [remark for remark in remarks if remark.level == level]
        shown = alike if len(alike) <= MOST else alike[: MOST - 1]
        lines += [_command(remark, base) for remark in shown]
        lines += _rest(level, alike[len(shown) :])
    return lines


def _command(remark: Remark, base: Path | None) -> str:
    properties = {"title": remark.title}
    message = remark.message
    where = remark.where
    if where is not None and (where.line or where.sheet):  # a place without either is no file
        properties = {"file": shown_file(where.file, base), **properties}
        if where.line:
            properties["line"] = str(where.line)
        if where.column:
            properties["col"] = str(where.column)
        if where.sheet:
            message = f"[{where.sheet}]!{where.cell}: {message}"
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{remark.level} {told}::{_data(message)}"


def _rest(level: str, left: Sequence[Remark]) -> list[str]:
    if not left:
        return []
    return [
        f"::{level} title=and {len(left)} more::{_data('; '.join(remark.title for remark in left[:MOST]))}"
    ]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
