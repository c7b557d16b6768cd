"""What changed between two canonical inputs, field by field and, in long texts, line by line."""

import json
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from runner.model.plan import FieldDiff

MOST_FIELDS = 200
"""More differences than this are cut; nobody reads them, and a plan stays small."""

MOST_LINES = 2_000
"""Texts of more lines are compared by their common beginning and end alone, which is never slow."""

_ABSENT = object()


def diff_inputs(before: Any, after: Any) -> tuple[FieldDiff, ...]:
    """The fields that differ, dotted (`settings.takes`, `members[0].userId`), in the order of `after`."""
    found: list[FieldDiff] = []
    for changed in _walk("", before, after):
        found.append(changed)
        if len(found) == MOST_FIELDS:
            break
    return tuple(found)


def _walk(path: str, before: Any, after: Any) -> Iterator[FieldDiff]:
    if type(before) is type(after) and before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*after, *(key for key in before if key not in after)]:
            child = f"{path}.{key}" if path else str(key)
            yield from _walk(child, before.get(key, _ABSENT), after.get(key, _ABSENT))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            old = before[index] if index < len(before) else _ABSENT
            new = after[index] if index < len(after) else _ABSENT
            yield from _walk(f"{path}[{index}]", old, new)
    elif isinstance(before, str) and isinstance(after, str) and ("\n" in before or "\n" in after):
        yield from _lines(path, before.split("\n"), after.split("\n"))
    elif before != after or type(before) is not type(after):
        yield FieldDiff(path or "with", _spell(before), _spell(after))


def _lines(path: str, before: list[str], after: list[str]) -> Iterator[FieldDiff]:
    for old_from, old_to, new_from, new_to in _blocks(before, after):
        for step in range(max(old_to - old_from, new_to - new_from)):
            old = before[old_from + step] if old_from + step < old_to else None
            new = after[new_from + step] if new_from + step < new_to else None
            number = new_from + step + 1 if new is not None else old_from + step + 1
            yield FieldDiff(f"{path}:{number}", old, new)


def _blocks(before: list[str], after: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Where the lines differ: (from, to) in the old text and (from, to) in the new one."""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if max(len(old), len(new)) > MOST_LINES:
        yield head, head + len(old), head, head + len(new)
        return
    for what, old_from, old_to, new_from, new_to in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if what != "equal":
            yield head + old_from, head + old_to, head + new_from, head + new_to


def _spell(value: Any) -> str | None:
    if value is _ABSENT:
        return None
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
