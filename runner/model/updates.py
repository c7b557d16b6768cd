"""The fold of updates: the digest of a finished thing moves when the update is confirmed, and its number never does."""

from collections.abc import Mapping

from runner.model.event import Intended, Received
from runner.model.shape import evolve
from runner.model.state import InstanceState, Phase

UNSURE = "unsure"
"""The digest of what an update may have changed or not: no inputs have it."""


def begin_update(known: InstanceState, event: Intended, at: str) -> InstanceState:
    """An update is about to be sent. What stood there before stands again if it had no effect."""
    files = known.files
    if event.anew:
        files = {path: evolve(file, done=False, sha256="") for path, file in files.items()}
    return evolve(
        known,
        phase=Phase.UNSETTLED,
        account=event.account,
        digest=event.digest,
        inputs=event.inputs,
        message="",
        intent=event,
        before=event.before,
        settling_since="",
        resend=False,
        candidates=(),
        files=files,
        accepted="",
        since=at,
        seen="",
        seen_outputs=None,
        superseded=known,
        updated=event.update,
    )


def updating(known: InstanceState) -> bool:
    """Whether the open call of an instance is an update."""
    return known.intent is not None and bool(known.intent.update) and known.superseded is not None


def take_update(known: InstanceState, event: Received, at: str) -> InstanceState:
    """The update was accepted. Its price comes on top of what the thing has cost."""
    own = known.cost
    cost = own if event.cost is None else event.cost + (own or 0.0)
    moved = bool(event.id) and event.id != known.id
    return evolve(
        known,
        phase=Phase.RUNNING,
        id=event.id or known.id,
        former=(*known.former, (known.generation, known.id)) if moved else known.former,
        status=event.status or known.status,
        message="",
        outputs={**known.outputs, **(event.outputs or {})},
        superseded=None,
        cost=cost,
        unit=event.unit or known.unit,
        intent=None,
        settling_since="",
        resend=False,
        candidates=(),
        gate=None,
        since=at,
    )


def end_update(known: InstanceState, phase: Phase, message: str, unsure: bool) -> InstanceState:
    """The update was not made: all is as before. Where that is not sure, what it was to change counts as unknown; so it
    does where the call was sent more than once, as its end tells of the last one alone."""
    held = known.superseded
    assert held is not None
    assert known.intent is not None
    said = f"it was not updated: {message}"
    if phase is Phase.ABANDONED:
        held = evolve(
            held, gate=None
        )  # an update that was given up may have been made: that needs another approval
    if not unsure and known.intent.attempt == 1:
        return evolve(held, message=said)
    inputs = held.inputs if isinstance(held.inputs, Mapping) else {}
    left = {name: value for name, value in inputs.items() if name not in known.intent.update}
    return evolve(held, message=said, digest=UNSURE, inputs=left)
