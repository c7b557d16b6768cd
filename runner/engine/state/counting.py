"""Where everything stands, counted by SQLite: `status` over 100,000 instances reads an index and a few rows.

A state of version 1 lacks the counted columns until it is next opened for writing; until then readers count a copy.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner.engine.state.columns import copy_with_columns
from runner.engine.state.refusals import unreadable
from runner.engine.state.store import WITH_COLUMNS, checked, reading, stands
from runner.model.phase import Phase
from runner.model.standing import ATTENTION, Brief, JobStanding, Standing, brief

_COUNTED = """
SELECT job, phase, uses, unit, count(*), total(cost), count(cost), sum(unsaved) FROM instances
GROUP BY phase, job, uses, unit
"""
_ODD = """
SELECT address, data FROM (SELECT address, data FROM instances NOT INDEXED LIMIT 5000) WHERE NOT json_valid(data)
"""
_SOME = "SELECT address, data FROM instances WHERE phase = ? ORDER BY address LIMIT ?"


class StandingReader:
    """One snapshot of a state, read as it is asked for."""

    def __init__(self, file: Path, name: str, lineage: str, connection: sqlite3.Connection) -> None:
        self._file, self._name, self._lineage = file, name, lineage
        self._connection = connection

    def standing(self, most: int) -> Standing:
        """The counts, and up to `most` of the instances that need somebody; -1: all.

        Raises StateError where a row cannot be read: nothing is counted of a state that is damaged. Of a large state
        only the first 5,000 are tried, as reading all takes longer than counting them; `plan` reads all.
        """
        for _ in self._briefs(_ODD, ()):
            pass  # what JSON of SQLite's kind is not may be Python's (NaN); what neither reads is told
        sequence = self._connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
        jobs = self._jobs()
        return Standing(self._name, self._lineage, sequence, jobs, tuple(self._attention(most)))

    def instances(self) -> Iterator[Brief]:
        """Every instance, by address."""
        yield from self._briefs("SELECT address, data FROM instances ORDER BY address", ())

    def _jobs(self) -> tuple[JobStanding, ...]:
        return counted(self._connection.execute(_COUNTED))

    def _attention(self, most: int) -> Iterator[Brief]:
        for phase in ATTENTION:
            if not most:
                return
            for one in self._briefs(_SOME, (phase.value, most)):
                most -= most > 0
                yield one

    def _briefs(self, query: str, values: tuple[object, ...]) -> Iterator[Brief]:
        with _readable(self._file):
            for address, data in self._connection.execute(query, values):
                yield brief(address, json.loads(data))


def counted(rows: Iterable[tuple[Any, ...]]) -> tuple[JobStanding, ...]:
    """Jobs out of rows of (job, phase, uses, unit, how many, their cost, how many have one, files not saved)."""
    found: dict[str, _Counts] = {}
    for job, phase, uses, unit, count, cost, paid, unsaved in rows:
        counts = found.setdefault(job, _Counts())
        counts.phases[phase] = counts.phases.get(phase, 0) + count
        counts.uses[uses] = counts.uses.get(uses, 0) + count
        counts.unsaved += unsaved
        if paid:
            counts.cost[unit] = counts.cost.get(unit, 0.0) + cost
    return tuple(counts.standing(job) for job, counts in sorted(found.items()))


class _Counts:
    """What is being counted of a job."""

    def __init__(self) -> None:
        self.phases: dict[str, int] = {}
        self.uses: dict[str, int] = {}
        self.cost: dict[str, float] = {}
        self.unsaved = 0

    def standing(self, job: str) -> JobStanding:
        phases = {phase: self.phases[phase] for phase in Phase if phase in self.phases}
        uses = max(self.uses, key=lambda name: (self.uses[name], name))
        return JobStanding(job, uses, phases, self.unsaved, dict(sorted(self.cost.items())))


@contextmanager
def read_standing(file: Path, name: str) -> Iterator[StandingReader | None]:
    """A snapshot of the state of the manifest `name`, without the lock; None where there is none. Raises StateError."""
    if not stands(file):
        yield None
        return
    with reading(file) as connection:
        lineage, version = checked(connection, file, name)
        connection.execute("BEGIN")
        if version < WITH_COLUMNS:
            with _readable(file):
                copy_with_columns(connection)
        yield StandingReader(file, name, lineage, connection)


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise unreadable(file, error) from error
