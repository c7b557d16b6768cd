"""The block style of large documents, read line by line, three times as fast as by a whole YAML parser.

Whatever is not plainly what it seems (tags, tabs, odd indentation, anything broken) is `Unsure`, and the text
is left to the parser, which has the last word on what YAML is. Of brackets, blocks of text and texts over several
lines, `plain_pieces` reads the usual ones; the others go to the parser one by one.

A text in the plain style needs no parser at all, and so not the time of importing one.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from sys import intern
from typing import Any

from runner.api.openapi.plain_pieces import (
    MERGE,
    Anchors,
    Scalar,
    Unsure,
    block_text,
    in_brackets,
    over_lines,
)

__all__ = ["Unsure", "read_plain"]

DEEPEST = 60

_MARKS = ("\n---", "\n...", "\n%")
_QUOTED = re.compile(r"""(?:'(?P<one>(?:[^']|'')*)'|"(?P<two>[^"\\]*)")[ ]*(?:[ ]#.*)?\Z""")
_QUOTED_KEY = re.compile(r"""(?:'(?P<one>[^']*)'|"(?P<two>[^"\\]*)") *:(?: +|\Z)""")
_NO_START = frozenset("&*!%@`?,]}:|>[{#-'\"")
_PIECES = frozenset("|>[{")
_LONGEST_KEY = 1000
_ANCHOR = re.compile(r"(?m)(?:^|[ ,\[{:])&")
_COMMENT = re.compile(r"[ ]*(?:[ ]#.*)?\Z")


def read_plain(text: str, scalar: Scalar, snippet: Callable[[str], Any]) -> Any:
    """The values of a text. `scalar` gives a plain text its value; `snippet` reads one mapping entry by a whole parser,
    and raises any exception for what it cannot read.

    Raises:
        Unsure: leave the text to a whole parser.
    """
    if _is_odd(text) or any(mark in f"\n{text[:4]}" or mark in text for mark in _MARKS):
        raise Unsure
    return _Reader(text, scalar, snippet).whole()


def _is_odd(text: str) -> bool:
    """Whether there are tabs, control characters, or line breaks of another kind."""
    return not text.replace("\n", "").isprintable() and _odd().search(text) is not None


@lru_cache(maxsize=1)
def _odd() -> re.Pattern[str]:
    return re.compile("[\t\r\x85\u2028\u2029\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")


