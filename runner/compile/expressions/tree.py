"""YAML values that hold expressions, compiled once per job and evaluated once per instance."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from runner.compile.expressions.access import PLAIN, kind_of
from runner.compile.expressions.lanes import GIVES_UP, Lane, constant
from runner.compile.expressions.scope import InstanceView, JobItems, Outputs
from runner.compile.expressions.template import ExpressionError, Template, compile_value
from runner.compile.expressions.tree_lanes import Part, of_fields, of_items, settled
from runner.model.frozen import frozen
from runner.model.manifest import YamlPath
from runner.model.unknown import Unknown, UnknownReached

Report = Callable[[YamlPath, ExpressionError], None]
"""Told of each trouble and where it is; evaluation goes on behind it."""

EACH_KEYS = frozenset({"$each", "$if", "$item"})


class Node(Protocol):
    """A compiled value."""

    def evaluate(self, names: Mapping[str, Any], report: Report) -> Any:
        """The value without nulls in mappings and lists; Unknown where only apply can know."""

    def templates(self) -> Iterator[tuple[YamlPath, Template]]:
        """Every scalar with expressions in it, and its path."""


@frozen
class Constant:
    """A value without expressions; all instances share it."""

    value: Any

    def evaluate(self, names: Mapping[str, Any], report: Report) -> Any:
        return self.value

    def templates(self) -> Iterator[tuple[YamlPath, Template]]:
        return iter(())


@frozen
class Scalar:
    """A text with expressions in it."""

    template: Template
    path: YamlPath

    def evaluate(self, names: Mapping[str, Any], report: Report) -> Any:
        try:
            value = self.template.evaluate(names)
            return value if type(value) in PLAIN else settled(value)
        except ExpressionError as error:
            report(self.path, error)
            return Unknown(self.template.text)

    def templates(self) -> Iterator[tuple[YamlPath, Template]]:
        yield self.path, self.template


@frozen
class Fields:
    """A mapping. `lane` gives the same value quickly, or gives up."""

    fields: tuple[tuple[str, Node], ...]
    lane: Lane | None = None

    def evaluate(self, names: Mapping[str, Any], report: Report) -> Any:
        if self.lane is not None:
            try:
                return self.lane(names)
            except GIVES_UP:
                pass  # field by field, so that each trouble is told
        made = {}
        for name, node in self.fields:
            value = node.evaluate(names, report)
            if value is not None:
                made[name] = value
        return made

    def templates(self) -> Iterator[tuple[YamlPath, Template]]:
        for _, node in self.fields:
            yield from node.templates()


@frozen
class Items:
    """A list. A `$each` among its items adds its own items in its place."""

    items: tuple[Node, ...]
    lane: Lane | None = None

    def evaluate(self, names: Mapping[str, Any], report: Report) -> Any:
        if self.lane is not None:
            try:
                return self.lane(names)
            except GIVES_UP:
                pass
        made = []
        for node in self.items:
            value = node.evaluate(names, report)
            if isinstance(node, Repeated):
                if isinstance(value, Unknown):
                    return value
                made.extend(value)
            elif value is not None:
                made.append(value)
        return made

    def templates(self) -> Iterator[tuple[YamlPath, Template]]:
        for node in self.items:
            yield from node.templates()


@frozen
class Repeated:
    """`{$each: list, $if: condition, $item: value over item}`: a list made of data."""

    each: Node
    condition: Node | None
    item: Node | None
    path: YamlPath

    def evaluate(self, names: Mapping[str, Any], report: Report) -> Any:
        try:
            source = self._source(names, report)
            if isinstance(source, Unknown):
                return source
            made = []
            for item in source:
                inner = {**names, "item": item}
                if self.condition is not None:
                    wanted = self.condition.evaluate(inner, report)
                    if isinstance(wanted, Unknown):
                        return wanted
                    if not truth(wanted, "$if"):
                        continue
                value = self.item.evaluate(inner, report) if self.item is not None else settled(item)
                if value is not None:
                    made.append(value)
            return made
        except UnknownReached as reached:
            return reached.unknown
        except ExpressionError as error:
            report(self.path, error)
            return Unknown("$each")

    def _source(self, names: Mapping[str, Any], report: Report) -> Any:
        value = (
            self.each.template.evaluate(names)
            if isinstance(self.each, Scalar)
            else self.each.evaluate(names, report)
        )
        if isinstance(value, JobItems):
            return value.values()
        if isinstance(value, Mapping) and not isinstance(value, InstanceView | Outputs):
            return [{"key": key, "value": child} for key, child in value.items()]
        if value is None or isinstance(value, list | tuple | Unknown):
            return [] if value is None else value
        raise ExpressionError(f"`$each` takes a list, and was given {kind_of(value)}")

    def templates(self) -> Iterator[tuple[YamlPath, Template]]:
        for node in (self.each, self.condition, self.item):
            if node is not None:
                yield from node.templates()


def compile_tree(raw: Any, path: YamlPath, report: Report) -> Node:
    """Compiles a YAML value; what cannot be read is reported, and evaluates to Unknown."""
    if isinstance(raw, str):
        return _scalar(raw, path, report)
    if isinstance(raw, Mapping):
        if "$each" in raw:
            return _repeated(raw, path, report)
        fields = tuple((str(name), compile_tree(child, (*path, name), report)) for name, child in raw.items())
        if all(isinstance(node, Constant) for _, node in fields):
            return Constant(settled(raw))
        return Fields(fields, of_fields([(name, _part(node)) for name, node in fields]))
    if isinstance(raw, list | tuple):
        items = tuple(compile_tree(child, (*path, index), report) for index, child in enumerate(raw))
        if all(isinstance(node, Constant) for node in items):
            return Constant(settled(raw))
        return Items(items, of_items([_part(node) for node in items]))
    return Constant(raw)


def lane_of(node: Node) -> Lane | None:
    """The quick lane of a node, where it has one; that of a scalar gives a value that is not settled."""
    if isinstance(node, Constant):
        return constant(node.value)
    if isinstance(node, Scalar):
        return node.template.lane
    return node.lane if isinstance(node, Fields | Items) else None


def _part(node: Node) -> Part | None:
    """A node as a lane reads it; None for one that has no lane."""
    if isinstance(node, Constant):
        return None, node.value
    lane = lane_of(node)
    return None if lane is None else (lane, None)


def _scalar(raw: str, path: YamlPath, report: Report) -> Node:
    try:
        template = compile_value(raw)
    except ExpressionError as error:
        report(path, error)
        return Constant(Unknown(raw))
    return Constant(raw) if template.constant else Scalar(template, path)


def _repeated(raw: Mapping[str, Any], path: YamlPath, report: Report) -> Node:
    for name in raw:
        if name not in EACH_KEYS:
            report(
                (*path, name),
                ExpressionError(f"`{name}` cannot stand beside `$each`", "allowed: `$if`, `$item`"),
            )
    parts = {
        name: compile_tree(raw[name], (*path, name), report) if name in raw else None
        for name in ("$each", "$if", "$item")
    }
    each = parts["$each"]
    return Repeated(each if each is not None else Constant([]), parts["$if"], parts["$item"], path)


_NOT_TRUE = frozenset({"false", "no", "off", "0", "n", "f", "-"})


def truth(value: Any, where: str) -> bool:
    """Whether a condition holds: null, false, 0 and what is empty do not.

    Raises:
        ExpressionError: a text like `no`, which would count as true.
        UnknownReached: the value is known only after apply.
    """
    if isinstance(value, str) and value.strip().casefold() in _NOT_TRUE:
        raise ExpressionError(
            f'`{where}` is the text "{value}", which would count as true', 'compare it: `… == "yes"`'
        )
    return bool(value)
