"""Quick lanes for the expressions that every instance evaluates anew.

A lane answers where plain values stand, and raises one of GIVES_UP anywhere else. Whoever asked then takes the whole
way (`Path.evaluate`, Jinja), which finds the value or says what is wrong: no lane decides what is an error.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runner.compile.expressions.access import PLAIN, as_text
from runner.compile.expressions.errors import ExpressionError
from runner.compile.expressions.filters import default, floating, integer, number, seconds
from runner.compile.expressions.path import Path
from runner.compile.expressions.scope import RESERVED, Each
from runner.model.unknown import UnknownReached

if TYPE_CHECKING:
    from jinja2 import nodes

Lane = Callable[[Mapping[str, Any]], Any]


class GiveUp(Exception):
    """Something is not plain."""


GIVES_UP = (
    GiveUp, ExpressionError, UnknownReached,
    LookupError, TypeError, ValueError, ArithmeticError, AttributeError,
)  # fmt: skip
"""What a lane raises, and what Python raises where a value does not fit."""

_FILTERS = frozenset({"abs", "capitalize", "length", "lower", "round", "title", "trim", "upper"})
"""Filters that give a scalar for a scalar, and look at nothing else."""

OURS: Mapping[str, Callable[..., Any]] = {
    "number": number,
    "int": integer,
    "float": floating,
    "string": as_text,
    "seconds": seconds,
}
"""Filters that need none of the checks before them, as their value is plain; null is for the whole way."""

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add, "Sub": operator.sub, "Mul": operator.mul, "Div": operator.truediv,
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "lteq": operator.le, "gt": operator.gt,
    "gteq": operator.ge,
}  # fmt: skip


def quickly(lane: Lane | None, names: Mapping[str, Any]) -> Any:
    """The value that a lane gives; gives up where there is none."""
    if lane is None:
        raise GiveUp
    return lane(names)


def of_path(path: Path) -> Lane | None:
    """The lane of a path whose steps are names, or paths that give texts. Its value may be anything."""
    steps = path.steps
    if path.root == "each" and len(steps) == 1:
        if steps[0] == "key":
            return lambda names: names["each"].key
        if steps[0] == "index":
            return lambda names: names["each"].index
        if isinstance(steps[0], str) and steps[0] not in RESERVED:
            return _of_item(steps[0])
    inner = [of_path(step) if isinstance(step, Path) else constant(step) for step in steps]
    if any(isinstance(step, int) for step in steps) or None in inner:
        return None
    if all(isinstance(step, str) for step in steps):
        return _by_names(path.root, tuple(step for step in steps if isinstance(step, str)))
    return _by_keys(path.root, tuple(one for one in inner if one is not None))


def _of_item(field: str) -> Lane:
    def lane(names: Mapping[str, Any]) -> Any:
        each: Each = names["each"]
        fields = each.fields
        return each[field] if fields is None else fields[field]

    return lane


def _by_names(root: str, steps: tuple[str, ...]) -> Lane:
    def lane(names: Mapping[str, Any]) -> Any:
        value = names[root]
        for step in steps:
            value = value[step]
        return value

    return lane


def _by_keys(root: str, steps: tuple[Lane, ...]) -> Lane:
    def lane(names: Mapping[str, Any]) -> Any:
        value = names[root]
        for step in steps:
            key = step(names)
            if type(key) is not str:
                raise GiveUp
            value = value[key]
        return value

    return lane


def of_text(parts: Sequence[str | Lane]) -> Lane:
    """The lane of texts and expressions that stand behind each other in one scalar."""
    first = next((part for part in parts[:1] if isinstance(part, str)), "")
    pairs = [
        (part, behind if isinstance(behind, str) else "")
        for part, behind in zip(parts, [*parts[1:], ""], strict=True)
        if not isinstance(part, str)
    ]

    def lane(names: Mapping[str, Any]) -> str:
        made = first
        for one, behind in pairs:
            value = one(names)
            made += (value if type(value) is str else _text(value)) + behind
        return made

    return lane


def _text(value: Any) -> str:
    if type(value) not in PLAIN:
        raise GiveUp
    return as_text(value)


def of_tree(node: "nodes.Expr") -> Lane | None:
    """The lane of Jinja's syntax tree, where it makes a scalar of scalars; its value is of one of the types PLAIN."""
    from jinja2 import nodes

    if isinstance(node, nodes.Const):
        return constant(node.value) if type(node.value) in PLAIN else None
    if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
        return _of_chain(node)
    if isinstance(node, nodes.Filter):
        return _of_filter(node)
    if isinstance(node, nodes.Concat):
        parts = [of_tree(part) for part in node.nodes]
        return None if None in parts else of_text([part for part in parts if part is not None])
    if isinstance(node, nodes.CondExpr):
        return _of_choice(node)
    if isinstance(node, nodes.Not):
        inner = of_tree(node.node)
        return None if inner is None else lambda names: not inner(names)
    if isinstance(node, nodes.BinExpr):
        return of_two(type(node).__name__, of_tree(node.left), of_tree(node.right))
    if isinstance(node, nodes.Compare) and len(node.ops) == 1:
        return of_two(node.ops[0].op, of_tree(node.expr), of_tree(node.ops[0].expr))
    return None


