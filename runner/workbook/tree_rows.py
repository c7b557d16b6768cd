"""JSON and YAML files as rows: a list of rows, or a mapping of keys to rows."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runner.model.frozen import frozen
from runner.model.problem import Place
from runner.workbook.findings import Findings

_MOST_BYTES = 256 * 1024 * 1024
_MOST_DEPTH = 64
_MOST_NODES = 5_000_000
_NUMBER = re.compile(r"^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


@frozen
class Tree:
    """The rows, the line of each (0: unknown), and the keys where the file holds a mapping."""

    rows: tuple[Any, ...]
    lines: tuple[int, ...]
    keys: tuple[str, ...] | None = None


class _Bad(Exception):
    def __init__(self, message: str, line: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.line, self.hint = message, line, hint


def read_tree(path: Path, file: str, findings: Findings) -> Tree | None:
    """The rows of a `.json`, `.yaml` or `.yml` file; None when it cannot be read."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _Bad("the file is larger than 256 MiB", hint="split it")
        text = path.read_text("utf-8-sig")
        return _json(text) if path.suffix.lower() == ".json" else _yaml(text)
    except UnicodeDecodeError as error:
        findings.add(
            "table-unreadable", f"the file is not UTF-8: {error.reason}", Place(file), "save it as UTF-8"
        )
    except RecursionError:
        findings.add("table-unreadable", "the file is nested too deeply", Place(file))
    except _Bad as bad:
        findings.add("table-unreadable", bad.message, Place(file, bad.line, 1 if bad.line else 0), bad.hint)
    return None


def _json(text: str) -> Tree:
    decoder = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant)
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        raise _Bad(f"not valid JSON: {error.msg}", error.lineno) from error
    if isinstance(value, list):
        return Tree(tuple(value), _json_lines(decoder, text, len(value)))
    if isinstance(value, dict):
        return Tree(tuple(value.values()), (0,) * len(value), tuple(value))
    raise _Bad("the file must hold a list of rows, or a mapping of keys to rows", 1)


def _json_lines(decoder: json.JSONDecoder, text: str, count: int) -> tuple[int, ...]:
    """The line on which each element of the outermost list begins; the text is known to be valid."""
    lines: list[int] = []
    at = text.index("[") + 1
    line, counted = 1, 0
    for _ in range(count):
        while text[at] in " \t\r\n,":
            at += 1
        line += text.count("\n", counted, at)
        counted = at
        lines.append(line)
        at = decoder.raw_decode(text, at)[1]
    return tuple(lines)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        again = counts.most_common(1)[0][0]
        raise _Bad(f"the key {again!r} stands twice in one object", hint="keep one of them")
    return made


def _constant(word: str) -> Any:
    raise _Bad(f"{word} is not a JSON value", hint="write a number, or null")


def _yaml(text: str) -> Tree:
    import yaml

    try:
        return _Builder(yaml.parse(text, Loader=yaml.CSafeLoader)).tree()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise _Bad(f"not valid YAML: {error.problem}", mark.line + 1 if mark is not None else 0) from error
    except yaml.YAMLError as error:
        raise _Bad(f"not valid YAML: {error}") from error


class _Builder:
    """Events to values, by the manifest's own narrow YAML: what is not a word or a decimal number is text.

    Events, as the C composer recurses without a bound and brings the process down on deep nesting.
    """

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0  # with those that aliases repeat: they can make a small file enormous

    def tree(self) -> Tree:
        from yaml import (
            DocumentStartEvent,
            MappingStartEvent,
            SequenceEndEvent,
            SequenceStartEvent,
            StreamEndEvent,
        )

        next(self._events)
        start = next(self._events)
        if isinstance(start, StreamEndEvent):
            return Tree((), ())
        event = next(self._events)
        lines: list[int] = []
        if isinstance(event, SequenceStartEvent):
            rows: list[Any] = []
            while not isinstance(event := next(self._events), SequenceEndEvent):
                lines.append(_line(event))
                rows.append(self._value(event, 1))
            made = Tree(tuple(rows), tuple(lines))
        elif isinstance(event, MappingStartEvent):
            mapping = self._mapping(1, lines)
            made = Tree(tuple(mapping.values()), tuple(lines), tuple(mapping))
        else:
            raise _Bad("the file must hold a list of rows, or a mapping of keys to rows", 1)
        next(self._events)
        if isinstance(more := next(self._events), DocumentStartEvent):
            raise _Bad("a second YAML document begins here", _line(more), "keep one document a file")
        return made

    def _value(self, event: Any, depth: int) -> Any:
        from yaml import AliasEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

        line = _line(event)
        before = self._nodes
        self._nodes += 1
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchors:
                raise _Bad(f"there is no anchor &{event.anchor} above", line)
            value, size = self._anchors[event.anchor]
            self._nodes += size
        elif isinstance(event, ScalarEvent):
            value = _scalar(event.value) if event.implicit[0] else event.value
        elif depth >= _MOST_DEPTH:
            raise _Bad(f"nested more than {_MOST_DEPTH} deep", line)
        elif isinstance(event, SequenceStartEvent):
            value = []
            while not isinstance(child := next(self._events), SequenceEndEvent):
                value.append(self._value(child, depth + 1))
        else:
            value = self._mapping(depth + 1)
        if self._nodes > _MOST_NODES:
            raise _Bad("too large once its aliases are followed", line)
        if event.anchor and not isinstance(event, AliasEvent):
            self._anchors[event.anchor] = (value, self._nodes - before)
        return value

    def _mapping(self, depth: int, lines: list[int] | None = None) -> dict[str, Any]:
        """The mapping whose start was just read; `lines` receives the line of each of its own keys."""
        from yaml import MappingEndEvent, ScalarEvent

        made: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while not isinstance(key := next(self._events), MappingEndEvent):
            line = _line(key)
            if not isinstance(key, ScalarEvent):
                raise _Bad("a key must be plain text", line)
            value = self._value(next(self._events), depth)
            if key.value == "<<" and key.implicit[0] and lines is None:
                merged.update(_merged(value, line))
                continue
            if key.value in made:
                raise _Bad(f"the key {key.value!r} stands twice", line, "keep one of them")
            made[key.value] = value
            if lines is not None:
                lines.append(line)
        return merged | made


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _merged(value: Any, line: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for part in reversed(value if isinstance(value, list) else [value]):
        if not isinstance(part, dict):
            raise _Bad("<< takes a mapping, or a list of mappings", line)
        made.update(part)
    return made


def _scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.match(text) is None:
        return text
    return int(text) if text.lstrip("-").isdigit() else float(text)
