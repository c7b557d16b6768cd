"""What the expressions of one job come to, instance by instance. Whatever is wrong is put into findings."""

from collections.abc import Callable, Mapping
from typing import Any

from runner.compile.expressions.filters import number
from runner.compile.expressions.lanes import GIVES_UP, quickly
from runner.compile.expressions.template import ExpressionError
from runner.compile.expressions.tree import Constant, Fields, Node, Report, Scalar, lane_of, truth
from runner.compile.instances.binary import Files, Steps
from runner.compile.instances.compiled import BUILTINS, PUBLISH, CompiledJob
from runner.compile.instances.findings import Findings
from runner.compile.instances.local import Maker
from runner.compile.instances.paths import check_path
from runner.model.graph import Instance
from runner.model.manifest import YamlPath
from runner.model.unknown import Unknown, UnknownReached

Names = Mapping[str, Any]
"""What the expressions of one instance see (`Evaluator.scope`)."""

_ITEM = Unknown("item")


class JobReader:
    """Evaluates the expressions of one job. `binary` tells which inputs are local files; it is asked at need."""

    def __init__(
        self, compiled: CompiledJob, files: Files, binary: Callable[[str], tuple[Steps, ...]], maker: Maker
    ) -> None:
        self.compiled = compiled
        self._files, self._binary_of, self._maker = files, binary, maker
        self._binary: tuple[Steps, ...] | None = None
        self._builtin = compiled.job.uses in BUILTINS
        self._with, self._if = compiled.with_, compiled.if_
        self._cost, self._save = tuple(compiled.cost.items()), tuple(compiled.save.items())
        nodes = [node for _, paths in self._save for node in paths]
        self._by_item = any("item" in one.names for node in nodes for _, one in node.templates())
        self._lane = lane_of(self._with) if isinstance(self._with, Fields) else None
        self._cost_lanes = [(unit, lane_of(node)) for unit, node in self._cost]
        self._save_lanes = [(name, [lane_of(node) for node in paths]) for name, paths in self._save]
        self.always = isinstance(self._if, Constant) and self._if.value is True

    def condition(self, instance: Instance, names: Names, findings: Findings) -> bool | Unknown:
        """Whether the instance is wanted at all (`if`)."""
        node = self._if
        if isinstance(node, Constant) and isinstance(node.value, bool):
            return node.value
        value = node.evaluate(names, _report(instance, findings))
        if isinstance(value, Unknown):
            return value
        try:
            return truth(value, "if")
        except UnknownReached as reached:
            return reached.unknown
        except ExpressionError as error:
            _tell(findings, ("jobs", instance.job, "if"), error, instance)
            return False

    def inputs(self, instance: Instance, names: Names, findings: Findings) -> Any:
        """The `with`: nulls left out, files with their digests, Unknown where only apply can know."""
        try:
            made = quickly(self._lane, names)
        except GIVES_UP:
            made = self._with.evaluate(names, _report(instance, findings))
        if self._builtin:
            return self._local_inputs(made, names, instance, findings)
        if self._binary is None:
            self._binary = self._binary_of(self.compiled.job.uses)
        for steps in self._binary:
            try:
                made = self._files.put(made, steps)
            except ExpressionError as error:
                path: YamlPath = ("jobs", instance.job, "with", *(step for step in steps if step != "*"))
                _tell(findings, path, error, instance)
        return made

    def _local_inputs(self, made: Any, names: Names, instance: Instance, findings: Findings) -> Any:
        compiled = self.compiled
        path: YamlPath = ("jobs", instance.job, "with")
        try:
            if compiled.job.uses == PUBLISH:
                return self._files.put(made, ("path",))
            template = made.get("template") if isinstance(made, dict) else None
            if isinstance(template, str) and self._maker.is_file(template):
                made = self._files.put(made, ("template",))
        except ExpressionError as error:
            _tell(findings, path, error, instance)
            return made
        if not isinstance(made, dict) or compiled.rows is None:
            return made
        rows = _rows(compiled.rows, names, instance, findings)
        if compiled.columns is None or not isinstance(rows, list):
            return {**made, "rows": rows}
        columns, report = compiled.columns, _report(instance, findings)
        by_hand = [columns.evaluate({**names, "row": row, "item": row}, report) for row in rows]
        return {**made, "rows": rows, "columns": by_hand}

    def saves(
        self, instance: Instance, names: Names, findings: Findings, item: Any = None
    ) -> dict[str, tuple[str | Unknown, ...]]:
        """The paths of `save`, by download or output. A path that leaves the folder is a problem.

        `item` is one part of a download of many; None: not known yet.
        """
        if self._by_item:
            names = {**names, "item": _ITEM if item is None else item}
        try:
            return {
                name: tuple([check_path(quickly(lane, names)) for lane in lanes])
                for name, lanes in self._save_lanes
            }
        except GIVES_UP:
            pass  # path by path, so that each trouble is told
        report = _report(instance, findings)
        made: dict[str, tuple[str | Unknown, ...]] = {}
        for name, nodes in self._save:
            paths: list[str | Unknown] = []
            for node in nodes:
                value = node.evaluate(names, report)
                try:
                    paths.append(value if isinstance(value, Unknown) else check_path(value))
                except ExpressionError as error:
                    _tell(findings, ("jobs", instance.job, "save", name), error, instance)
            made[name] = tuple(paths)
        return made

    def estimate(self, instance: Instance, names: Names, findings: Findings) -> dict[str, float]:
        """The amounts of `cost` by unit, without those that are not known yet."""
        try:
            return {unit: _amount(quickly(lane, names)) for unit, lane in self._cost_lanes}
        except GIVES_UP:
            pass
        report = _report(instance, findings)
        made = {}
        for unit, node in self._cost:
            value = node.evaluate(names, report)
            try:
                if not isinstance(value, Unknown) and value is not None:
                    made[unit] = _amount(value)
            except ExpressionError as error:
                _tell(findings, ("jobs", instance.job, "cost", unit), error, instance)
        return made

    def labels(self, instance: Instance, names: Names, findings: Findings) -> dict[str, str]:
        """The `labels` that are known."""
        report = _report(instance, findings)
        found = {name: node.evaluate(names, report) for name, node in self.compiled.labels.items()}
        return {
            name: value if isinstance(value, str) else _spelled(value)
            for name, value in found.items()
            if value is not None and not isinstance(value, Unknown)
        }


def _rows(node: Node, names: Names, instance: Instance, findings: Findings) -> Any:
    """The rows as they are: with their places, and with null where a cell is empty."""
    if not isinstance(node, Scalar):
        return node.evaluate(names, _report(instance, findings))
    try:
        value = node.template.evaluate(names)
    except ExpressionError as error:
        _tell(findings, node.path, error, instance)
        return Unknown(node.template.text)
    return list(value) if isinstance(value, tuple) else value


def _report(instance: Instance, findings: Findings) -> Report:
    def report(path: YamlPath, error: ExpressionError) -> None:
        _tell(findings, path, error, instance)

    return report


def _tell(findings: Findings, path: YamlPath, error: ExpressionError, instance: Instance) -> None:
    each = instance.each
    findings.expression(path, error, item=instance.key, place=each.place if each is not None else None)


def _amount(value: Any) -> float:
    found = float(number(value))
    if found < 0:
        raise ExpressionError("a cost cannot be negative")
    return found


def _spelled(value: Any) -> str:
    from runner.compile.expressions.filters import tojson

    return tojson(value)
