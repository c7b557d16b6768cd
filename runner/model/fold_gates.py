"""The fold of what happens at approval gates."""

from runner.model.event_gates import Approved, Gated, Ungated
from runner.model.gate import Gate
from runner.model.phase import UNDER_WAY, Phase
from runner.model.shape import evolve
from runner.model.state import InstanceState

GateEvent = Gated | Approved | Ungated


def fold_gate(known: InstanceState | None, event: GateEvent, at: str) -> InstanceState | None:
    """What is known of an instance after an event at its gate: where nothing is known beside it, it stands there."""
    if isinstance(event, Ungated):
        return evolve(known, gate=None) if known is not None and known.phase is not Phase.GATED else known
    if known is None:
        uses = event.uses if isinstance(event, Gated) else ""
        return InstanceState(
            event.address, event.generation, Phase.GATED, uses=uses, gate=_gate(None, event), since=at
        )
    if known.phase in UNDER_WAY or event.generation != known.next_generation:
        return known  # about a generation that has gone its way
    uses = event.uses if isinstance(event, Gated) and known.phase is Phase.GATED else known.uses
    return evolve(known, uses=uses, gate=_gate(known.gate, event))


def _gate(held: Gate | None, event: Gated | Approved) -> Gate:
    if isinstance(event, Gated):
        return Gate(event.generation, event.digest, event.inputs, event.note)
    same = held is not None and (held.generation, held.digest) == (event.generation, event.digest)
    gate = held if held is not None and same else Gate(event.generation, event.digest)
    return evolve(gate, by=event.by, at=event.given, note="")


def carried_gate(known: InstanceState, phase: Phase) -> Gate | None:
    """The gate after a call that had no effect: its approval was not used up, and holds for the same inputs.

    A call that a person gave up may have had one: whoever wants it once more approves it once more.
    """
    if known.gate is None or phase is Phase.ABANDONED:
        return None
    return evolve(known.gate, generation=known.generation + 1)
