"""Which inputs of a bulk job's rows may stand in columns, so that rows that differ in them share a workbook."""

from runner.api.vocabulary.lifedata import BulkSpec
from runner.compile.instances.findings import Findings
from runner.compile.nearby import did_you_mean
from runner.model.manifest import Job


def check_columns(job: Job, spec: BulkSpec, findings: Findings) -> None:
    """Reports names in `bulk.columns` for which the provider's workbook has no columns."""
    if job.bulk is None or not job.bulk.columns:
        return
    possible = movable(spec)
    for position, name in enumerate(job.bulk.columns):
        if name in possible:
            continue
        hint = did_you_mean(name, possible) if possible else "take `columns` out"
        findings.add(
            "bad-value",
            f"rows of `{job.uses}` that differ in `{name}` cannot share a workbook",
            ("jobs", job.name, "bulk", "columns", position),
            hint,
        )


def movable(spec: BulkSpec) -> tuple[str, ...]:
    """The inputs that all rows of a workbook share unless asked otherwise, and for which it has columns."""
    from pathlib import Path

    from runner.workbook.templates import load_template

    fields = {column.field.partition(".")[0] for column in load_template(spec.template, Path()).columns}
    return tuple(name for name in spec.same if name in fields)
