"""Instances and what they wait for. It knows nothing of providers, and keeps no value of a `with`."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from runner.model.frozen import frozen


@frozen
class Need:
    """`target` is an address or, with `gather`, a job's name: all of its instances. `until`: submitted, ready, settled.

    `tolerant`: the reference stands behind `default(…)` or `or`, so a skipped or failed target does not skip this one.
    """

    target: str
    until: str = "ready"
    gather: bool = False
    tolerant: bool = False


@frozen
class Instance:
    """One item of a job. `keys` are (dimension, key) pairs; a plain `for_each` has the one dimension ``""``.

    `each` is what expressions see as `each` (None for a job without `for_each`).
    """

    address: str
    job: str
    keys: tuple[tuple[str, str], ...] = ()
    index: int = 0
    each: Any = None
    needs: tuple[Need, ...] = ()

    @property
    def key(self) -> str:
        """The keys joined by a slash; empty for a job without `for_each`."""
        return "/".join(key for _, key in self.keys)


@frozen
class Graph:
    """All instances by address, each behind what it needs; `jobs` maps a job to its addresses."""

    instances: Mapping[str, Instance] = field(default_factory=dict)
    jobs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Instance]:
        return iter(self.instances.values())

    def __len__(self) -> int:
        return len(self.instances)

    def targets(self, need: Need) -> tuple[str, ...]:
        """The addresses that a need waits for."""
        return self.jobs.get(need.target, ()) if need.gather else (need.target,)