class _Reader:
    """`_indent` and `_content` are those of the line that is looked at, which says something; the indent is -1 at the
    end."""

    def __init__(self, text: str, scalar: Scalar, snippet: Callable[[str], Any]) -> None:
        self._lines = text.split("\n")
        rows = [
            (at, len(line) - len(content), content)
            for at, line in enumerate(self._lines)
            if (content := line.lstrip(" ")) and content[0] != "#"
        ]
        self._rows = [*rows, (len(self._lines), -1, "")]
        self._scalar, self._snippet = scalar, snippet
        self._anchors = Anchors()
        self._row = -1
        self._next()

    def whole(self) -> Any:
        """The document, which must be one mapping that begins in the first column."""
        if self._indent != 0:
            raise Unsure
        made = self._mapping(0, self._content, 0)
        if self._indent >= 0:
            raise Unsure
        return made

    def _next(self) -> None:
        """Goes to the next line that is neither empty nor a comment."""
        self._row += 1
        self._at, self._indent, self._content = self._rows[self._row]

    def _mapping(self, indent: int, content: str, depth: int) -> dict[str, Any]:
        """A mapping whose keys stand at `indent`; `content` is its first line from there on."""
        if depth > DEEPEST:
            raise Unsure
        made: dict[str, Any] = {}
        base: Mapping[str, Any] = {}
        while True:
            entry = _entry(content)
            if entry is not None and entry[0] not in made:
                made[intern(entry[0])] = self._value(indent, content, entry[1], depth)
            elif content.startswith(MERGE) and not base:
                base, end = self._anchors.merged(content)
                self._ended(indent, content, end)
            else:
                raise Unsure
            if self._indent != indent:
                if self._indent > indent:
                    raise Unsure
                return {**base, **made} if base else made
            content = self._content
            if content.startswith("- ") or content == "-":
                raise Unsure

    def _value(self, indent: int, entry: str, value: str, depth: int) -> Any:
        """The value of a key at `indent`; afterwards the line after it is looked at."""
        first = value[:1]
        if not first or first == "#":
            self._next()
            return self._nested(indent, depth)
        if first in "&*":
            return self._anchored(indent, entry, value, depth)
        start = self._at
        self._next()
        if first in _PIECES or self._indent > indent:  # or a text that goes on
            return self._piece(indent, entry, value, start)
        if first in "'\"":
            return self._quoted(indent, entry, value, start)
        return self._plain(value)

    def _anchored(self, indent: int, entry: str, value: str, depth: int) -> Any:
        """`&name` and a value, or `*name` for the value that has it."""
        if value[0] == "*":
            mentioned, end = self._anchors.mentioned(value)
            self._ended(indent, value, end)
            return mentioned
        name, end = self._anchors.named(value)
        below = self._rows[self._row + 1][1]
        if end == len(value) and below <= indent:
            raise Unsure
        made = self._value(indent, entry, value[end:], depth)
        self._anchors.keep(name, made)
        return made

    def _ended(self, indent: int, content: str, end: int) -> None:
        """Goes to the next line, where this one says no more and none goes on with it."""
        self._next()
        if _COMMENT.match(content, end) is None or self._indent > indent:
            raise Unsure

    def _nested(self, indent: int, depth: int) -> Any:
        """What stands below a key without a value: a deeper block, a list at the key's own indent, or nothing."""
        if self._indent > indent:
            content = self._content
            if content.startswith("- ") or content == "-":
                return self._sequence(self._indent, depth + 1)
            return self._mapping(self._indent, content, depth + 1)
        if self._indent == indent and (self._content.startswith("- ") or self._content == "-"):
            return self._sequence(indent, depth + 1)
        return None

    def _sequence(self, indent: int, depth: int) -> list[Any]:
        if depth > DEEPEST:
            raise Unsure
        made = []
        while self._indent == indent:
            content = self._content
            if not (content.startswith("- ") or content == "-"):
                break
            made.append(self._item(indent, content, depth))
        if self._indent > indent:
            raise Unsure
        return made

    def _item(self, indent: int, content: str, depth: int) -> Any:
        inner = content[1:].lstrip(" ")
        if not inner or inner[0] == "#":
            self._next()
            if self._indent > indent:
                return self._nested(indent, depth)
            return None
        if inner.startswith("- ") or inner == "-":
            raise Unsure
        if inner[0] not in _PIECES and _entry(inner) is not None and not _is_text(inner):
            column = indent + len(content) - len(inner)
            return self._mapping(column, inner, depth + 1)
        if inner[0] == "*":
            return self._anchored(indent, content, inner, depth)
        start = self._at
        self._next()
        if inner[0] in _PIECES or self._indent > indent:
            return self._piece(indent, content, inner, start)
        return self._quoted(indent, content, inner, start) if inner[0] in "'\"" else self._plain(inner)

    def _quoted(self, indent: int, entry: str, value: str, start: int) -> Any:
        quoted = _QUOTED.match(value)
        if quoted is None:
            return self._piece(indent, entry, value, start)
        one = quoted["one"]
        return one.replace("''", "'") if one is not None else quoted["two"]

    def _plain(self, value: str) -> Any:
        if " #" in value:
            value = value[: value.index(" #")]
        value = value.rstrip(" ")
        if ": " in value or value[-1] == ":":
            raise Unsure
        if value[0] in _NO_START and (value[0] != "-" or value[1:2] in ("", " ")):
            raise Unsure
        return self._scalar(value)

    def _piece(self, indent: int, entry: str, value: str, start: int) -> Any:
        """The value of an entry with all the lines that are deeper than it; `value` is what stands in its first."""
        at = self._end(indent, start)
        if at == len(self._lines) and self._lines[-1]:
            raise Unsure  # its last line does not end, which matters to some
        try:
            made = self._read(value, self._lines[start + 1 : at], indent)
        except Unsure:
            made = self._by_parser(indent, entry, start, at)
        self._row = bisect_left(self._rows, (at,)) - 1
        self._next()
        return made

    def _end(self, indent: int, start: int) -> int:
        """The line after all that are deeper than `indent`, or empty."""
        at = start + 1
        while at < len(self._lines):
            line = self._lines[at]
            content = line.lstrip(" ")
            if content and len(line) - len(content) <= indent:
                break
            at += 1
        return at

    def _read(self, value: str, lines: Sequence[str], indent: int) -> Any:
        if value[0] in "[{":
            return in_brackets("\n".join([value, *lines]), self._scalar, self._anchors)
        if value[0] in "|>":
            return block_text(value, lines, indent)
        return over_lines(value, lines, self._scalar)

    def _by_parser(self, indent: int, entry: str, start: int, end: int) -> Any:
        text = "\n".join([" " * indent + entry, *self._lines[start + 1 : end], ""])
        if _ANCHOR.search(text):
            raise Unsure  # a name that is given inside would not be known outside
        try:
            held = self._snippet(text)
        except Exception as error:  # whatever is wrong, the whole text will tell
            raise Unsure from error
        if len(held) != 1 or not isinstance(held, dict | list):
            raise Unsure
        return held[0] if isinstance(held, list) else next(iter(held.values()))


def _entry(content: str) -> tuple[str, str] | None:
    """The key and the rest of a mapping's line; None for what is none, or not a plain one."""
    if content[0] in "'\"":
        quoted = _QUOTED_KEY.match(content)
        if quoted is None:
            return None
        one = quoted["one"]
        return one if one is not None else quoted["two"], content[quoted.end() :]
    end = content.find(": ")
    if end < 0:
        if content[-1] != ":":
            return None
        end = len(content) - 1
    key = content[:end]
    if not key or (key[0] in _NO_START and key[0] != "-") or key[:2] == "- " or key == "<<":
        return None
    if len(key) > _LONGEST_KEY:
        return None
    return (key, content[end + 2 :].lstrip(" ")) if key[-1] != " " and " #" not in key else None


def _is_text(inner: str) -> bool:
    """Whether an item that looks like an entry is one quoted text (`"a": b` is none, `"a: b"` is)."""
    return inner[0] in "'\"" and _QUOTED.match(inner) is not None
