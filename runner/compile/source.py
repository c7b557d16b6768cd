"""YAML text → a value, its problems, and the place of every part of it.

Composed by PyYAML's C parser and constructed in one walk of our own (`yaml_values`). Places are looked up
only when somebody asks; a large document then is composed once more rather than keep its nodes in memory.
"""

import gc
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from runner.compile.yaml_syntax import expression_span, find_depth, syntax_problem
from runner.compile.yaml_values import DEEPEST, MENDED, TooMuch, Walk, is_merge, line_at, merge_sources
from runner.model.manifest import YamlPath
from runner.model.problem import Place, Problem

LARGEST = 32 * 1024 * 1024
"""The most bytes a file, and the most characters a text may have."""

_KEEP_NODES = 1024 * 1024  # characters; above it, nodes (some 35 bytes a character) are not kept
_MOST_MENDS = 20


class Source:
    """A parsed document. `value` holds dicts with text keys, lists, texts, numbers, booleans and None."""

    def __init__(
        self, file: str, text: str, value: Any, problems: Sequence[Problem], root: Node | None, parsed: str
    ) -> None:
        self.file = file
        self.text = text
        self.value = value
        self.problems = tuple(problems)
        self._root = root
        self._parsed = parsed
        self._entries: dict[int, dict[str, tuple[Node, Node]]] = {}

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def place(self, path: YamlPath) -> tuple[Place, str]:
        """Where the value at `path` stands, and the text of that line.

        An entry without a value, or whose block begins in a later line, has the place of its key; a path that
        leads nowhere, that of its nearest ancestor.
        """
        key, value = self._follow(path)
        if value is None:
            return Place(self.file), ""
        if key is not None and (_is_empty(value) or _is_block_below(value, key)):
            return self._place(key)
        return self._place(value)

    def key_place(self, path: YamlPath) -> tuple[Place, str]:
        """Where the key that ends `path` stands (of a list's item: the item), and the text of that line."""
        key, value = self._follow(path)
        found = key if key is not None else value
        return self._place(found) if found is not None else (Place(self.file), "")

    def line(self, number: int) -> str:
        """The text of a line, counted from 1; empty when there is none."""
        lines = self.text.splitlines()
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def _place(self, node: Node) -> tuple[Place, str]:
        mark = node.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1), line_at(self.text, mark.index)

    def _follow(self, path: YamlPath) -> tuple[Node | None, Node | None]:
        """The key node (None for an item of a list, and for the root) and the node at `path`."""
        if self._root is None and self._parsed:
            with _collector_off():
                self._root = _compose(self._parsed)
        key: Node | None = None
        node = self._root
        for part in path:
            entry = self._child(node, part)
            if entry is None:
                break
            key, node = entry
        return key, node

    def _child(self, node: Any, part: str | int) -> tuple[Node | None, Node] | None:
        """The key node and the node of one entry, merged ones too; None when there is no such entry."""
        if type(node) is SequenceNode:
            inside = isinstance(part, int) and 0 <= part < len(node.value)
            return (None, node.value[part]) if inside else None
        if type(node) is not MappingNode:
            return None
        if id(node) not in self._entries:
            own = ((key, value) for key, value in node.value if not is_merge(key))
            self._entries[id(node)] = {key.value: (key, value) for key, value in own if _is_text(key)}
        found: tuple[Node | None, Node] | None = self._entries[id(node)].get(str(part))
        for source in merge_sources(node) if found is None else ():
            found = self._child(source, part)
            if found is not None:
                break
        return found


def parse_yaml(text: str, file: str) -> Source:
    """Parse one YAML document; `file` is the name under which problems are shown.

    Nothing is raised for what `text` may hold: problems stand in the result, and `value` is None where there
    is no document, or none that can be read.
    """
    if len(text) > LARGEST:
        return _unreadable(text, file, too_large(len(text), "characters", Place(file)))
    deep = find_depth(text, DEEPEST, _Composer)
    if deep is not None:
        what = f"nested deeper than {DEEPEST} levels"
        where = Place(file, deep.line + 1, deep.column + 1)
        return _unreadable(
            text, file, Problem("too-deep", what, where, "flatten it", line_at(text, deep.index)[:200])
        )
    with _collector_off():
        return _parse(text, file)


def too_large(size: int, unit: str, where: Place) -> Problem:
    """A document is larger than `LARGEST`."""
    what = f"the file holds {size:,} {unit}; at most {LARGEST:,} are read"
    hint = "move its rows to a table (csv, xlsx) and name that under `data`"
    return Problem("too-large", what, where, hint)


def _parse(text: str, file: str) -> Source:
    parsed = text
    mended: list[Problem] = []
    while True:
        try:
            root = _compose(parsed)
            break
        except (yaml.YAMLError, UnicodeEncodeError) as error:
            span = expression_span(error, parsed)
            if span is None or len(mended) >= _MOST_MENDS or len(mended) * len(text) > LARGEST:
                return _unreadable(text, file, *mended, syntax_problem(error, text, file))
            mended.append(_unquoted(text, file, *span))
            parsed = parsed[: span[0]] + MENDED * (span[1] - span[0]) + parsed[span[1] :]
    walk = Walk(text, file)
    value = None
    try:
        if root is not None:
            value = walk.value(root)
    except TooMuch:
        value = None
    kept = root if len(text) <= _KEEP_NODES else None
    problems = sorted((*mended, *walk.problems), key=lambda problem: problem.where)
    return Source(file, text, value, problems, kept, parsed)


def _unreadable(text: str, file: str, *problems: Problem) -> Source:
    return Source(file, text, None, problems, None, "")


def _unquoted(text: str, file: str, start: int, end: int) -> Problem:
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    found = _scalar_around(text, start, end)
    quote = "'" if '"' in found else '"'
    what = "an expression inside `{ }` or `[ ]` must stand in quotes"
    hint = (
        f"write {quote}{found}{quote}" if len(found) <= 80 and "\n" not in found else "put quotes around it"
    )
    where = Place(file, line, column)
    return Problem("unquoted-expression", what, where, hint, line_at(text, start))


def _scalar_around(text: str, start: int, end: int) -> str:
    """The whole unquoted scalar that an expression is a part of."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    starts = [before.rfind(sign) + len(sign) for sign in ("[", "{", ",", ": ") if sign in before]
    first = max(starts, default=0)
    ends = [at for sign in ",]}\n" if (at := text.find(sign, end)) >= 0]
    return (before[first:] + text[start : min(ends, default=len(text))]).strip()


class _Composer(CParser):
    """The C composer with no tags but explicit ones: what a scalar means is decided in the walk."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> None:
        return None

    def descend_resolver(self, parent: Any, index: Any) -> None:
        return None

    def ascend_resolver(self) -> None:
        return None


def _compose(text: str) -> Node | None:
    parser = _Composer(text)
    try:
        node: Node | None = parser.get_single_node()
        return node
    finally:
        parser.dispose()


def _is_empty(node: Any) -> bool:
    return type(node) is ScalarNode and node.value == "" and not node.style


def _is_block_below(node: Any, key: Node) -> bool:
    return type(node) is not ScalarNode and bool(node.start_mark.line > key.start_mark.line)


def _is_text(node: Node) -> bool:
    return type(node) is ScalarNode


@contextmanager
def _collector_off() -> Iterator[None]:
    """Python's garbage collector only costs time while nodes are made: they hold no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
