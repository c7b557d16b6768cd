"""A job with its expressions compiled, once for all of its instances."""

from collections.abc import Iterator, Mapping
from typing import Any

from runner.compile.expressions.template import ExpressionError, JobReference, Template, compile_value
from runner.compile.expressions.tree import Constant, Node, compile_tree
from runner.compile.instances.findings import Findings
from runner.compile.instances.items import chains_of
from runner.model.frozen import frozen
from runner.model.manifest import Job, YamlPath

WORKBOOK, PUBLISH = "workbook.file", "file.publish"
BUILTINS = (WORKBOOK, PUBLISH)


@frozen
class CompiledJob:
    """`rows` and `columns` are those of a `workbook.file`: the columns are evaluated per row, over rows as they are.
    `references` are all references to other jobs, with their paths; `chains` those of `for_each`, by dimension.
    """

    job: Job
    with_: Node
    if_: Node
    save: Mapping[str, tuple[Node, ...]]
    cost: Mapping[str, Node]
    labels: Mapping[str, Node]
    rows: Node | None
    columns: Node | None
    references: tuple[tuple[YamlPath, JobReference], ...]
    chains: Mapping[str, str]

    @property
    def many(self) -> bool:
        return self.job.for_each is not None

    def upstream(self) -> dict[str, None]:
        """The names of all jobs it waits for, in the order in which they are named."""
        named = [*self.chains.values(), *(reference.job for _, reference in self.references), *self.job.needs]
        return dict.fromkeys(named)

    def used_of_rows(self) -> tuple[str, ...]:
        """The fields of a row that `columns` read; they count as met."""
        if self.columns is None:
            return ()
        named = [one for _, template in self.columns.templates() for one in template.firsts]
        return tuple(dict.fromkeys(name for root, name in named if root == "row" and name != "*"))

    def reads(self, root: str) -> bool:
        """Whether any of its expressions reads `root`."""
        return any(root in template.names for _, template in self.templates())

    def templates(self) -> Iterator[tuple[YamlPath, Template]]:
        """Every scalar with expressions, but for those of `for_each`."""
        nodes = [self.with_, self.if_, *self.cost.values(), *self.labels.values()]
        nodes.extend(node for paths in self.save.values() for node in paths)
        nodes.extend(node for node in (self.rows, self.columns) if node is not None)
        for node in nodes:
            yield from node.templates()


def compile_job(job: Job, findings: Findings) -> CompiledJob:
    """Compiles all expressions of a job; those that cannot be read are problems."""
    base: YamlPath = ("jobs", job.name)
    inputs, apart = job.with_, {}
    if job.uses == WORKBOOK and isinstance(inputs, Mapping):
        apart = {
            name: _node(inputs[name], (*base, "with", name), findings)
            for name in ("rows", "columns")
            if name in inputs
        }
        inputs = {name: value for name, value in inputs.items() if name not in apart}
    made = CompiledJob(
        job=job,
        with_=_node({} if inputs is None else inputs, (*base, "with"), findings),
        if_=_node(job.if_, (*base, "if"), findings),
        save={name: _paths(name, job, findings) for name in job.save},
        cost={unit: _node(value, (*base, "cost", unit), findings) for unit, value in job.cost.items()},
        labels={name: _node(value, (*base, "labels", name), findings) for name, value in job.labels.items()},
        rows=apart.get("rows"),
        columns=apart.get("columns"),
        references=(),
        chains=chains_of(job.for_each),
    )
    references = [(path, one) for path, template in made.templates() for one in template.job_references]
    return _with_references(made, tuple(references))


def _with_references(made: CompiledJob, found: tuple[tuple[YamlPath, JobReference], ...]) -> CompiledJob:
    from dataclasses import replace

    return replace(made, references=found)


def _node(raw: Any, path: YamlPath, findings: Findings) -> Node:
    def report(where: YamlPath, error: ExpressionError) -> None:
        text = raw if isinstance(raw, str) else ""
        findings.expression(where, error, text=text)

    return compile_tree(raw, path, report)


def _paths(name: str, job: Job, findings: Findings) -> tuple[Node, ...]:
    base: YamlPath = ("jobs", job.name, "save", name)
    texts = job.save[name]
    return tuple(
        _node(text, base if len(texts) == 1 else (*base, index), findings) for index, text in enumerate(texts)
    )


def for_each_texts(raw: Any, path: YamlPath) -> Iterator[tuple[YamlPath, str]]:
    """Every text of a `for_each` that may hold an expression, and its path."""
    if isinstance(raw, str):
        yield path, raw
    elif isinstance(raw, Mapping):
        for name, child in raw.items():
            yield from for_each_texts(child, (*path, name))
    elif isinstance(raw, list):
        for index, child in enumerate(raw):
            yield from for_each_texts(child, (*path, index))


def constant(node: Node) -> bool:
    """Whether a value holds no expression."""
    return isinstance(node, Constant)


def job_references(text: str) -> tuple[JobReference, ...]:
    """The jobs that a text refers to; none when it cannot be read, which is reported elsewhere."""
    try:
        return compile_value(text).job_references
    except ExpressionError:
        return ()
