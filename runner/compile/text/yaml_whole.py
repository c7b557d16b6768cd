"""What a whole parser makes of a YAML text: its value, everything that is wrong with it, and the place of every part.

Composed by PyYAML's C parser and constructed in one walk of our own (`yaml_values`).
"""

from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from runner.compile.text.yaml_syntax import expression_span, find_depth, syntax_problem
from runner.compile.text.yaml_values import DEEPEST, MENDED, TooMuch, Walk, is_merge, line_at, merge_sources
from runner.model.manifest import Key, YamlPath
from runner.model.problem import Place, Problem

LARGEST_MENDED = 32 * 1024 * 1024
"""How many characters are parsed again at most, with one expression after the other put into quotes."""

_KEEP_NODES = 1024 * 1024  # characters; above it, nodes (some 35 bytes a character) are not kept
_MOST_MENDS = 20

Parsed = tuple[Any, tuple[Problem, ...], str, "Tree | None"]
"""The value, the problems, the text as it was parsed (empty where it cannot be), and its nodes while it is small."""


def parse_whole(text: str, file: str) -> Parsed:
    """Parse one document of any style; `file` is the name under which problems are shown."""
    deep = find_depth(text, DEEPEST, _Composer)
    if deep is None:
        return _parse(text, file)
    what = f"nested deeper than {DEEPEST} levels"
    where = Place(file, deep.line + 1, deep.column + 1)
    return _unreadable(Problem("too-deep", what, where, "flatten it", line_at(text, deep.index)[:200]))


def _parse(text: str, file: str) -> Parsed:
    parsed = text
    mended: list[Problem] = []
    while True:
        try:
            root = compose(parsed)
            break
        except (yaml.YAMLError, UnicodeEncodeError) as error:
            span = expression_span(error, parsed)
            if span is None or len(mended) >= _MOST_MENDS or len(mended) * len(text) > LARGEST_MENDED:
                return _unreadable(*mended, syntax_problem(error, text, file))
            mended.append(_unquoted(text, file, *span))
            parsed = parsed[: span[0]] + MENDED * (span[1] - span[0]) + parsed[span[1] :]
    walk = Walk(text, file)
    value = None
    try:
        if root is not None:
            value = walk.value(root)
    except TooMuch:
        value = None
    kept = Tree(file, text, root) if len(text) <= _KEEP_NODES else None
    problems = sorted((*mended, *walk.problems), key=lambda problem: problem.where)
    return value, tuple(problems), parsed, kept


def _unreadable(*problems: Problem) -> Parsed:
    return None, problems, "", None


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


def compose(text: str) -> Node | None:
    """The nodes of a text; raises yaml.YAMLError, UnicodeEncodeError."""
    parser = _Composer(text)
    try:
        node: Node | None = parser.get_single_node()
        return node
    finally:
        parser.dispose()


class Tree:
    """The nodes of a document, for the places of its parts; `root` is None where there is no document."""

    def __init__(self, file: str, text: str, root: Node | None) -> None:
        self._file, self._text, self._root = file, text, root
        self._entries: dict[int, dict[str, tuple[Node, Node]]] = {}

    def place(self, path: YamlPath) -> tuple[Place, str]:
        """As `Source.place`."""
        key, value = self._follow(path)
        if value is None:
            return Place(self._file), ""
        meant = (
            bool(path) and isinstance(path[-1], Key) and isinstance(key, ScalarNode) and key.value == path[-1]
        )
        if key is not None and (meant or _is_empty(value) or _is_block_below(value, key)):
            return self._place(key)
        return self._place(value)

    def key_place(self, path: YamlPath) -> tuple[Place, str]:
        """As `Source.key_place`."""
        key, value = self._follow(path)
        found = key if key is not None else value
        return self._place(found) if found is not None else (Place(self._file), "")

    def _place(self, node: Node) -> tuple[Place, str]:
        mark = node.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1), line_at(self._text, mark.index)

    def _follow(self, path: YamlPath) -> tuple[Node | None, Node | None]:
        """The key node (None for an item of a list, and for the root) and the node at `path`."""
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


def _is_empty(node: Any) -> bool:
    return type(node) is ScalarNode and node.value == "" and not node.style


def _is_block_below(node: Any, key: Node) -> bool:
    return type(node) is not ScalarNode and bool(node.start_mark.line > key.start_mark.line)


def _is_text(node: Node) -> bool:
    return type(node) is ScalarNode
