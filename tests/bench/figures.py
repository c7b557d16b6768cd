"""What a measure hands over: ratios taken inside one run on one machine, each with its target."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

RUNS = 5


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
    taken = [[work() for work in works] for _ in range(runs)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]
