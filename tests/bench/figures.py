"""What a measure hands over: ratios taken inside one run on one machine, each with its target."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

RUNS = 5
PATIENCE = 300.0
"""Seconds that all runs of one comparison may take together, where it has to be run more than once."""


@dataclass(frozen=True)
class Figure:
    """One ratio: `value` beside `target`.

    `at_least` tells which side of the target is the good one. `detail` holds what the ratio was made of (seconds,
    bytes, counts), for whoever wants to know where it comes from. A figure without a target is kept for its history.
    """

    name: str
    value: float
    target: float | None = None
    at_least: bool = False
    detail: Mapping[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


def seconds(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def medians(works: Sequence[Callable[[], float]], runs: int = RUNS) -> list[float]:
    """The median of each measure, taken in turns: what disturbs the machine meets all of them alike."""
    return _middle([[work() for work in works] for _ in range(runs)])


def medians_in_time(works: Sequence[Callable[[], float]], runs: int = RUNS) -> tuple[list[float], int]:
    """The same, and of how many runs: of fewer where one takes so long that all would take longer than PATIENCE."""
    begun = time.perf_counter()
    taken = [[work() for work in works]]
    spent = time.perf_counter() - begun
    often = next((count for count in (runs, 3) if count <= runs and spent * count <= PATIENCE), 1)
    taken += [[work() for work in works] for _ in range(often - 1)]
    return _middle(taken), often


def _middle(taken: Sequence[Sequence[float]]) -> list[float]:
    return [statistics.median(column) for column in zip(*taken, strict=True)]
