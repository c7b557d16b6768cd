"""What an expression reads, found in its syntax tree: names, jobs with their keys, files, `env`."""

from dataclasses import dataclass, field

from jinja2 import nodes

from runner.compile.expressions.access import method_hint
from runner.compile.expressions.errors import ExpressionError
from runner.compile.expressions.jinja import JinjaExpression, environment
from runner.compile.expressions.path import ROOTS, Path, spell
from runner.compile.expressions.path_reading import no_job_named
from runner.compile.expressions.references import JobReference, Key
from runner.compile.nearby import did_you_mean

Chain = tuple[str, tuple[str | int | nodes.Expr, ...]]


@dataclass(slots=True)
class Reading:
    """Collected while walking the tree."""

    names: set[str] = field(default_factory=set)
    jobs: list[JobReference] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    firsts: list[tuple[str, str]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)


def read(tree: nodes.Expr, source: str) -> Reading:
    """Walks the tree of `source` once.

    Raises:
        ExpressionError: an unknown name or filter, a method call, or `jobs[…]` that names no job.
    """
    reading = Reading()
    _walk(tree, False, reading, source)
    return reading


def _walk(node: nodes.Node, tolerant: bool, reading: Reading, source: str) -> None:
    if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
        chain = _chain(node)
        if chain is not None:
            _note(chain, tolerant, reading, source)
            return
    if isinstance(node, nodes.Call):
        _called(node, reading)
    if isinstance(node, nodes.Filter):
        _known_filter(node)
        tolerated = node.name in ("default", "d")
        if node.node is not None:
            _walk(node.node, tolerant or tolerated, reading, source)
        rest: list[nodes.Node] = [*node.args, *(pair.value for pair in node.kwargs)]
    elif isinstance(node, nodes.Or):
        _walk(node.left, True, reading, source)
        rest = [node.right]
    elif isinstance(node, nodes.Test):
        _known_test(node)
        _walk(node.node, tolerant or node.name in ("defined", "undefined"), reading, source)
        rest = list(node.args)
    else:
        rest = list(node.iter_child_nodes())
    for child in rest:
        _walk(child, tolerant, reading, source)


def _chain(node: nodes.Node) -> Chain | None:
    """The root name and the steps of `a.b["c"][d]`, or None where it begins with something else."""
    steps: list[str | int | nodes.Expr] = []
    while not isinstance(node, nodes.Name):
        if isinstance(node, nodes.Getattr):
            steps.append(node.attr)
        elif isinstance(node, nodes.Getitem):
            argument = node.arg
            constant = argument.value if isinstance(argument, nodes.Const) else None
            steps.append(constant if isinstance(constant, str | int) else argument)
        else:
            return None
        node = node.node
    return node.name, tuple(reversed(steps))


def _note(chain: Chain, tolerant: bool, reading: Reading, source: str) -> None:
    root, steps = chain
    if root not in ROOTS:
        raise ExpressionError(f"unknown name `{root}`", did_you_mean(root, sorted(ROOTS)))
    reading.names.add(root)
    plain: list[str | int | Path] = []
    for step in steps:
        if isinstance(step, str | int):
            reading.labels.setdefault(str(step), spell(root, tuple(plain)))
            plain.append(step)
        else:
            _walk(step, False, reading, source)
            plain.append(Path("item"))
    first = steps[0] if steps and isinstance(steps[0], str) else "*"
    reading.firsts.append((root, first))
    if root == "jobs":
        reading.jobs.append(_job_reference(steps, tolerant, source))


def _job_reference(steps: tuple[str | int | nodes.Expr, ...], tolerant: bool, source: str) -> JobReference:
    if not steps or not isinstance(steps[0], str):
        raise no_job_named()
    key: Key | None = None
    if len(steps) > 1:
        step = steps[1]
        if isinstance(step, nodes.Slice):
            raise ExpressionError(f"`jobs.{steps[0]}` maps keys to instances and has no order", "name a key")
        key = _sub_expression(step, source) if isinstance(step, nodes.Expr) else str(step)
    fields = tuple(step if isinstance(step, str) else None for step in steps[2:])
    return JobReference(steps[0], key, tolerant, fields)


def _sub_expression(node: nodes.Expr, source: str) -> JinjaExpression:
    reading = Reading()
    _walk(node, False, reading, source)
    return JinjaExpression(source, _copied(node), frozenset(reading.names), reading.labels)


def _copied(node: nodes.Expr) -> nodes.Expr:
    from copy import deepcopy

    kept = deepcopy(node, {id(environment()): environment()})
    kept.set_environment(environment())
    return kept


def _called(node: nodes.Call, reading: Reading) -> None:
    called = node.node
    if isinstance(called, nodes.Getattr):
        raise ExpressionError(f"`.{called.attr}()` cannot be called here", method_hint(called.attr))
    if not isinstance(called, nodes.Name) or called.name != "file":
        name = called.name if isinstance(called, nodes.Name) else "this"
        raise ExpressionError(f"`{name}(…)` cannot be called here", 'the only function is `file("path")`')
    if len(node.args) == 1 and isinstance(node.args[0], nodes.Const) and isinstance(node.args[0].value, str):
        reading.files.append(node.args[0].value)


def _known_filter(node: nodes.Filter) -> None:
    known = [name for name in environment().filters if not name.startswith("_")]
    if node.name not in known:
        raise ExpressionError(f"there is no filter `{node.name}`", did_you_mean(node.name, known))


def _known_test(node: nodes.Test) -> None:
    if node.name not in environment().tests:
        raise ExpressionError(
            f"there is no test `is {node.name}`", did_you_mean(node.name, environment().tests)
        )
