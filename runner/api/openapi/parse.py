"""YAML 1.2 core or JSON text → plain values, and the place of any value in the text.

Values are built in one walk over the C parser's nodes, which is faster than the constructor of PyYAML and
lets dates, `no` and `012` stay texts. Places are looked for only when something is wrong.
"""

import gc
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from runner.api.openapi.plain_yaml import Unsure, read_plain
from runner.model.problem import Place, Problem

SUSPICIOUS = 5_000
MOST_BYTES = 64 * 1024 * 1024
DEEPEST = 200

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?\Z")
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
          "null": None, "Null": None, "NULL": None, "~": None, "": None}  # fmt: skip
_DEEP = re.compile(r"(?m)^[ ?:-]{1000}")
_PLAIN = "plain"
_TEXT = "tag:yaml.org,2002:str"

Steps = tuple[str | int, ...]


class Unparsable(Exception):
    """The text is neither YAML nor JSON that we read; carries the one problem that says why and where."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def parse(text: str, file: str) -> Any:
    """The values of a text; `file` names it in problems. Unparsable when it cannot be read."""
    if len(text) > MOST_BYTES:
        limit = MOST_BYTES // 1024**2
        raise Unparsable(Problem("document-too-large", f"the file is larger than {limit} MiB", Place(file)))
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        try:
            return json.loads(text.lstrip("\ufeff"))
        except RecursionError as error:
            reason = "not readable: nested too deep"
            raise Unparsable(Problem("broken-json", reason, Place(file))) from error
        except json.JSONDecodeError as error:
            return _flow(text, file, error)
    return _whole(text, file)


def _flow(text: str, file: str, error: json.JSONDecodeError) -> Any:
    """A YAML flow mapping begins as JSON does; what is neither is told as what the file's name says."""
    try:
        return _whole(text, file)
    except Unparsable as broken:
        if not file.lower().endswith(".json"):
            raise
        place = Place(file, error.lineno, error.colno)
        problem = Problem(
            "broken-json", f"not valid JSON: {error.msg}", place, source=_line(text, error.lineno - 1)
        )
        raise Unparsable(problem) from broken


def _whole(text: str, file: str) -> Any:
    with _collector_off():
        try:
            return read_plain(text, plain_value, by_parser)
        except Unsure:
            pass  # not in the plain style, or broken: the whole parser says which, and where
        return by_parser(text, file)


def by_parser(text: str, file: str = "") -> Any:
    """What `parse` gives, by a whole YAML parser alone."""
    return _Walk(file).value(_compose(text, file), 0)


def place_of(text: str, file: str, steps: Steps) -> tuple[Place, str]:
    """The place of the value at `steps` (of its key, in a mapping), or of the nearest one above it, and its
    line."""
    import yaml

    try:
        node = _compose(text, file)
    except Unparsable as broken:
        return broken.problem.where, broken.problem.source
    mark = node.start_mark if node is not None else None
    for step in steps:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if str(key.value) == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and str(step).isdigit() and int(step) < len(node.value):
            found = (node.value[int(step)], node.value[int(step)])
        if found is None:
            break
        mark, node = found[0].start_mark, found[1]
    if mark is None:
        return Place(file), ""
    return Place(file, mark.line + 1, mark.column + 1), _line(text, mark.line)


def _compose(text: str, file: str) -> Any:
    import yaml

    _check_depth(text, file)
    try:
        return yaml.compose(text, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        said = error.problem or error.context or "it cannot be read"
        source = _line(text, mark.line) if mark else ""
        raise Unparsable(Problem("broken-yaml", f"not valid YAML: {said}", place, source=source)) from error
    except yaml.YAMLError as error:
        raise Unparsable(Problem("broken-yaml", f"not valid YAML: {error}", Place(file))) from error


def _check_depth(text: str, file: str) -> None:
    """Composing nodes is recursive, and in C: a text that is nested without end would end the process."""
    import yaml

    if text.count("[") + text.count("{") < SUSPICIOUS and not _DEEP.search(text):
        return
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > DEEPEST:
                mark = event.start_mark
                place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
                raise Unparsable(Problem("broken-yaml", f"not readable: nested deeper than {DEEPEST}", place))
    except yaml.YAMLError:
        return  # told with its place by whoever composes


@lru_cache(maxsize=1)
def _loader() -> Any:
    """The loader that only tells texts without quotes from all others."""
    import yaml

    class Loader(yaml.CSafeLoader):
        def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
            return _PLAIN if kind is yaml.ScalarNode and implicit[0] else _TEXT

    return Loader


class _Walk:
    """Nodes → values. A node that several aliases share becomes one shared value, so that no alias can blow
    up."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._made: dict[int, Any] = {}
        self._open: set[int] = set()

    def value(self, node: Any, depth: int) -> Any:
        if node is None:
            return None
        if node.id == "scalar":
            return _scalar(node)
        known = id(node)
        if known in self._made:
            return self._made[known]
        if depth > DEEPEST or known in self._open:
            reason = "an alias that holds itself" if known in self._open else f"nested deeper than {DEEPEST}"
            raise self._unparsable("broken-yaml", f"not readable: {reason}", node)
        self._open.add(known)
        made: Any
        if node.id == "sequence":
            made = [self.value(child, depth + 1) for child in node.value]
        else:
            made = self._mapping(node, depth)
        self._open.discard(known)
        self._made[known] = made
        return made

    def _mapping(self, node: Any, depth: int) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: list[Any] = []
        for key, child in node.value:
            if key.id != "scalar":
                raise self._unparsable("broken-yaml", "a key must be a plain text", key)
            name = key.value
            if name == "<<" and key.tag == _PLAIN:
                merged += child.value if child.id == "sequence" else [child]
                continue
            if name in own:
                raise self._unparsable("duplicate-key", f"the key {name!r} stands here twice", key)
            own[name] = self.value(child, depth + 1)
        if not merged:
            return own
        found: dict[str, Any] = {}
        for child in reversed(merged):
            base = self.value(child, depth + 1)
            if not isinstance(base, dict):
                raise self._unparsable("broken-yaml", "`<<` takes a mapping or a list of mappings", child)
            found.update(base)
        return {**found, **own}

    def _unparsable(self, code: str, message: str, node: Any) -> Unparsable:
        mark = node.start_mark
        return Unparsable(Problem(code, message, Place(self._file, mark.line + 1, mark.column + 1)))


def _scalar(node: Any) -> Any:
    return plain_value(node.value) if node.tag == _PLAIN else node.value


def plain_value(text: str) -> Any:
    """The value of a text without quotes."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "-0123456789":
        if _INTEGER.match(text):
            return int(text)
        if _NUMBER.match(text):
            return float(text)
    return text


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number] if number < len(lines) else ""


@contextmanager
def _collector_off() -> Iterator[None]:
    """Most of the time of a large document is Python's collector looking at nodes that all live."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
