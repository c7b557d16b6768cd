"""A manifest → its instances and what they wait for."""

from collections.abc import Iterator, Mapping
from typing import Any

from runner.api.catalogue import Catalogue
from runner.compile.collector import without_collector
from runner.compile.expressions.scope import Env, FileReader
from runner.compile.expressions.template import ExpressionError, Template, compile_value
from runner.compile.instances.compiled import CompiledJob, compile_job
from runner.compile.instances.data import Source, read_data
from runner.compile.instances.evaluate import Evaluator
from runner.compile.instances.findings import Findings
from runner.compile.instances.items import Context, Upstream, items_of
from runner.compile.instances.needs import Needs, check_references, order
from runner.compile.instances.surroundings import Surroundings
from runner.model.frozen import frozen
from runner.model.graph import Graph, Instance
from runner.model.manifest import Manifest, YamlPath
from runner.model.problem import Problem
from runner.model.unknown import Unknown


@frozen
class Expanded:
    """The instances, and the evaluator of their inputs. With problems the graph may lack instances."""

    graph: Graph
    evaluator: Evaluator
    problems: tuple[Problem, ...] = ()


def expand(
    manifest: Manifest, catalogue: Catalogue, surroundings: Surroundings, findings: Findings | None = None
) -> Expanded:
    """Expands every `for_each` and finds every need. Reads data files and texts of `file(…)`.

    Problems go to `findings`, when given, and stand in the result.
    """
    found = findings if findings is not None else Findings(manifest.locate)
    names = base_names(manifest, surroundings, found)
    sources = read_data(manifest, names, found)
    names["data"] = {name: source.value for name, source in sources.items()}
    jobs = {name: compile_job(job, found) for name, job in manifest.jobs.items()}
    check_references(jobs, found)
    ordered = order(jobs, found)
    with without_collector():
        graph = _graph(jobs, ordered, names, sources, manifest, found)
    evaluator = Evaluator(manifest, catalogue, jobs, graph, names, surroundings)
    return Expanded(graph, evaluator, found.problems())


def base_names(manifest: Manifest, surroundings: Surroundings, findings: Findings) -> dict[str, Any]:
    """`env`, `file`, `vars` and `webhooks`: what may be read everywhere."""
    names: dict[str, Any] = {"env": Env(surroundings.env), "file": FileReader(manifest.folder)}
    names["vars"] = _Vars(manifest.vars, names, findings).all()
    if manifest.webhooks is not None:
        names["webhooks"] = manifest.webhooks
    return names


class _Vars:
    """`vars` whose values may name other vars, the environment and files."""

    def __init__(self, raw: Mapping[str, Any], names: Mapping[str, Any], findings: Findings) -> None:
        self._raw, self._names, self._findings = raw, names, findings
        self._made: dict[str, Any] = {}
        self._open: list[str] = []

    def all(self) -> dict[str, Any]:
        for name in self._raw:
            self._make(name)
        return {name: self._made[name] for name in self._raw}

    def _make(self, name: str) -> None:
        if name in self._made:
            return
        self._open.append(name)
        self._made[name] = self._value(self._raw[name], ("vars", name))
        self._open.pop()

    def _value(self, raw: Any, path: YamlPath) -> Any:
        if isinstance(raw, str):
            return self._text(raw, path) if "${{" in raw else raw
        if isinstance(raw, Mapping):
            return {key: self._value(child, (*path, key)) for key, child in raw.items()}
        if isinstance(raw, list):
            return [self._value(child, (*path, index)) for index, child in enumerate(raw)]
        return raw

    def _text(self, raw: str, path: YamlPath) -> Any:
        try:
            template = compile_value(raw)
            for other in self._named(template):
                if other in self._open:
                    circle = " → ".join([*self._open[self._open.index(other) :], other])
                    raise ExpressionError(
                        f"vars name each other: {circle}", "give one of them a value of its own"
                    )
                self._make(other)
            return template.evaluate({**self._names, "vars": self._made})
        except ExpressionError as error:
            self._findings.expression(path, error, text=raw)
            return Unknown(raw)

    def _named(self, template: Template) -> list[str]:
        """The vars that it names; all of them where that cannot be told."""
        named = {name for root, name in template.firsts if root == "vars"}
        return [name for name in self._raw if name in named or "*" in named]


def _graph(
    jobs: Mapping[str, CompiledJob],
    ordered: list[str],
    names: Mapping[str, Any],
    sources: Mapping[str, Source],
    manifest: Manifest,
    findings: Findings,
) -> Graph:
    instances: dict[str, Instance] = {}
    by_job: dict[str, tuple[str, ...]] = {}
    upstream: dict[str, Upstream] = {}
    context = Context(names, sources, upstream, manifest.folder, findings)
    for name in ordered:
        compiled = jobs[name]
        before = {one: jobs[one] for one in by_job}
        needs = Needs(compiled, before, instances, names)
        made = list(_instances(compiled, needs, context))
        instances.update((instance.address, instance) for instance in made)
        findings.expect(name, len(made))
        by_job[name] = tuple(instance.address for instance in made)
        upstream[name] = Upstream(made, compiled.many)
    return Graph(instances, by_job)


def _instances(compiled: CompiledJob, needs: Needs, context: Context) -> Iterator[Instance]:
    name = compiled.job.name
    if not compiled.many:
        yield Instance(name, name, needs=needs.of(None))
        return
    for item in items_of(compiled.job.for_each, ("jobs", name, "for_each"), context):
        each = item.each
        yield Instance(f"{name}/{each.key}", name, each.pairs, each.index, each, needs.of(each))
