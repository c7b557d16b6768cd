"""What an instance's expressions come to, given the outputs that are known."""

from collections.abc import Mapping
from typing import Any

from runner.api.catalogue import Catalogue
from runner.compile.binary import Files, Steps, binary_fields
from runner.compile.compiled import BUILTINS, PUBLISH, CompiledJob
from runner.compile.expression_tree import Constant, Node, Scalar, truth
from runner.compile.expressions import ExpressionError
from runner.compile.filters import number
from runner.compile.findings import Findings
from runner.compile.local import Artifact, Maker
from runner.compile.paths import check_path
from runner.compile.scope import ABSENT, Jobs, OutputsView, PartialOutputs
from runner.compile.surroundings import Surroundings
from runner.model.errors import InvalidInput
from runner.model.graph import Graph, Instance
from runner.model.manifest import Manifest, YamlPath
from runner.model.settings import PublishSettings
from runner.model.unknown import Unknown, UnknownReached, contains_unknown

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
        self._files = Files(manifest.folder)
        self._binary: dict[str, tuple[Steps, ...]] = {}
        self._maker = Maker(manifest, publish)
        self._local: dict[str, Mapping[str, Any] | None] = {}

    def publishing(self, publish: PublishSettings | None) -> None:
        """Says where built files are published, before anything is evaluated."""
        self._maker = Maker(self.manifest, publish)
        self._local.clear()

    def inputs(self, instance: Instance, outputs: OutputsView) -> Any:
        """The `with` of an instance: nulls left out, files with their digests, Unknown where only apply can know.

        Of a `workbook.file`, `columns` is a list: what is filled in by hand, row by row.
        """
        findings = Findings(self.manifest.locate)
        made = self.collect(instance, outputs, findings)
        _raise(findings)
        return made

    def collect(self, instance: Instance, outputs: OutputsView, findings: Findings) -> Any:
        """The inputs, with every problem put into `findings`."""
        names = self._scope(instance, outputs)
        compiled = self.jobs[instance.job]
        made = self._evaluate(compiled.with_, names, instance, findings)
        if compiled.job.uses in BUILTINS:
            return self._local_inputs(compiled, made, names, instance, findings)
        for steps in self._binary_of(compiled.job.uses):
            try:
                made = self._files.put(made, steps)
            except ExpressionError as error:
                path: YamlPath = ("jobs", instance.job, "with", *(step for step in steps if step != "*"))
                self._tell(findings, path, error, instance)
        return made

    def _local_inputs(
        self,
        compiled: CompiledJob,
        made: Any,
        names: Mapping[str, Any],
        instance: Instance,
        findings: Findings,
    ) -> Any:
        path: YamlPath = ("jobs", instance.job, "with")
        try:
            if compiled.job.uses == PUBLISH:
                return self._files.put(made, ("path",))
            template = made.get("template") if isinstance(made, dict) else None
            if isinstance(template, str) and self._maker.is_file(template):
                made = self._files.put(made, ("template",))
        except ExpressionError as error:
            self._tell(findings, path, error, instance)
            return made
        if not isinstance(made, dict) or compiled.rows is None:
            return made
        rows = self._rows(compiled.rows, names, instance, findings)
        if compiled.columns is None or not isinstance(rows, list):
            return {**made, "rows": rows}
        columns = compiled.columns
        by_hand = [
            self._evaluate(columns, {**names, "row": row, "item": row}, instance, findings) for row in rows
        ]
        return {**made, "rows": rows, "columns": by_hand}

    def _rows(self, node: Node, names: Mapping[str, Any], instance: Instance, findings: Findings) -> Any:
        """The rows as they are: with their places, and with null where a cell is empty."""
        if not isinstance(node, Scalar):
            return self._evaluate(node, names, instance, findings)
        try:
            value = node.template.evaluate(names)
        except ExpressionError as error:
            self._tell(findings, node.path, error, instance)
            return Unknown(node.template.text)
        return list(value) if isinstance(value, tuple) else value

    def condition(self, instance: Instance, outputs: OutputsView) -> bool | Unknown:
        """Whether the instance is wanted at all (`if`)."""
        findings = Findings(self.manifest.locate)
        value = self.collect_condition(instance, outputs, findings)
        _raise(findings)
        return value

    def collect_condition(
        self, instance: Instance, outputs: OutputsView, findings: Findings
    ) -> bool | Unknown:
        """The condition, with problems put into `findings`."""
        node = self.jobs[instance.job].if_
        if isinstance(node, Constant) and isinstance(node.value, bool):
            return node.value
        value = self._evaluate(node, self._scope(instance, outputs), instance, findings)
        if isinstance(value, Unknown):
            return value
        try:
            return truth(value, "if")
        except UnknownReached as reached:
            return reached.unknown
        except ExpressionError as error:
            self._tell(findings, ("jobs", instance.job, "if"), error, instance)
            return False

    def saves(
        self, instance: Instance, outputs: OutputsView, item: Any = None
    ) -> dict[str, tuple[str | Unknown, ...]]:
        """The paths of `save` by download or output. `item` is one part of a download of many; None: not known yet."""
        findings = Findings(self.manifest.locate)
        made = self.collect_saves(instance, outputs, findings, item)
        _raise(findings)
        return made

    def collect_saves(
        self, instance: Instance, outputs: OutputsView, findings: Findings, item: Any = None
    ) -> dict[str, tuple[str | Unknown, ...]]:
        """The paths of `save`, with problems put into `findings`. A path that leaves the folder is one."""
        save = self.jobs[instance.job].save
        if not save:
            return {}
        names = self._scope(instance, outputs)
        names["item"] = Unknown("item") if item is None else item
        made: dict[str, tuple[str | Unknown, ...]] = {}
        for name, nodes in save.items():
            paths: list[str | Unknown] = []
            for node in nodes:
                value = self._evaluate(node, names, instance, findings)
                try:
                    paths.append(value if isinstance(value, Unknown) else check_path(value))
                except ExpressionError as error:
                    self._tell(findings, ("jobs", instance.job, "save", name), error, instance)
            made[name] = tuple(paths)
        return made

    def estimate(self, instance: Instance, outputs: OutputsView) -> dict[str, float]:
        """The amounts of `cost` by unit, without those that are not known yet."""
        findings = Findings(self.manifest.locate)
        made = self.collect_estimate(instance, outputs, findings)
        _raise(findings)
        return made

    def collect_estimate(
        self, instance: Instance, outputs: OutputsView, findings: Findings
    ) -> dict[str, float]:
        """The amounts of `cost`, with problems put into `findings`."""
        cost = self.jobs[instance.job].cost
        if not cost:
            return {}
        names = self._scope(instance, outputs)
        made = {}
        for unit, node in cost.items():
            value = self._evaluate(node, names, instance, findings)
            try:
                if not isinstance(value, Unknown) and value is not None:
                    made[unit] = _amount(value)
            except ExpressionError as error:
                self._tell(findings, ("jobs", instance.job, "cost", unit), error, instance)
        return made

    def labels(self, instance: Instance) -> dict[str, str]:
        """The `labels` that are known without outputs."""
        labels = self.jobs[instance.job].labels
        if not labels:
            return {}
        findings = Findings(self.manifest.locate)
        names = self._scope(instance, lambda _: None)
        found = {name: self._evaluate(node, names, instance, findings) for name, node in labels.items()}
        _raise(findings)
        return {
            name: value if isinstance(value, str) else _spelled(value)
            for name, value in found.items()
            if value is not None and not isinstance(value, Unknown)
        }

    def artifact(self, instance: Instance, outputs: OutputsView) -> Artifact | Unknown:
        """The file that a `workbook.file` or `file.publish` makes; Unknown while its inputs are."""
        inputs = self.inputs(instance, outputs)
        if contains_unknown(inputs):
            return Unknown(f"{instance.address}.outputs")
        compiled = self.jobs[instance.job]
        return self._maker.artifact(instance, compiled.job.uses, inputs, compiled.used_of_rows())

    def local_outputs(self, instance: Instance, outputs: OutputsView) -> Mapping[str, Any] | None:
        """The outputs of a `workbook.file` or `file.publish`, None while its inputs are unknown or unsound."""
        if instance.address in self._local:
            return self._local[instance.address]
        try:
            made = self.artifact(instance, outputs)
        except InvalidInput:
            found = None
        else:
            if isinstance(made, Unknown):
                return None
            found = made.outputs
        if not self.jobs[instance.job].references:  # what reads outputs may change with them
            self._local[instance.address] = found
        return found

    def _scope(self, instance: Instance, outputs: OutputsView) -> dict[str, Any]:
        def seen(address: str) -> Mapping[str, Any] | None:
            other = self.graph.instances[address]
            if self.jobs[other.job].job.uses in BUILTINS:
                known = outputs(address)
                return known if known is ABSENT else self.local_outputs(other, outputs)
            return outputs(address)

        jobs = Jobs(self.graph.jobs, self.graph.instances, self._single, seen)
        names = {**self._names, "jobs": jobs}
        if instance.each is not None:
            names["each"] = instance.each
        return names

    def _evaluate(self, node: Node, names: Mapping[str, Any], instance: Instance, findings: Findings) -> Any:
        def report(path: YamlPath, error: ExpressionError) -> None:
            self._tell(findings, path, error, instance)

        return node.evaluate(names, report)

    def _tell(self, findings: Findings, path: YamlPath, error: ExpressionError, instance: Instance) -> None:
        each = instance.each
        findings.expression(path, error, item=instance.key, place=each.place if each is not None else None)

    def _binary_of(self, uses: str) -> tuple[Steps, ...]:
        found = self._binary.get(uses)
        if found is None:
            use = self._catalogue.use(uses)
            found = self._binary[uses] = binary_fields(use.inputs_schema()) if use is not None else ()
        return found


def _amount(value: Any) -> float:
    found = float(number(value))
    if found < 0:
        raise ExpressionError("a cost cannot be negative")
    return found


def _spelled(value: Any) -> str:
    from runner.compile.filters import tojson

    return tojson(value)


def _raise(findings: Findings) -> None:
    if findings.errors:
        raise InvalidInput(findings.problems())
