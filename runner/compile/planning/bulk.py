"""How many bulk requests a job makes at the most."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from runner.compile.planning.facts import JobFacts
from runner.model.plan import BulkRequests
from runner.model.unknown import contains_unknown


class BulkCount:
    """Rows by job and by the settings they share; rows of different settings never share a workbook."""

    __slots__ = ("_pending", "_ready")

    def __init__(self) -> None:
        self._ready: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._pending: dict[str, int] = defaultdict(int)

    def add(self, facts: JobFacts, inputs: Any, pending: bool) -> str:
        """Counts one row; returns the name of its workbook group, empty where only apply can tell.

        `pending`: it waits for remote work, so that its workbook may be closed before it is ready.
        """
        if facts.bulk is None:
            return ""
        shared = _shared(facts, inputs)
        if pending or shared is None:
            self._pending[facts.job.name] += 1
            return ""
        groups = self._ready[facts.job.name]
        groups[shared] += 1
        return f"{facts.job.name}[{list(groups).index(shared) + 1}]"

    def requests(self, facts: Mapping[str, JobFacts]) -> tuple[BulkRequests, ...]:
        """The most requests of each bulk job: full workbooks of what is ready, one for each still pending."""
        found = []
        for job in dict.fromkeys([*self._ready, *self._pending]):
            bulk, asked = facts[job].bulk, facts[job].job.bulk
            size = (asked.size if asked is not None else None) or (bulk.size if bulk is not None else 1)
            ready = self._ready.get(job, {})
            most = sum(-(-rows // size) for rows in ready.values()) + self._pending.get(job, 0)
            found.append(BulkRequests(job, sum(ready.values()) + self._pending.get(job, 0), most))
        return tuple(found)


def _shared(facts: JobFacts, inputs: Any) -> str | None:
    asked = facts.job.bulk
    if facts.bulk is None or asked is None or not isinstance(inputs, dict):
        return None
    same = [inputs.get(name) for name in asked.shared(facts.bulk.same)]
    return None if contains_unknown(same) else repr(same)
