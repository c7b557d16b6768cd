"""What an instance's expressions come to, given the outputs that are known."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from runner.api.catalogue import Catalogue
from runner.compile.expressions.reads import Reads
from runner.compile.expressions.scope import ABSENT, Jobs, OutputsView, PartialOutputs
from runner.compile.instances.binary import Files, Steps, binary_fields
from runner.compile.instances.compiled import BUILTINS, CompiledJob
from runner.compile.instances.findings import Findings
from runner.compile.instances.job_reader import JobReader
from runner.compile.instances.local import Artifact, Maker
from runner.compile.instances.surroundings import Surroundings
from runner.model.errors import InvalidInput
from runner.model.graph import Graph, Instance
from runner.model.manifest import Manifest
from runner.model.settings import PublishSettings
from runner.model.unknown import Unknown, contains_unknown

__all__ = ["ABSENT", "Evaluator", "OutputsView", "PartialOutputs"]


class Evaluator:
    """Evaluates the jobs of one manifest.

    Every method takes an `OutputsView`: an address's outputs, None while they are unknown, `PartialOutputs` while
    only some are known, `ABSENT` for an instance that was skipped or failed. The outputs of `workbook.file` and
    `file.publish` are known here and are never asked for. What is wrong raises InvalidInput with all problems of
    the instance; where a value can only be known at apply, an Unknown stands.
    """

    def __init__(
        self,
        manifest: Manifest,
        catalogue: Catalogue,
        jobs: Mapping[str, CompiledJob],
        graph: Graph,
        names: Mapping[str, Any],
        surroundings: Surroundings,
        publish: PublishSettings | None = None,
    ) -> None:
        self.manifest, self.graph, self.jobs = manifest, graph, jobs
        self._catalogue, self._names, self._surroundings = catalogue, names, surroundings
        self._single = frozenset(name for name, compiled in jobs.items() if not compiled.many)
        self._reading = frozenset(name for name, compiled in jobs.items() if compiled.reads("jobs"))
        self.reads: Reads = names["file"].reads
        self._files = Files(manifest.folder, self.reads)
        self._readers: dict[str, JobReader] = {}
        self._maker = Maker(manifest, publish, surroundings.building)
        self._local: dict[str, Mapping[str, Any] | None] = {}
        self._estimates: dict[str, Mapping[str, float]] = {}

    def publishing(self, publish: PublishSettings | None) -> None:
        """Says where built files are published, before anything is evaluated."""
        self._maker = Maker(self.manifest, publish, self._surroundings.building)
        self._readers.clear()
        self._local.clear()

    def inputs(self, instance: Instance, outputs: OutputsView) -> Any:
        """The `with` of an instance: nulls left out, files with their digests, Unknown where only apply can know.

        Of a `workbook.file`, `columns` is a list: what is filled in by hand, row by row.
        """
        findings = Findings(self.manifest.locate)
        made = self.reader(instance.job).inputs(instance, self.scope(instance, outputs), findings)
        _raise(findings)
        return made

    def condition(self, instance: Instance, outputs: OutputsView) -> bool | Unknown:
        """Whether the instance is wanted at all (`if`)."""
        reader = self.reader(instance.job)
        if reader.always:
            return True
        findings = Findings(self.manifest.locate)
        value = reader.condition(instance, self.scope(instance, outputs), findings)
        _raise(findings)
        return value

    def saves(
        self, instance: Instance, outputs: OutputsView, item: Any = None
    ) -> dict[str, tuple[str | Unknown, ...]]:
        """The paths of `save` by download or output. `item` is one part of a download of many; None: not known yet."""
        findings = Findings(self.manifest.locate)
        made = self.reader(instance.job).saves(instance, self.scope(instance, outputs), findings, item)
        _raise(findings)
        return made

    def estimate(self, instance: Instance, outputs: OutputsView) -> Mapping[str, float]:
        """The amounts of `cost` by unit, without those that are not known yet."""
        known = self._estimates.get(instance.address)
        if known is not None:
            return known
        findings = Findings(self.manifest.locate)
        made = self.reader(instance.job).estimate(instance, self.scope(instance, outputs), findings)
        _raise(findings)
        return made

    def know_estimate(self, instance: Instance, estimate: Mapping[str, float]) -> None:
        """Keeps an estimate that was made without trouble, where no output can change it."""
        if instance.job not in self._reading:
            self._estimates[instance.address] = estimate

    def labels(self, instance: Instance) -> dict[str, str]:
        """The `labels` that are known without outputs."""
        findings = Findings(self.manifest.locate)
        names = self.scope(instance, lambda _: None)
        made = self.reader(instance.job).labels(instance, names, findings)
        _raise(findings)
        return made

    def reader(self, job: str) -> JobReader:
        """The reader of a job's expressions, for whoever collects the problems of all instances."""
        found = self._readers.get(job)
        if found is None:
            found = self._readers[job] = JobReader(self.jobs[job], self._files, self._binary_of, self._maker)
        return found

    def scope(self, instance: Instance, outputs: OutputsView) -> dict[str, Any]:
        """What the expressions of an instance see."""
        names = dict(self._names)
        if instance.each is not None:
            names["each"] = instance.each
        if instance.job in self._reading:
            names["jobs"] = self._jobs(outputs)
        return names

    def artifact(self, instance: Instance, outputs: OutputsView) -> Artifact | Unknown:
        """The file that a `workbook.file` or `file.publish` makes; Unknown while its inputs are."""
        making = self.making(instance, outputs)
        if isinstance(making, Unknown):
            return making
        made = making()
        self._know_local(instance, made.outputs)
        return made

    def making(self, instance: Instance, outputs: OutputsView) -> Callable[[], Artifact] | Unknown:
        """What makes that file out of its inputs as they are now. It may take long, and may be called in any thread."""
        inputs = self.inputs(instance, outputs)
        if contains_unknown(inputs):
            return Unknown(f"{instance.address}.outputs")
        compiled = self.jobs[instance.job]
        return partial(self._maker.artifact, instance, compiled.job.uses, inputs, compiled.used_of_rows())

    def local_outputs(self, instance: Instance, outputs: OutputsView) -> Mapping[str, Any] | None:
        """The outputs of a `workbook.file` or `file.publish`, None while its inputs are unknown or unsound."""
        if instance.address in self._local:
            return self._local[instance.address]
        try:
            made = self.artifact(instance, outputs)
        except InvalidInput:
            self._know_local(instance, None)
            return None
        return None if isinstance(made, Unknown) else made.outputs

    def _know_local(self, instance: Instance, outputs: Mapping[str, Any] | None) -> None:
        if not self.jobs[instance.job].references:  # what reads outputs may change with them
            self._local[instance.address] = outputs

    def _jobs(self, outputs: OutputsView) -> Jobs:
        def seen(address: str) -> Mapping[str, Any] | None:
            other = self.graph.instances[address]
            if self.jobs[other.job].job.uses in BUILTINS:
                known = outputs(address)
                return known if known is ABSENT else self.local_outputs(other, outputs)
            return outputs(address)

        return Jobs(self.graph.jobs, self.graph.instances, self._single, seen)

    def _binary_of(self, uses: str) -> tuple[Steps, ...]:
        use = self._catalogue.use(uses)
        return binary_fields(use.inputs_schema()) if use is not None else ()


def _raise(findings: Findings) -> None:
    if findings.errors:
        raise InvalidInput(findings.problems())
