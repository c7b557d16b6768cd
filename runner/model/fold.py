"""The fold: what an event makes of what was known."""

from runner.model.event import (
    Accepted,
    Doubted,
    Event,
    Finished,
    GroupIntended,
    Intended,
    Progressed,
    Received,
    Refreshed,
    Refused,
    Resolved,
    Saved,
    Saving,
    Settling,
    Withdrawn,
)
from runner.model.fold_gates import GateEvent, carried_gate, fold_gate
from runner.model.fold_groups import fold_group as fold_group
from runner.model.part import PartFinished, PartReceipt, PartState
from runner.model.shape import evolve
from runner.model.state import FileState, InstanceState, Phase
from runner.model.updates import begin_update, end_update, take_update, updating

OPEN = (Phase.UNSETTLED, Phase.DOUBT)
OUTCOMES = {"ready": Phase.READY, "failed": Phase.FAILED, "stalled": Phase.STALLED}


def fold_instance(known: InstanceState | None, event: Event, at: str) -> InstanceState | None:
    """What is known of an instance after an event about it; the same value when the event is about an older generation.

    `at` is the event's time, ISO 8601 UTC. Returns None only for an event that cannot begin a history.
    """
    if isinstance(event, Intended):
        return _intended(known, event, at)
    if isinstance(event, Received):
        return _received(known, event, at)
    if isinstance(event, Finished):
        return _finished(known, event, at)
    if isinstance(event, GateEvent):
        return fold_gate(known, event, at)
    if known is None or getattr(event, "generation", known.generation) != known.generation:
        return known
    return _changed(known, event, at)


def _intended(known: InstanceState | None, event: Intended, at: str) -> InstanceState:
    if known is not None and known.generation == event.generation and known.phase is Phase.UNSETTLED:
        # The same call is sent again: from now on time counts from this attempt, not from the one before.
        return evolve(known, intent=event, resend=False, settling_since="", since=at)
    if event.update and known is not None:
        return begin_update(known, event, at)
    kept = _kept_parts(known, event)
    return InstanceState(
        address=event.address,
        generation=event.generation,
        phase=Phase.UNSETTLED,
        uses=event.uses,
        account=event.account,
        digest=event.digest,
        inputs=event.inputs,
        mark=event.mark,
        intent=event,
        before=event.before,
        former=_former(known, event.generation),
        files=dict(known.files) if known is not None and kept else _stale(known),
        parts=kept,
        superseded=_superseded(known, event.generation),
        gate=known.gate if known is not None else None,
        since=at,
    )


def _superseded(known: InstanceState | None, generation: int) -> InstanceState | None:
    """What a new generation is to replace, kept while nobody knows whether there will be one."""
    if known is None or (known.generation == generation and known.phase in OPEN):
        return known.superseded if known is not None else None
    return known if known.id and known.generation < generation else None


def _without_effect(
    known: InstanceState, phase: Phase, message: str, at: str, unsure: bool = False
) -> InstanceState:
    """The open call made nothing. What it was to replace is there as before: whoever goes back to it pays nothing."""
    if updating(known):
        return end_update(known, phase, message, unsure)
    gate = carried_gate(known, phase)
    if known.superseded is None:
        return evolve(known, phase=phase, intent=None, message=message, gate=gate, since=at)
    word = "abandoned" if phase is Phase.ABANDONED else "not made"
    said = f"generation {known.generation} was {word}: {message}"
    if known.superseded.phase is not Phase.READY and known.superseded.message:
        said = f"{known.superseded.message}; {said}"
    return evolve(known.superseded, tried=known.generation, consented=known.digest, message=said, gate=gate)


def _kept_parts(known: InstanceState | None, event: Intended) -> tuple[PartState, ...]:
    """The parts of the former generation that this call does not make anew."""
    if known is None or not event.parts:
        return ()
    return tuple(part for part in known.parts if part.index not in event.parts)


def _former(known: InstanceState | None, generation: int) -> tuple[tuple[int, str], ...]:
    if known is None:
        return ()
    if known.id and known.generation < generation:
        return (*known.former, (known.generation, known.id))
    return known.former


def _stale(known: InstanceState | None) -> dict[str, FileState]:
    """The files of a former generation: ours to replace, and no longer what they should be."""
    if known is None:
        return {}
    return {path: evolve(file, done=False, sha256="") for path, file in known.files.items()}


def _received(known: InstanceState | None, event: Received, at: str) -> InstanceState:
    base = known
    if base is None or base.generation < event.generation:
        base = InstanceState(
            event.address,
            event.generation,
            Phase.RUNNING,
            former=_former(known, event.generation),
            files=_stale(known),
        )
    elif base.generation > event.generation:
        return base
    elif updating(base):
        return take_update(base, event, at)
    return evolve(
        base,
        phase=Phase.RUNNING,
        uses=event.uses or base.uses,
        account=event.account or base.account,
        digest=event.digest or base.digest,
        inputs=event.inputs if event.inputs is not None else base.inputs,
        id=event.id,
        how=event.how,
        status=event.status,
        message="",
        outputs=event.outputs or {},
        parts=_with_receipts(base.parts, event.parts),
        superseded=None,
        cost=event.cost,
        unit=event.unit,
        intent=None,
        settling_since="",
        resend=False,
        candidates=(),
        gate=None,
        since=at,
    )


