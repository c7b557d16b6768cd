"""From references to needs: the order of jobs, their cycles, and what each instance waits for."""

from collections.abc import Mapping
from typing import Any

from runner.compile.expressions.scope import Each
from runner.compile.expressions.template import ExpressionError, JobReference
from runner.compile.instances.compiled import CompiledJob, for_each_texts, job_references
from runner.compile.instances.findings import Findings
from runner.compile.instances.items import CHAIN_HINT, chained_job
from runner.compile.nearby import did_you_mean
from runner.model.graph import Instance, Need
from runner.model.manifest import READY, YamlPath
from runner.model.unknown import Unknown, UnknownReached


def check_references(jobs: Mapping[str, CompiledJob], findings: Findings) -> None:
    """Reports references to jobs that do not exist, and what `for_each` must not depend on."""
    for name, compiled in jobs.items():
        base: YamlPath = ("jobs", name)
        for target in compiled.job.needs:
            _known(target, jobs, (*base, "needs", target), findings)
        for path, reference in compiled.references:
            _known(reference.job, jobs, path, findings)
        for path, text in for_each_texts(compiled.job.for_each, (*base, "for_each")):
            chained = chained_job(text)
            if chained is not None:
                _known(chained, jobs, path, findings)
            elif job_references(text):
                findings.add("bad-for-each", "`for_each` cannot depend on what a job gives", path, CHAIN_HINT)


def _known(target: str, jobs: Mapping[str, CompiledJob], path: YamlPath, findings: Findings) -> None:
    if target not in jobs:
        findings.add("unknown-job", f"there is no job `{target}`", path, did_you_mean(target, jobs))


def order(jobs: Mapping[str, CompiledJob], findings: Findings) -> list[str]:
    """The jobs so that each stands behind those it waits for, else in the manifest's order. A cycle is reported."""
    done: dict[str, None] = {}
    trail: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        if name in trail:
            circle = " → ".join([*trail[trail.index(name) :], name])
            hint = "take one of these references out"
            findings.add("cycle", f"jobs wait for each other: {circle}", ("jobs", name), hint)
            return
        trail.append(name)
        for upstream in jobs[name].upstream():
            if upstream in jobs:
                visit(upstream)
        trail.pop()
        done[name] = None

    for name in jobs:
        visit(name)
    return list(done)


class Needs:
    """Finds what the instances of one job wait for. `jobs` and `instances` are those that stand before it."""

    def __init__(
        self,
        compiled: CompiledJob,
        jobs: Mapping[str, CompiledJob],
        instances: Mapping[str, Instance],
        names: Mapping[str, Any],
    ) -> None:
        self._compiled, self._jobs, self._instances, self._names = compiled, jobs, instances, names
        self._made: dict[tuple[str, bool, bool], Need] = {}
        self._whole: dict[tuple[str, bool], bool] = {}
        self._keyed: list[JobReference] = []
        self._chains = [(dimension, job) for dimension, job in compiled.chains.items() if job in jobs]
        self._sort()
        self._common = tuple(
            self._need(target, gather, tolerant) for (target, gather), tolerant in self._whole.items()
        )

    def _sort(self) -> None:
        """References that are the same for all instances, and those whose key is evaluated for each."""
        chained = {job for _, job in self._chains}
        for target in self._compiled.job.needs:
            if target in self._jobs and target not in chained:
                self._add(target, self._jobs[target].many, False)
        seen = set()
        for _, reference in self._compiled.references:
            upstream = self._jobs.get(reference.job)
            if upstream is None:
                continue
            if not upstream.many:
                self._add(reference.job, False, reference.tolerant)
            elif reference.key is None or self._is_open(reference):
                self._add(reference.job, True, reference.tolerant)
            else:
                mark = (reference.job, reference.key, reference.tolerant)
                if mark not in seen:
                    seen.add(mark)
                    self._keyed.append(reference)

    @staticmethod
    def _is_open(reference: JobReference) -> bool:
        """A key over `row` or `item` differs within one instance, and one over `jobs` is known only at apply."""
        return not isinstance(reference.key, str | None) and bool(
            {"row", "item", "jobs"} & reference.key.names
        )

    def _add(self, target: str, gather: bool, tolerant: bool) -> None:
        held = self._whole.get((target, gather), True)
        self._whole[target, gather] = held and tolerant

    def of(self, each: Each | None) -> tuple[Need, ...]:
        """The needs of the instance with this `each`."""
        if not self._keyed and not self._chains:
            return self._common
        found = dict(self._whole)
        if each is not None:
            by_dimension = dict(each.pairs)
            for dimension, job in self._chains:
                found[f"{job}/{each.key if dimension == '' else by_dimension[dimension]}", False] = False
        names = {**self._names, "each": each} if each is not None else self._names
        for reference in self._keyed:
            target = self._target(reference, names)
            if target is not None:
                found[target] = found.get(target, True) and reference.tolerant
        return tuple(self._need(target, gather, tolerant) for (target, gather), tolerant in found.items())

    def _target(self, reference: JobReference, names: Mapping[str, Any]) -> tuple[str, bool] | None:
        try:
            value = reference.key if isinstance(reference.key, str) else reference.key.evaluate(names)  # type: ignore[union-attr]
        except UnknownReached:
            return reference.job, True
        except ExpressionError:
            return None  # reported where the whole scalar is evaluated
        if isinstance(value, Unknown):
            return reference.job, True
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        address = f"{reference.job}/{value}"
        return (
            (address, False) if address in self._instances else None
        )  # the evaluation reports a missing one

    def _need(self, target: str, gather: bool, tolerant: bool) -> Need:
        found = self._made.get((target, gather, tolerant))
        if found is None:
            job = target if gather else target.partition("/")[0]
            until = self._compiled.job.needs.get(job, READY)
            found = self._made[target, gather, tolerant] = Need(target, until, gather, tolerant)
        return found
