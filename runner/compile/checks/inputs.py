"""What is wrong with the instances: their inputs, conditions, paths and estimates, each cause told once."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.api.provider import Use
from runner.compile.checks.bulk_names import BulkNames
from runner.compile.checks.input_schema import InputSchema
from runner.compile.checks.schema_errors import Fault, Steps
from runner.compile.collector import without_collector
from runner.compile.instances.compiled import BUILTINS
from runner.compile.instances.evaluate import Evaluator
from runner.compile.instances.expand import Expanded
from runner.compile.instances.findings import Findings
from runner.compile.instances.local import builtin_schema
from runner.compile.instances.paths import same_path
from runner.model.errors import InvalidInput
from runner.model.graph import Instance
from runner.model.manifest import Manifest, YamlPath
from runner.model.unknown import Unknown, contains_unknown


def check_instances(
    manifest: Manifest, expanded: Expanded, uses: Mapping[str, Use], findings: Findings
) -> None:
    """Evaluates and validates every instance that is wanted, as far as it is known without any output."""
    checker = _Checker(manifest, expanded.evaluator, uses, findings)
    with without_collector():
        for job, addresses in expanded.graph.jobs.items():
            checker.check_all(job, [expanded.graph.instances[address] for address in addresses])
        for job in manifest.jobs:
            if not expanded.graph.jobs.get(job):
                checker.check_written(job)


def _nothing(_: str) -> None:
    return None


class _Checker:
    def __init__(
        self, manifest: Manifest, evaluator: Evaluator, uses: Mapping[str, Use], findings: Findings
    ) -> None:
        self._manifest, self._evaluator = manifest, evaluator
        self._uses, self._findings = uses, findings
        self._schemas: dict[str, InputSchema | None] = {}
        self._paths: dict[str, str] = {}
        self._names = BulkNames(findings)
        self._varying: dict[tuple[str, str, Steps], bool] = {}

    def check_all(self, name: str, instances: Sequence[Instance]) -> None:
        """The instances of one job, in their order."""
        evaluator, findings = self._evaluator, self._findings
        job, reader = self._manifest.jobs[name], evaluator.reader(name)
        use = self._uses.get(name) if job.bulk is not None else None
        builtin = job.uses in BUILTINS
        for instance in instances:
            names = evaluator.scope(instance, _nothing)
            if not reader.always and reader.condition(instance, names, findings) is False:
                continue
            before = findings.errors
            inputs = reader.inputs(instance, names, findings)
            schema = self._schema(name)
            if schema is not None and not schema.fits(inputs):
                for fault in schema.faults(self._as_written(name, inputs) if builtin else inputs):
                    self._fault(instance, fault)
            if use is not None:
                self._names.check(instance, job, use, inputs)
            if job.save:
                self._check_paths(instance, reader.saves(instance, names, findings))
            if job.labels:
                reader.labels(instance, names, findings)
            if job.cost:
                estimate = reader.estimate(instance, names, findings)
                if findings.errors == before:
                    evaluator.know_estimate(instance, estimate)
            if builtin and findings.errors == before:
                self._build(instance, inputs)

    def check_written(self, job: str) -> None:
        """What can be told of a job without instances, as when its `for_each` is broken: what is no expression."""
        schema, raw = self._schema(job), self._manifest.jobs[job].with_
        if schema is None or not isinstance(raw, Mapping | None):
            return
        for fault in schema.faults(_known_part(raw or {})):
            self._findings.add(fault.code, fault.message, ("jobs", job, "with", *fault.steps), fault.hint)

    def _as_written(self, job: str, inputs: Any) -> Any:
        """The inputs of a built-in use, a workbook's `columns` as the mapping that they are in the manifest."""
        raw = self._manifest.jobs[job].with_
        if not isinstance(inputs, dict) or not isinstance(raw, Mapping) or "columns" not in raw:
            return inputs
        return {**inputs, "columns": raw["columns"]}

    def _schema(self, job: str) -> InputSchema | None:
        if job not in self._schemas:
            uses = self._manifest.jobs[job].uses
            use = self._uses.get(job)
            schema: Mapping[str, Any] | None = None
            if uses in BUILTINS:
                schema = builtin_schema(uses)
            elif use is not None:
                try:
                    schema = use.inputs_schema()
                except InvalidInput as error:
                    self._findings.take(error.problems)
            self._schemas[job] = InputSchema(uses, schema) if schema is not None else None
        return self._schemas[job]

    def _fault(self, instance: Instance, fault: Fault) -> None:
        path: YamlPath = ("jobs", instance.job, "with", *fault.steps)
        each = instance.each
        item = instance.key if self._varies(instance.job, fault) else ""
        place = each.place if each is not None else None
        self._findings.add(fault.code, fault.message, path, fault.hint, item=item, place=place)

    def _varies(self, job: str, fault: Fault) -> bool:
        """Whether the fault may be one item's own: what it is about is made by an expression."""
        key = (job, fault.code, fault.steps)
        if key not in self._varying:
            steps = fault.steps[:-1] if fault.field else fault.steps
            raw = self._manifest.jobs[job].with_
            for step in steps:
                if isinstance(raw, Mapping) and step in raw:
                    raw = raw[str(step)]
                elif isinstance(raw, list) and isinstance(step, int) and step < len(raw):
                    raw = raw[step]
                else:
                    break
            if fault.field and isinstance(raw, Mapping) and "$each" not in raw:
                raw = raw.get(str(fault.steps[-1])) if fault.code == "missing-input" else None
            self._varying[key] = _has_expression(raw)
        return self._varying[key]

    def _check_paths(self, instance: Instance, saves: Mapping[str, tuple[str | Unknown, ...]]) -> None:
        address, held = instance.address, self._paths
        for name, paths in saves.items():
            for path in paths:
                if isinstance(path, Unknown):
                    continue
                holder = held.setdefault(same_path(path), address)
                if holder is not address and holder != address:
                    where: YamlPath = ("jobs", instance.job, "save", name)
                    what = f"several instances would write to `{path}`, first `{holder}`"
                    self._findings.add(
                        "same-path", what, where, "put `${{ each.key }}` into it", item=instance.address
                    )

    def _build(self, instance: Instance, inputs: Any) -> None:
        """Workbooks are made at once, as their rows may not fit their template."""
        if contains_unknown(inputs):
            return
        try:
            made = self._evaluator.artifact(instance, _nothing)
        except InvalidInput as error:
            self._findings.take(error.problems)
            return
        if not isinstance(made, Unknown):
            self._findings.take(made.warnings)


def _known_part(raw: Any) -> Any:
    """A `with` as it is written, with an Unknown for each expression; nulls of mappings are left out."""
    if isinstance(raw, Mapping):
        if "$each" in raw:
            return Unknown("$each")
        return {name: _known_part(child) for name, child in raw.items() if child is not None}
    if isinstance(raw, list):
        return [_known_part(child) for child in raw]
    return Unknown(raw) if isinstance(raw, str) and "${{" in raw else raw


def _has_expression(raw: Any) -> bool:
    if isinstance(raw, str):
        return "${{" in raw
    if isinstance(raw, Mapping):
        return any(_has_expression(child) for child in raw.values())
    if isinstance(raw, list):
        return any(_has_expression(child) for child in raw)
    return False
