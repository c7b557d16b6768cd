"""The names that the rows of bulk requests carry: results are matched by them, so each occurs once."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Resource
from runner.compile.instances.findings import Findings
from runner.model.graph import Instance
from runner.model.manifest import Job


class BulkNames:
    """Remembers the names of all rows, by use and by what their requests share (a project)."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._held: dict[tuple[object, ...], str] = {}

    def check(self, instance: Instance, job: Job, use: Use, inputs: Any) -> None:
        """Reports a name that another row has already; names compare after NFC, trimming and case folding."""
        kind = use.kind
        if (
            job.bulk is None
            or not isinstance(kind, Resource)
            or kind.bulk is None
            or kind.delivery.find is None
        ):
            return
        field = kind.delivery.find.field.lstrip("/")
        name = inputs.get(field) if isinstance(inputs, Mapping) else None
        if not isinstance(name, str):
            return
        shared = tuple(inputs[one] for one in kind.bulk.same if isinstance(inputs.get(one), str))
        folded = unicodedata.normalize("NFC", name).strip().casefold()
        first = self._held.setdefault((job.uses, shared, folded), instance.address)
        if first != instance.address:
            self._findings.add(
                "repeated-name",
                f'`{field}` of several rows is "{name}", first of `{first}`',
                ("jobs", job.name, "with", field),
                "results are matched by it: make it different in each, with `${{ each.key }}`",
                item=instance.key,
                place=instance.each.place if instance.each is not None else None,
            )
