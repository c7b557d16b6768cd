"""What stands behind a key over several lines, or in brackets, in the plain style: `plain_yaml` reads all around it.

Each function gives what a whole YAML parser gives, or leaves the text to it by raising Unsure.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from sys import intern
from typing import Any

Scalar = Callable[[str], Any]
"""Gives a text without quotes its value."""

MERGE = "<<: *"

_DEEPEST = 30
_LONGEST_KEY = 200

_GAP = re.compile(r"(?:[ \n]+(?:#[^\n]*(?=\n|\Z))?)*")
_QUOTED = re.compile(r"""'(?P<one>(?:[^'\n]|'')*)'|"(?P<two>[^"\\\n]*)\"""")
_WORD = re.compile(
    r"""(?:[\w./$+<(]|-(?=[\w.]))(?:[^\s,\[\]{}:'"?]++|(?<=\w)'|:(?=[\w/])|[ ]+(?=[^\s,\[\]{}:#'"?]))*"""
)
_PAIR = re.compile(r"""([\w$][\w$.-]*): (?:"([^"\\\n]*)"|([A-Za-z][\w./-]*|[0-9]+))(?:, |(?=\}))""")
_PAIRS = re.compile(rf"\{{(?:{_PAIR.pattern})+\}}[ \n]*\Z")
_ALIAS = re.compile(r"\*([A-Za-z0-9_]+)(?=[ \n,\]}]|\Z)")
_ANCHOR = re.compile(r"&([A-Za-z0-9_]+)(?:[ ]+(?=[^ \n#&*!])|\Z)")
_HEADER = re.compile(r"([|>])(-?)[ ]*(?:[ ]#.*)?\Z")
_NO_START = frozenset("&*!%@`?,[]{}:|>#-'\"")


class Unsure(Exception):
    """The text is not in the plain style, or broken; a whole parser must say which."""


class Anchors:
    """The values that have a name (`&name`), for who mentions them (`*name`)."""

    def __init__(self) -> None:
        self._held: dict[str, Any] = {}

    def named(self, text: str, position: int = 0) -> tuple[str, int]:
        """The name that a value is given here, and where the value begins; a name may be given once."""
        found = _ANCHOR.match(text, position)
        if found is None or found[1] in self._held:
            raise Unsure
        return found[1], found.end()

    def keep(self, name: str, value: Any) -> None:
        if name in self._held:
            raise Unsure
        self._held[name] = value

    def mentioned(self, text: str, position: int = 0) -> tuple[Any, int]:
        """The value that is mentioned here, and the position behind that."""
        found = _ALIAS.match(text, position)
        if found is None or found[1] not in self._held:
            raise Unsure
        return self._held[found[1]], found.end()

    def merged(self, text: str, position: int = 0) -> tuple[Mapping[str, Any], int]:
        """The mapping that is mentioned behind `<<: `."""
        value, end = self.mentioned(text, position + len(MERGE) - 1)
        if not isinstance(value, dict):
            raise Unsure
        return value, end


def in_brackets(text: str, scalar: Scalar, anchors: Anchors) -> Any:
    """The value of a list or mapping in brackets, with nothing but a comment behind it."""
    if _PAIRS.match(text):  # short names with short texts, as most are
        pairs = _PAIR.findall(text)
        made = {intern(key): scalar(word) if word else quoted for key, quoted, word in pairs}
        if len(made) == len(pairs):
            return made
    brackets = _Brackets(text, scalar, anchors)
    value, position = brackets.collection(0, 0)
    if brackets.behind_gap(position) != len(text):
        raise Unsure
    return value


def block_text(header: str, lines: Sequence[str], indent: int) -> str:
    """The text below `|`, `|-`, `>` or `>-`; `lines` are all that stand deeper than `indent`, and empty ones. Each of
    them ends with a line break."""
    kind = _HEADER.match(header)
    if kind is None or not lines or not lines[0].strip(" "):
        raise Unsure
    deep = len(lines[0]) - len(lines[0].lstrip(" "))
    texts = []
    for line in lines:
        blank = not line.strip(" ")
        if line[:deep].strip(" ") or (blank and len(line) > deep) or deep <= indent:
            raise Unsure
        texts.append(line[deep:])
    while not texts[-1]:
        texts.pop()
    whole = "\n".join(texts) if kind[1] == "|" else _folded(texts)
    return whole if kind[2] else whole + "\n"


