"""Where everything stands, in counts: what `status` tells of a state without a value for each instance."""

from collections.abc import Mapping
from typing import Any

from runner.model.frozen import frozen
from runner.model.phase import UNDER_WAY, Phase
from runner.model.shape import evolve

ATTENTION = (
    Phase.DOUBT, Phase.GATED, Phase.FAILED, Phase.STALLED, Phase.REFUSED, Phase.WITHDRAWN, Phase.ABANDONED,
)  # fmt: skip
"""The phases that need a person or another run, the most urgent first."""


@frozen
class JobStanding:
    """How many instances of a job stand where, how many files are missing, and what was paid by unit (of the newest
    generations)."""

    job: str
    uses: str
    phases: Mapping[Phase, int]
    unsaved: int
    cost: Mapping[str, float]


@frozen
class Brief:
    """One instance in one line. `since` is the time of the phase, ISO 8601 UTC."""

    address: str
    phase: Phase
    generation: int
    uses: str = ""
    id: str = ""
    status: str = ""
    message: str = ""
    since: str = ""


@frozen
class Standing:
    """`attention` are the first of those that need somebody, the most urgent first."""

    name: str = ""
    lineage: str = ""
    sequence: int = 0
    jobs: tuple[JobStanding, ...] = ()
    attention: tuple[Brief, ...] = ()

    def count(self, *phases: Phase) -> int:
        """How many instances stand in one of these phases."""
        return sum(job.phases.get(phase, 0) for job in self.jobs for phase in phases)


def brief(address: str, held: Mapping[str, Any]) -> Brief:
    """An instance out of what its row holds; fields that have their default are not there."""
    phase, gate = Phase(held["phase"]), held.get("gate") or {}
    made = Brief(
        address,
        phase,
        int(held["generation"]),
        *(str(held.get(name, "")) for name in ("uses", "id", "status", "message", "since")),
    )
    if not gate or phase in UNDER_WAY or (gate.get("by") and phase is not Phase.GATED):
        return made
    said = f"approved by {gate['by']}" if gate.get("by") else gate.get("note") or "waits for approval"
    return evolve(made, phase=Phase.GATED, message=said)
