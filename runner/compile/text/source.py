"""YAML text → a value, its problems, and the place of every part of it.

A text in the plain style of manifests is read by `api/openapi/plain_yaml`; any other, and whatever is wrong, by a
parser in `yaml_whole`, whose import takes 50 ms. Places are looked up only when somebody asks: the text then is
composed, once more where it was large, rather than keep its nodes in memory.
"""

import gc
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from runner.api.openapi.plain_yaml import Unsure, read_plain
from runner.compile.text.scalars import plain_value
from runner.model.manifest import YamlPath
from runner.model.problem import Place, Problem

if TYPE_CHECKING:
    from runner.compile.text.yaml_whole import Tree

LARGEST = 32 * 1024 * 1024
"""The most bytes a file, and the most characters a text may have."""

_NAMED = re.compile(r"[ ,\[{:][&*]")


class Source:
    """A parsed document. `value` holds dicts with text keys, lists, texts, numbers, booleans and None."""

    def __init__(
        self,
        file: str,
        text: str,
        value: Any,
        problems: Sequence[Problem],
        parsed: str,
        tree: "Tree | None" = None,
    ) -> None:
        self.file = file
        self.text = text
        self.value = value
        self.problems = tuple(problems)
        self._parsed = parsed
        self._tree = tree

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def place(self, path: YamlPath) -> tuple[Place, str]:
        """Where the value at `path` stands, and the text of that line.

        An entry without a value, or whose block begins in a later line, has the place of its key, and so has a path
        that ends in a `Key`; a path that leads nowhere, that of its nearest ancestor.
        """
        return self._places().place(path)

    def key_place(self, path: YamlPath) -> tuple[Place, str]:
        """Where the key that ends `path` stands (of a list's item: the item), and the text of that line."""
        return self._places().key_place(path)

    def line(self, number: int) -> str:
        """The text of a line, counted from 1; empty when there is none."""
        lines = self.text.splitlines()
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def _places(self) -> "Tree":
        if self._tree is None:
            from runner.compile.text.yaml_whole import Tree, compose

            with _collector_off():
                self._tree = Tree(self.file, self.text, compose(self._parsed) if self._parsed else None)
        return self._tree


def parse_yaml(text: str, file: str) -> Source:
    """Parse one YAML document; `file` is the name under which problems are shown.

    Nothing is raised for what `text` may hold: problems stand in the result, and `value` is None where there
    is no document, or none that can be read.
    """
    if len(text) > LARGEST:
        return Source(file, text, None, (too_large(len(text), "characters", Place(file)),), "")
    with _collector_off():
        try:
            return Source(file, text, _plainly(text), (), text)
        except Unsure:
            pass  # not in the plain style, or broken: the whole parser says which, and where
        from runner.compile.text.yaml_whole import parse_whole

        return Source(file, text, *parse_whole(text, file))


def _plainly(text: str) -> Any:
    if _NAMED.search(text):
        raise Unsure  # what is mentioned twice is counted, lest a small text unfolds to a huge one
    return read_plain(text, _scalar, _snippet)


def _scalar(text: str) -> Any:
    if "${{" not in text:
        return plain_value(text)
    if "}}" not in text[text.rindex("${{") :]:
        raise Unsure  # a comment may have cut it
    return text


def _snippet(text: str) -> Any:
    from runner.compile.text.yaml_whole import parse_whole

    value, problems, *_ = parse_whole(text, "")
    if problems:
        raise Unsure
    return value


def too_large(size: int, unit: str, where: Place) -> Problem:
    """A document is larger than `LARGEST`."""
    what = f"the file holds {size:,} {unit}; at most {LARGEST:,} are read"
    hint = "move its rows to a table (csv, xlsx) and name that under `data`"
    return Problem("too-large", what, where, hint)


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