def _folded(texts: Sequence[str]) -> str:
    """Lines as one text: a line break is a blank, and each empty line a line break."""
    if any(text[:1] == " " or text[-1:] == " " for text in texts):
        raise Unsure
    made, breaks = texts[0], 0
    for text in texts[1:]:
        if not text:
            breaks += 1
            continue
        made += ("\n" * breaks or " ") + text
        breaks = 0
    return made


def over_lines(first: str, lines: Sequence[str], scalar: Scalar) -> Any:
    """The value of a text without quotes that goes on in further lines."""
    texts = [first.rstrip(" "), *(line.strip(" ") for line in lines)]
    while not texts[-1]:
        texts.pop()
    for text in texts:
        if text and (text[0] in _NO_START or " #" in text or ": " in text or text[-1] == ":"):
            raise Unsure
    return scalar(_folded(texts))


class _Brackets:
    """Reads what stands in `[ ]` and `{ }`; each method gives a value and the position behind it."""

    def __init__(self, text: str, scalar: Scalar, anchors: Anchors) -> None:
        self._text, self._scalar, self._anchors = text, scalar, anchors

    def collection(self, position: int, depth: int) -> tuple[Any, int]:
        if depth > _DEEPEST:
            raise Unsure
        if self._text[position] == "{":
            return self._mapping(self.behind_gap(position + 1), depth)
        return self._list(self.behind_gap(position + 1), depth)

    def _mapping(self, position: int, depth: int) -> tuple[dict[str, Any], int]:
        made: dict[str, Any] = {}
        base: Mapping[str, Any] = {}
        if self._text[position : position + 1] == "}":
            return made, position + 1
        while True:
            if self._text.startswith(MERGE, position) and not base:
                base, position = self._anchors.merged(self._text, position)
                position = self.behind_gap(position)
            else:
                key, position = self._key(position)
                if key in made:
                    raise Unsure
                made[intern(key)], position = self._value(position, depth)
            if self._text[position : position + 1] == "}":
                return {**base, **made}, position + 1
            position = self._behind_comma(position)

    def _list(self, position: int, depth: int) -> tuple[list[Any], int]:
        made: list[Any] = []
        if self._text[position : position + 1] == "]":
            return made, position + 1
        while True:
            value, position = self._value(position, depth)
            made.append(value)
            if self._text[position : position + 1] == "]":
                return made, position + 1
            position = self._behind_comma(position)

    def _key(self, position: int) -> tuple[str, int]:
        quoted = _QUOTED.match(self._text, position)
        word = _WORD.match(self._text, position) if quoted is None else quoted
        if word is None:
            raise Unsure
        key = word[0] if quoted is None else _unquoted(quoted)
        end = word.end()
        if (
            self._text[end : end + 2] not in (": ", ":\n")
            or not key
            or key == "<<"
            or len(key) > _LONGEST_KEY
        ):
            raise Unsure
        return key, self.behind_gap(end + 1)

    def _value(self, position: int, depth: int) -> tuple[Any, int]:
        first = self._text[position : position + 1]
        if first == "&":
            name, position = self._anchors.named(self._text, position)
            value, position = self._value(position, depth)
            self._anchors.keep(name, value)
            return value, position
        if first in ("{", "["):
            value, position = self.collection(position, depth + 1)
        elif first == "*":
            value, position = self._anchors.mentioned(self._text, position)
        elif quoted := _QUOTED.match(self._text, position):
            value, position = _unquoted(quoted), quoted.end()
        elif word := _WORD.match(self._text, position):
            value, position = self._scalar(word[0]), word.end()
        else:
            raise Unsure
        return value, self.behind_gap(position)

    def _behind_comma(self, position: int) -> int:
        if self._text[position : position + 1] != ",":
            raise Unsure
        return self.behind_gap(position + 1)

    def behind_gap(self, position: int) -> int:
        gap = _GAP.match(self._text, position)
        return gap.end() if gap else position


def _unquoted(quoted: re.Match[str]) -> str:
    one = quoted["one"]
    return one.replace("''", "'") if one is not None else quoted["two"]