def constant(value: Any) -> Lane:
    """The lane of a value without expressions."""
    return lambda _: value


def _of_chain(node: "nodes.Expr") -> Lane | None:
    """`each.title`, `vars["cdn"]`: the value must be a scalar."""
    from jinja2 import nodes

    steps: list[str] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        step = node.attr if isinstance(node, nodes.Getattr) else node.arg
        step = step.value if isinstance(step, nodes.Const) else step
        if type(step) is not str:
            return None
        steps.insert(0, step)
        node = node.node
    found = of_path(Path(node.name, tuple(steps))) if isinstance(node, nodes.Name) else None
    return None if found is None else plain(found)


def plain(found: Lane) -> Lane:
    """A lane that gives up where the value is no scalar."""

    def lane(names: Mapping[str, Any]) -> Any:
        value = found(names)
        if type(value) not in PLAIN:
            raise GiveUp
        return value

    return lane


def _of_filter(node: "nodes.Filter") -> Lane | None:
    from runner.compile.expressions.jinja import environment

    inner = of_tree(node.node) if node.node is not None else None
    arguments = [of_tree(argument) for argument in node.args]
    known = node.name in _FILTERS or node.name in OURS or node.name in ("default", "d")
    unfit = not known or node.kwargs or node.dyn_args or node.dyn_kwargs
    if inner is None or None in arguments or unfit:
        return None
    given = tuple(argument for argument in arguments if argument is not None)
    if node.name in ("default", "d"):
        return of_default(inner, given)
    if node.name in OURS:
        return None if given else of_ours(OURS[node.name], inner)
    made = environment().filters[node.name]
    if hasattr(made, "jinja_pass_arg"):
        return None
    return lambda names: _plain(made(inner(names), *[argument(names) for argument in given]))


def of_default(inner: Lane, given: Sequence[Lane]) -> Lane:
    """The lane of `default`, with its arguments."""
    otherwise = given[0] if given else constant("")
    if len(given) > 1:
        return lambda names: default(inner(names), *[argument(names) for argument in given])

    def lane(names: Mapping[str, Any]) -> Any:
        value = inner(names)
        return otherwise(names) if value is None else value

    return lane


def of_ours(made: Callable[[Any], Any], inner: Lane) -> Lane:
    """The lane of a filter in OURS."""

    def lane(names: Mapping[str, Any]) -> Any:
        value = inner(names)
        if value is None:
            raise GiveUp
        return made(value)

    return lane


def _plain(value: Any) -> Any:
    if type(value) not in PLAIN:
        raise GiveUp
    return value


def _of_choice(node: "nodes.CondExpr") -> Lane | None:
    test, first = of_tree(node.test), of_tree(node.expr1)
    second = of_tree(node.expr2) if node.expr2 is not None else constant(None)
    if test is None or first is None or second is None:
        return None
    return lambda names: first(names) if test(names) else second(names)


def of_two(word: str, left: Lane | None, right: Lane | None) -> Lane | None:
    """The lane of an operator between two scalars."""
    if left is None or right is None:
        return None
    if word == "And":
        return lambda names: left(names) and right(names)
    if word == "Or":
        return lambda names: left(names) or right(names)
    made = _OPERATORS.get(word)
    return None if made is None else lambda names: made(left(names), right(names))
