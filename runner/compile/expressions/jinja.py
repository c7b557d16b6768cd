"""Expressions that need a language: Jinja's, sandboxed, and looking at items only."""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.exceptions import TemplateError, UndefinedError
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from jinja2.visitor import NodeTransformer

from runner.compile.expressions.access import access, as_text, guarded, kind_of, secrets_in
from runner.compile.expressions.errors import Absent, ExpressionError, FieldMissing
from runner.compile.expressions.filters import strict_filters, strict_tests
from runner.compile.expressions.path import unbound
from runner.model.text import Secret

_SEEN: ContextVar[list[Secret]] = ContextVar("secrets seen by the expression under evaluation")


class Missing(StrictUndefined):
    """Something that is not there: any use of it but `default(…)` and `is defined` raises its error."""

    __slots__ = ("error",)
    error: ExpressionError

    @classmethod
    def of(cls, error: ExpressionError) -> "Missing":
        made = (_Absent if isinstance(error, Absent) else cls)(exc=_Raised.of(error))
        made.error = error
        return made

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.error = unbound(str(self._undefined_name))
        if "exc" not in named:
            self._undefined_exception = _Raised.of(self.error)


class _Absent(Missing):
    """Outputs of skipped or failed work; `or` goes on to its other side."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]  # the one use that a missing value allows here
        return False


class _Raised(UndefinedError):
    """What Jinja raises for a missing value; it carries our own error."""

    error: ExpressionError

    @classmethod
    def of(cls, error: ExpressionError) -> Any:
        """A class, as Jinja wants one, whose instances carry `error`."""
        return type("_Raised", (cls,), {"error": error})


class ItemsOnly(SandboxedEnvironment):
    """Items come before attributes and methods: attributes and methods never come at all."""

    def __init__(self) -> None:
        super().__init__(undefined=Missing, autoescape=False)
        self.globals.clear()
        self.filters = strict_filters(self.filters)
        self.filters["_text"] = _concatenated
        self.tests = strict_tests(self.tests)  # type: ignore[arg-type, assignment]  # Jinja says too little of them

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute`: the item of that name, or a Missing."""
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]`, or a Missing."""
        if isinstance(obj, Missing):
            return obj
        if isinstance(argument, Missing):
            raise argument.error
        try:
            value = access(obj, argument)
        except FieldMissing as error:
            return Missing.of(error)
        if type(value) is Secret:
            _SEEN.get([]).append(value)
        return value

    def call(self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Only `file("…")` is ever called; the syntax tree was checked for that."""
        if isinstance(__obj, Missing):
            raise __obj.error
        value = __obj(*args, **kwargs)
        if type(value) is Secret:
            _SEEN.get([]).append(value)
        return value


@lru_cache(maxsize=1)
def environment() -> ItemsOnly:
    """The one environment; it holds no data."""
    return ItemsOnly()


def parse(source: str) -> nodes.Expr:
    """The syntax tree of one expression.

    Raises:
        ExpressionError: it is not an expression.
    """
    try:
        parser = Parser(environment(), source, state="variable")
        expression = parser.parse_expression()
        if not parser.stream.eos:
            rest = str(parser.stream.current.value)
            what = f"`{source.strip()}` goes on where an expression has ended, at `{rest}`"
            raise ExpressionError(what, _MENDS.get(rest, ""))
    except TemplateSyntaxError as error:
        raise ExpressionError(*_slip(source.strip(), error.message or "")) from None
    expression.set_environment(environment())
    return expression


_MENDS = {
    ",": "put a list into `[ ]`, and a text into quotes",
    "=": "compare with `==`",
    "&": "write `and`",
    "|": "write `or`; a single `|` applies a filter",
    "!": "write `not`",
    "?": "write `A if CONDITION else B`",
    "%": "there are no `{% %}` here: write `A if CONDITION else B`",
}


def _slip(source: str, complaint: str) -> tuple[str, str]:
    """What the parser says, and what to write instead, where that is one of the usual slips."""
    if "end of template" in complaint:
        return f"`{source}` is not whole: something is missing at its end", ""
    sign = re.search(r"(?:unexpected(?: char)?|got) '(.)'", complaint)
    return f"`{source}` is not an expression: {complaint}", _MENDS.get(sign[1], "") if sign else ""


class JinjaExpression:
    """A compiled expression. `labels`: an item's name → how the source spells what it is read from."""

    __slots__ = ("_root", "_spare", "_template", "labels", "names", "source")

    def __init__(
        self, source: str, tree: nodes.Expr, names: frozenset[str], labels: Mapping[str, str]
    ) -> None:
        shaped = _Shape().visit(tree)
        body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), shaped, lineno=1)]
        self._template = environment().from_string(nodes.Template(body, lineno=1))
        self._root = self._template.root_render_func
        self._spare: list[Context] = []
        self.source, self.names, self.labels = source, names, labels

    def evaluate(self, names: Mapping[str, Any]) -> Any:
        """The expression's value. Raises ExpressionError, UnknownReached."""
        seen: list[Secret] = []
        token = _SEEN.set(seen)
        # One context serves again and again; an expression that leads to itself, by way of outputs, takes another.
        context = self._spare.pop() if self._spare else self._template.new_context()
        try:
            context.parent = names  # type: ignore[assignment]  # it is only read: a context of Jinja's costs more
            for _ in self._root(context):
                pass
            value = _whole(context.vars["result"])
        except _Raised as error:
            raise self._told(error.error) from None
        except ExpressionError as error:
            raise self._told(error) from None
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise ExpressionError(f"`{self.source.strip()}`: {_in_words(error)}", _mend(error)) from None
        finally:
            _SEEN.reset(token)
            context.parent = {}
            context.vars.clear()
            self._spare.append(context)
        return guarded(value, seen or secrets_in(value))

    def _told(self, error: ExpressionError) -> ExpressionError:
        if isinstance(error, FieldMissing) and error.label == "this":
            error.labelled(self.labels.get(error.key, self.source.strip()))
        return error


class _Shape(NodeTransformer):
    """Makes `~` join texts as mixed scalars do, and `x if c` without `else` null."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return nodes.Filter(nodes.List(node.nodes), "_text", [], [], None, None, lineno=node.lineno)

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Node:
        self.generic_visit(node)
        if node.expr2 is None:
            node.expr2 = nodes.Const(None, lineno=node.lineno)
        return node


def _whole(value: Any) -> Any:
    """The value with lists for tuples. Raises the error of anything missing in it."""
    if isinstance(value, Missing):
        raise value.error
    if type(value) is list or type(value) is tuple:
        return [_whole(child) for child in value]
    if type(value) is dict:
        return {key: _whole(child) for key, child in value.items()}
    return value


def _concatenated(parts: list[Any]) -> str:
    for part in parts:
        if isinstance(part, Missing):
            raise part.error
    return "".join(as_text(part) for part in parts)


def _in_words(error: Exception) -> str:
    text = str(error)
    if text.startswith("can only concatenate"):
        return "a text can be added to a text only"
    replaced = {
        "'NoneType'": "null", "NoneType": "null", "'str'": "a text", "'int'": "a number",
        "'float'": "a number", "'dict'": "a mapping", "'list'": "a list", "'bool'": "true or false",
        '"str"': "a text", '"int"': "a number", "not supported between instances of": "cannot compare",
        "unsupported operand type(s) for": "cannot be used:",
    }  # fmt: skip
    for old, new in replaced.items():
        text = text.replace(old, new)
    return text or kind_of(error)


def _mend(error: Exception) -> str:
    text = str(error)
    if "NoneType" in text:
        return "an empty cell is null; put `| default(…)` behind it"
    if isinstance(error, TypeError) and "str" in text and ("int" in text or "float" in text):
        return "cells of a CSV are text: `| number` makes a number of one, `~` joins texts"
    return ""