def _with_receipts(parts: tuple[PartState, ...], receipts: tuple[PartReceipt, ...]) -> tuple[PartState, ...]:
    made = {part.index: part for part in parts}
    for one in receipts:
        made[one.index] = PartState(one.index, one.id, one.mark, one.name, status=one.status)
    return tuple(made[index] for index in sorted(made))


def _part_finished(known: InstanceState, event: PartFinished) -> InstanceState:
    made = {part.index: part for part in known.parts}
    held = made.get(event.index, PartState(event.index))
    made[event.index] = evolve(
        held,
        id=event.id or held.id,
        name=event.name or held.name,
        outcome=event.outcome,
        status=event.status,
        message=event.message,
        outputs=event.outputs or {},
    )
    return evolve(known, parts=tuple(made[index] for index in sorted(made)))


def _finished(known: InstanceState | None, event: Finished, at: str) -> InstanceState:
    base = known
    if base is None or base.generation < event.generation:
        base = InstanceState(
            event.address, event.generation, Phase.READY, former=_former(known, event.generation)
        )
    elif base.generation > event.generation:
        return base
    return evolve(
        base,
        phase=OUTCOMES[event.outcome],
        uses=event.uses or base.uses,
        digest=event.digest or base.digest,
        inputs=event.inputs if event.inputs is not None else base.inputs,
        status=event.status or base.status,
        message=event.message,
        outputs=event.outputs if event.outputs is not None else base.outputs,
        cost=event.cost if event.cost is not None else base.cost,
        unit=event.unit or base.unit,
        intent=None,
        since=at,
    )


def _changed(known: InstanceState, event: Event, at: str) -> InstanceState:
    if isinstance(event, Refused | Withdrawn | Doubted) and known.phase not in OPEN:
        return known  # the call has its outcome already; nothing said of its intent can take that back
    match event:
        case Refused():
            reason = f"{event.code}: {event.message}" if event.code else event.message
            made = _without_effect(known, Phase.REFUSED, reason, at)
            return made if made.phase is not Phase.REFUSED else evolve(made, status=str(event.status))
        case Withdrawn():
            return _without_effect(known, Phase.WITHDRAWN, event.reason, at, event.unsure)
        case Settling():
            return evolve(
                known,
                settling_since=event.since or known.settling_since,
                message=event.reason,
                intent=evolve(known.intent, accepted=True)
                if event.accepted and known.intent is not None
                else known.intent,
            )
        case Doubted():
            return evolve(
                known, phase=Phase.DOUBT, message=event.reason, candidates=event.candidates, since=at
            )
        case Resolved(how="resend"):
            if known.phase not in OPEN:
                return known
            return evolve(known, phase=Phase.UNSETTLED, resend=True, settling_since="", message="", since=at)
        case Resolved() if known.phase in OPEN:
            return _without_effect(known, Phase.ABANDONED, "abandoned by a person", at, unsure=True)
        case Progressed():
            return evolve(known, status=event.status)
        case PartFinished():
            return _part_finished(known, event)
        case Saving():
            file = FileState(event.name, event.path, event.size, event.sha256)
            return evolve(known, files={**known.files, event.path: file})
        case Saved():
            announced = known.files.get(event.path)
            if announced is None:
                return known
            file = evolve(announced, done=True, mtime_ns=event.mtime_ns)
            return evolve(known, files={**known.files, event.path: file})
        case Refreshed():
            return evolve(known, seen=event.seen, seen_outputs=event.outputs)
        case Accepted():
            return evolve(known, accepted=event.digest)
        case _:
            return known


def moved_instance(known: InstanceState, to: str) -> InstanceState:
    """The same under a new address: what is sent again or settled, and what stands again if that made nothing, too."""
    return evolve(
        known,
        address=to,
        intent=evolve(known.intent, address=to) if known.intent is not None else None,
        superseded=moved_instance(known.superseded, to) if known.superseded is not None else None,
    )


def join_group(known: InstanceState | None, group: GroupIntended, member: int, at: str) -> InstanceState:
    """What is known of a member once its group is about to be sent."""
    who = group.members[member]
    if known is not None and known.generation == who.generation and known.id:
        return known  # this row has its identity already; sending the others again does not take it away
    return InstanceState(
        address=who.address,
        generation=who.generation,
        phase=Phase.UNSETTLED,
        uses=group.uses,
        account=group.account,
        digest=who.digest,
        inputs=who.inputs,
        mark=who.name,
        group=group.address,
        former=_former(known, who.generation),
        files=_stale(known),
        superseded=_superseded(known, who.generation),
        gate=known.gate if known is not None else None,
        since=at,
    )
