"""The two clocks of the sandbox: the real one, which dates answers, and the virtual one, by which work
advances."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the virtual clock stood at a real time, and how fast it went on from there."""

    real: float
    virtual: float
    speed: float

    def at(self, real: float) -> float:
        """The virtual seconds at a real time; never before the anchor, so that a clock set back cannot undo
        work."""
        return self.virtual + max(0.0, real - self.real) * self.speed


class Clock:
    """`real()` in seconds since 1970, `virtual()` in seconds since the world began.

    The virtual clock also goes on while no sandbox runs, at the speed it had; a new speed counts from now on,
    so that nothing that was finished becomes unfinished.
    """

    def __init__(
        self, speed: float, kept: Mapping[str, float] | None = None, real: Callable[[], float] = time.time
    ) -> None:
        now = real()
        before = Anchor(**kept) if kept else Anchor(now, 0.0, speed)
        self.anchor = Anchor(now, before.at(now), speed)
        self.real = real

    @property
    def speed(self) -> float:
        """Virtual seconds a real second."""
        return self.anchor.speed

    def virtual(self) -> float:
        """Virtual seconds since the world began."""
        return self.anchor.at(self.real())

    def real_of(self, virtual: float) -> float:
        """The real time at which the virtual clock shows this, at today's speed."""
        return self.anchor.real + (virtual - self.anchor.virtual) / self.speed

    def lasting(self, virtual: float, least_real: float) -> float:
        """A span of virtual seconds, stretched to take at least so many real ones."""
        return max(virtual, least_real * self.speed)


def iso(real: float) -> str:
    """`2024-06-01T12:00:00.123Z`: UTC with milliseconds."""
    return datetime.fromtimestamp(real, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def share(text: str) -> float:
    """A number from 0 up to 1 that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48
