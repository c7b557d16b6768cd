"""Expressions of every day, read without Jinja, whose import takes as long as all the rest of a `validate`.

Paths, texts and whole numbers, with `+ - * / ~`, brackets, the filters in FILTERS, and `file(…)` around all of it. What
is read here means what Jinja makes of it. A lane gives its value; where that gives up, Jinja is asked after all, and
finds the value or says what is wrong. Whatever is not of every day is left to Jinja from the start.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from runner.compile.expressions.lanes import (
    OURS,
    GiveUp,
    Lane,
    constant,
    of_default,
    of_ours,
    of_path,
    of_text,
    of_two,
    plain,
)  # fmt: skip
from runner.compile.expressions.path import ROOTS, Path
from runner.model.frozen import frozen
from runner.model.text import FileText

FILTERS = frozenset({*OURS, "default", "d"})
"""The filters that are known here: those without arguments, and `default` with none or a literal."""

_MOST_BRACKETS = 20
_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<text>"[^"\\\r\n]*"|'[^'\\\r\n]*')"""
    r"""|(?P<number>0|[1-9][0-9]*)(?![\w.])|(?P<sign>[-+~|().\[\]]|\*(?!\*)|/(?!/))|(?P<end>\Z))"""
)
_SUMS, _PRODUCTS = {"+": "Add", "-": "Sub"}, {"*": "Mul", "/": "Div"}


@frozen
class Everyday:
    """What an expression reads, in the order in which it does, and its lane."""

    lane: Lane
    paths: tuple[Path, ...]
    files: tuple[str, ...] = ()


class AskedLater:
    """An expression that Jinja compiles when its lane gives up for the first time."""

    __slots__ = ("_compiled", "names", "source")

    def __init__(self, source: str, names: frozenset[str]) -> None:
        self.source, self.names = source, names
        self._compiled: Any = None

    def evaluate(self, names: Mapping[str, Any]) -> Any:
        """The expression's value. Raises ExpressionError, UnknownReached."""
        if self._compiled is None:
            from runner.compile.expressions.jinja import JinjaExpression, parse
            from runner.compile.expressions.reading import read

            tree = parse(self.source)
            labels = read(tree, self.source).labels
            self._compiled = JinjaExpression(self.source, tree, self.names, labels)
        return self._compiled.evaluate(names)


def everyday(source: str) -> Everyday | None:
    """The expression, when it is one of every day."""
    if source.count("(") > _MOST_BRACKETS:
        return None
    try:
        return _Reader(source).whole()
    except _Unusual:
        return None


class _Unusual(Exception):
    """Left to Jinja."""


class _Reader:
    """Each method reads as much as its name says, and gives the lane of it."""

    def __init__(self, source: str) -> None:
        self._tokens = _tokens(source)
        self._paths: list[Path] = []
        self._at = -1
        self._next()

    def whole(self) -> Everyday:
        files: tuple[str, ...] = ()
        if self._word == "file" and self._kind == "name":
            lane, files = self._file()
        else:
            lane = self._sum()
        if self._kind != "end":
            raise _Unusual
        return Everyday(lane, tuple(self._paths), files)

    def _file(self) -> tuple[Lane, tuple[str, ...]]:
        """`file(…)`; the path is known beforehand where it is a text."""
        self._paths.append(Path("file"))
        self._next()
        self._expect("(")
        first, literal = self._at, self._word if self._kind == "text" else ""
        argument = self._sum()
        files = (literal[1:-1],) if literal and self._at == first + 1 else ()
        self._expect(")")
        return _of_file(argument), files

    def _sum(self) -> Lane:
        return self._operators(_SUMS, self._joined)

    def _joined(self) -> Lane:
        parts = [self._product()]
        while self._sign("~"):
            parts.append(self._product())
        return parts[0] if len(parts) == 1 else of_text(parts)

    def _product(self) -> Lane:
        return self._operators(_PRODUCTS, self._filtered)

    def _operators(self, words: Mapping[str, str], operand: Callable[[], Lane]) -> Lane:
        left = operand()
        while self._kind == "sign" and self._word in words:
            word = words[self._word]
            self._next()
            made = of_two(word, left, operand())
            if made is None:
                raise _Unusual
            left = made
        return left

    def _filtered(self) -> Lane:
        begun = len(self._paths)
        lane = self._primary()
        while self._sign("|"):
            name = self._word
            if self._kind != "name" or name not in FILTERS:
                raise _Unusual
            self._next()
            if name in OURS:
                lane = of_ours(OURS[name], lane)
                continue
            if any(path.root == "jobs" for path in self._paths[begun:]):
                raise _Unusual  # such a reference tolerates that there is nothing
            lane = of_default(lane, self._default())
        return lane

    def _default(self) -> list[Lane]:
        if not self._sign("("):
            return []
        given = [constant(self._literal())]
        self._expect(")")
        return given

    def _primary(self) -> Lane:
        if self._sign("("):
            lane = self._sum()
            self._expect(")")
            return lane
        if self._kind != "name":
            return constant(self._literal())
        path = self._path()
        found = of_path(path)
        if found is None:
            raise _Unusual
        self._paths.append(path)
        return plain(found)

    def _literal(self) -> str | int:
        if self._kind not in ("text", "number"):
            raise _Unusual
        value = self._word[1:-1] if self._kind == "text" else int(self._word)
        self._next()
        return value

    def _path(self) -> Path:
        root = self._word
        if root not in ROOTS or root == "file":
            raise _Unusual
        self._next()
        steps: list[str] = []
        while True:
            if self._sign("."):
                if self._kind != "name":
                    raise _Unusual
                steps.append(self._word)
                self._next()
            elif self._sign("["):
                if self._kind != "text":
                    raise _Unusual
                steps.append(str(self._literal()))
                self._expect("]")
            else:
                return Path(root, tuple(steps))

    def _sign(self, sign: str) -> bool:
        """Whether this sign stands here; then it is passed."""
        if self._kind != "sign" or self._word != sign:
            return False
        self._next()
        return True

    def _expect(self, sign: str) -> None:
        if not self._sign(sign):
            raise _Unusual

    def _next(self) -> None:
        self._at += 1
        self._kind, self._word = self._tokens[self._at]


def _tokens(source: str) -> list[tuple[str, str]]:
    """The kinds and the texts of all words and signs, and the end."""
    made: list[tuple[str, str]] = []
    position = 0
    while not made or made[-1][0] != "end":
        found = _TOKEN.match(source, position)
        if found is None or found.lastgroup is None:
            raise _Unusual
        made.append((found.lastgroup, found[found.lastgroup]))
        position = found.end()
    return made


def _of_file(argument: Lane) -> Lane:
    def lane(names: Mapping[str, Any]) -> Any:
        value = names["file"](argument(names))
        if type(value) is not FileText:
            raise GiveUp
        return value

    return lane
