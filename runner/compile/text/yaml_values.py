"""From composed YAML nodes to values: one walk, with runner's own narrow rules.

Plain `true`, `false`, `null`, `~`, nothing and decimal numbers have their meaning; every other scalar is
text, and so is every key. An exponent makes no number: `61e21` is somebody's id.
"""

import sys
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from runner.compile.text.scalars import plain_value
from runner.model.problem import Place, Problem

DEEPEST = 100
"""How many levels of nesting a document may have."""

MENDED = "\ue000"
"""Stands in the parsed text for each character of an expression that was not quoted in a flow collection."""

_TAG = "tag:yaml.org,2002:"


class TooMuch(Exception):
    """The document is not worth walking on; its problem is already recorded."""


class Walk:
    """Builds the values of one document and collects what is wrong; `text` is the document as written."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.problems: list[Problem] = []
        self._entries_left = 1_000_000 + 2 * len(text)
        self._reported: set[tuple[str, int]] = set()
        self._explicit = False

    def value(self, node: Any, depth: int = 0) -> Any:
        """The value of a node; raises TooMuch for an alias bomb or an alias that contains itself."""
        kind = type(node)
        if kind is ScalarNode:
            return self._scalar(node)
        if depth >= DEEPEST:
            self._stop(node, "too-deep", f"an alias leads into itself, or deeper than {DEEPEST} levels")
        self._entries_left -= len(node.value)
        if self._entries_left < 0:
            self._stop(node, "alias-bomb", "the aliases of this document unfold to far more than its text")
        if node.tag is not None and node.tag != _TAG + ("map" if kind is MappingNode else "seq"):
            self._refuse_tag(node)
        if kind is MappingNode:
            return self._mapping(node, depth + 1)
        return [
            self._scalar(child) if type(child) is ScalarNode else self.value(child, depth + 1)
            for child in node.value
        ]

    def _mapping(self, node: MappingNode, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.key(key_node)
            if key is None:
                continue
            if type(value_node) is ScalarNode:
                made[key] = self._scalar(value_node)
            else:
                made[key] = self.value(value_node, depth)
        if "<<" in made and any(is_merge(key_node) for key_node, _ in node.value):
            self._find_duplicates(node)
            return self._merged(node, made, depth)
        if len(made) != len(node.value):
            self._find_duplicates(node)
        return made

    def key(self, node: Node) -> str | None:
        """A key is text, as it is written: `1:` is the key `1`. None for a list or mapping: a problem."""
        if type(node) is not ScalarNode:
            braces = self.text[node.start_mark.index - 1 : node.start_mark.index + 1] == "{{"
            hint = "an expression is written `${{ … }}`" if braces else "write the key as text"
            self._report(node, "bad-key", "a list or mapping cannot be a key", hint)
            return None
        if node.tag is not None and not node.tag.startswith(_TAG):
            self._refuse_tag(node)
        if node.value == "" and not node.style:
            self._report(
                node, "bad-key", "a key is missing before the colon", 'write it, or `""` if it is empty'
            )
        key: str = node.value
        if MENDED in key:
            key = self._as_written(node)
        return sys.intern(key)

    def _merged(self, node: MappingNode, own: dict[str, Any], depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for source in merge_sources(node):
            if type(source) is not MappingNode:
                what = "`<<` takes a mapping, or a list of mappings"
                self._report(source, "bad-merge", what, "write `<<: *name`, where `&name` marks a mapping")
                continue
            for key, value in self.value(source, depth).items():
                made.setdefault(key, value)
        made.update((key, value) for key, value in own.items() if key != "<<")
        return made

    def _scalar(self, node: Any) -> Any:
        text: str = node.value
        if node.tag is not None:
            return self._tagged(node, text)
        if node.style:
            return text
        if "${{" in text:
            return self._uncut(node, text)
        if MENDED in text:
            return self._as_written(node)
        return plain_value(text)

    def _tagged(self, node: ScalarNode, text: str) -> Any:
        meant = node.tag.removeprefix(_TAG)
        if meant == "str":
            return text
        value = plain_value(text)
        found = {bool: "bool", int: "int", float: "float", type(None): "null"}.get(type(value), "str")
        if meant == "float" and found == "int":
            return float(value)
        if meant not in ("bool", "int", "float", "null"):
            self._refuse_tag(node)
        elif meant != found:
            self._report(node, "bad-tag", f"`{text}` is no !!{meant}", "remove the tag, or mend the value")
        return value

    def _as_written(self, node: ScalarNode) -> str:
        return self.text[node.start_mark.index : node.end_mark.index].strip()

    def _uncut(self, node: ScalarNode, text: str) -> str:
        """The text, and where a comment cut its expression, the whole line, so that the rest can be checked."""
        if "}}" in text[text.rindex("${{") :]:
            return text
        end = self.text.find("\n", node.end_mark.index)
        rest = self.text[node.end_mark.index : end if end >= 0 else len(self.text)]
        if not rest.lstrip(" \t").startswith("#"):
            return text
        what = "this expression is cut off: in YAML ` #` begins a comment"
        self._report(node, "cut-expression", what, "put the whole value in quotes")
        return text + rest.rstrip()

    def _find_duplicates(self, node: MappingNode) -> None:
        first: dict[str, int] = {}
        for key_node, _ in node.value:
            key = self.key(key_node)
            if key is None:
                continue
            if key in first:
                what = f"key `{key}` is given twice (first in line {first[key]})"
                self._report(key_node, "duplicate-key", what, "remove or rename one of them")
            else:
                first[key] = key_node.start_mark.line + 1

    def _refuse_tag(self, node: Node) -> None:
        tag = node.tag.replace(_TAG, "!!") if node.tag.startswith(_TAG) else node.tag
        self._report(node, "unknown-tag", f"the tag `{tag}` means nothing here", "remove it")

    def _stop(self, node: Node, code: str, message: str) -> None:
        self._report(node, code, message, "write it without that alias")
        raise TooMuch

    def _report(self, node: Node, code: str, message: str, hint: str) -> None:
        """Once for each place, though aliases lead here more often."""
        mark = node.start_mark
        if (code, mark.index) not in self._reported:
            self._reported.add((code, mark.index))
            where = Place(self.file, mark.line + 1, mark.column + 1)
            self.problems.append(Problem(code, message, where, hint, line_at(self.text, mark.index)))


def is_merge(key_node: Node) -> bool:
    """Whether a key is the merge key `<<`; in quotes it is an ordinary key."""
    return type(key_node) is ScalarNode and key_node.value == "<<" and not key_node.style


def merge_sources(node: MappingNode) -> list[Any]:
    """The nodes that `<<` names, the winning one first."""
    found: list[Any] = []
    for key_node, value_node in node.value:
        if is_merge(key_node):
            found.extend(value_node.value if type(value_node) is SequenceNode else [value_node])
    return found


def line_at(text: str, index: int) -> str:
    """The line of `text` that holds the character at `index`, without its line break."""
    start = text.rfind("\n", 0, index) + 1
    end = text.find("\n", index)
    return text[start : len(text) if end < 0 else end].rstrip("\r")
