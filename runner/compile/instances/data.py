"""The `data:` of a manifest: tables and lists that expressions read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.compile.expressions.template import ExpressionError, Template, compile_value
from runner.compile.expressions.tree import compile_tree, truth
from runner.compile.instances.findings import Findings
from runner.model.frozen import frozen
from runner.model.manifest import Manifest, YamlPath
from runner.model.problem import Place
from runner.model.unknown import Unknown, contains_unknown

_SPEC = ("file", "sheet", "header", "fill_down", "unpivot", "group_by")


@frozen
class Source:
    """One data source: `value` is what expressions see; `places` are those of its rows, by their index, or of its
    groups, by their key. A broken source is Unknown, so that its readers are not blamed."""

    value: Any
    places: Sequence[Place] | Mapping[str, Place] = ()


def read_data(manifest: Manifest, names: Mapping[str, Any], findings: Findings) -> dict[str, Source]:
    """Every source of `data:` by its name; problems go to `findings`."""
    made = {}
    for name, raw in manifest.data.items():
        path: YamlPath = ("data", name)
        if isinstance(raw, Mapping) and "file" in raw:
            made[name] = read_source(raw, path, names, manifest.folder, findings)
        else:
            made[name] = _inline(raw, path, names, manifest, findings)
    return made


def read_source(
    raw: Mapping[str, Any], path: YamlPath, names: Mapping[str, Any], folder: Path, findings: Findings
) -> Source:
    """A table in a file: read, filtered by its `where`, then shaped."""
    from runner.workbook.tables import read_rows, shape, table_spec

    spec_raw = evaluated({key: raw[key] for key in _SPEC if key in raw}, path, names, findings)
    if contains_unknown(spec_raw):
        return Source(Unknown(f"data.{path[-1]}"))
    spec = table_spec(spec_raw)
    names["file"].reads.note(spec.file)
    table = read_rows(spec, folder)
    for problem in table.problems:
        if problem.code == "missing-file":
            findings.add(problem.code, problem.message, (*path, "file"), problem.hint)
        else:
            findings.take((problem,))
    broken = any(not problem.warning for problem in table.problems)
    if "where" in raw and not broken:
        kept = RowFilter(raw["where"], (*path, "where"), names, findings)
        table = table.kept(kept)
    before = len(table.problems)
    if not broken:
        table = shape(table, spec)
        findings.take(table.problems[before:])
        broken = any(not problem.warning for problem in table.problems[before:])
    if broken:
        return Source(Unknown(f"data.{path[-1]}"))
    if table.groups is not None:
        return Source(table.value, _places_of_groups(table.groups))
    return Source(table.value, table.places)


def evaluated(raw: Any, path: YamlPath, names: Mapping[str, Any], findings: Findings) -> Any:
    """A YAML value with its expressions evaluated; nulls are left out."""
    return compile_tree(raw, path, findings.expression).evaluate(names, findings.expression)


def _inline(
    raw: Any, path: YamlPath, names: Mapping[str, Any], manifest: Manifest, findings: Findings
) -> Source:
    """A list or a mapping that stands in the manifest; nulls in it are data, and stay."""
    places: list[Place] = []
    if isinstance(raw, list):
        places = [manifest.locate((*path, index))[0] for index in range(len(raw))]
    return Source(kept_nulls(raw, path, names, findings), places)


def kept_nulls(raw: Any, path: YamlPath, names: Mapping[str, Any], findings: Findings) -> Any:
    """A YAML value with its expressions evaluated, nulls and all."""
    if isinstance(raw, str):
        try:
            return compile_value(raw).evaluate(names)
        except ExpressionError as error:
            findings.expression(path, error, text=raw)
            return Unknown(raw)
    if isinstance(raw, Mapping):
        return {str(key): kept_nulls(child, (*path, key), names, findings) for key, child in raw.items()}
    if isinstance(raw, list):
        return [kept_nulls(child, (*path, index), names, findings) for index, child in enumerate(raw)]
    return raw


class RowFilter:
    """A `where`, asked of one row or item after the other. A row it fails on is left out and reported."""

    def __init__(self, raw: Any, path: YamlPath, names: Mapping[str, Any], findings: Findings) -> None:
        self._path, self._names, self._findings = path, names, findings
        self._raw = str(raw)
        self._template: Template | None = None
        try:
            template = compile_value(raw) if isinstance(raw, str) else None
            if template is not None and not template.job_references:  # those are reported with the references
                self._template = template
        except ExpressionError as error:
            findings.expression(path, error, text=self._raw)

    def __call__(self, row: Any) -> bool:
        if self._template is None:
            return True
        try:
            value = self._template.evaluate({**self._names, "row": row, "item": row})
            if isinstance(value, Unknown):
                raise ExpressionError(
                    f"`where` needs `{value.reason}`, which is known only after apply",
                    "chain on the job instead: `for_each: ${{ jobs.NAME }}`",
                )
            return truth(value, "where")
        except ExpressionError as error:
            self._findings.expression(self._path, error, text=self._raw)
            return False


def _places_of_groups(groups: Mapping[str, Sequence[Any]]) -> dict[str, Place]:
    from runner.workbook.tables import place_of

    found = {}
    for key, rows in groups.items():
        place = place_of(rows[0]) if rows else None
        if place is not None:
            found[key] = place
    return found
