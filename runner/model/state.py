"""The state: what is known to be paid for and where it stands; the fold of the journal."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from runner.model.event import GroupIntended, Intended
from runner.model.frozen import frozen
from runner.model.gate import Gate
from runner.model.part import PartState
from runner.model.phase import UNDER_WAY
from runner.model.phase import Phase as Phase


@frozen
class FileState:
    """A downloaded file. `path` is as `save` wrote it; `done` is false between its digest and its name."""

    name: str
    path: str
    size: int
    sha256: str
    done: bool = False
    mtime_ns: int = 0


@frozen
class InstanceState:
    """What is known of one instance. `inputs` is the canonical `with` that `digest` was made of.

    `intent` is open while `phase` is unsettled or doubt. `accepted` is a digest that a person let stand instead of
    `digest`. `before` is what a document's `before` call kept. `former` are (generation, id) of superseded generations.
    `superseded` is what stood there before the open intent, and stands again when the intent had no effect; `tried` is
    then the number of the generation that was not made, and `consented` its digest. `since` is the time of the phase,
    ISO 8601 UTC.
    `gate` is the approval gate before its next generation; the call of that generation takes it along until it has had
    an effect.
    `updated` are the inputs that its last call changed, when that was an update.
    `seen` is what the last refresh saw of it (there, failed, gone; empty: none did), `seen_outputs` what differed then.
    """

    address: str
    generation: int
    phase: Phase
    uses: str = ""
    account: str = ""
    digest: str = ""
    inputs: Any = None
    id: str = ""
    status: str = ""
    message: str = ""
    how: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    cost: float | None = None
    unit: str = ""
    mark: str = ""
    group: str = ""
    intent: Intended | None = None
    before: Mapping[str, Any] | None = None
    settling_since: str = ""
    resend: bool = False
    candidates: tuple[str, ...] = ()
    files: Mapping[str, FileState] = field(default_factory=dict)
    accepted: str = ""
    former: tuple[tuple[int, str], ...] = ()
    since: str = ""
    parts: tuple[PartState, ...] = ()
    seen: str = ""
    seen_outputs: Mapping[str, Any] | None = None
    superseded: "InstanceState | None" = None
    tried: int = 0
    consented: str = ""
    gate: Gate | None = None
    updated: tuple[str, ...] = ()

    @property
    def next_generation(self) -> int:
        """The number of a generation that would be made now; none is used twice."""
        if self.phase is Phase.GATED:
            return self.generation
        return max(self.generation, self.tried) + 1

    @property
    def standing(self) -> Phase:
        """Where it stands for those who look: at a gate also where an earlier generation has ended."""
        waits = self.gate is not None and not self.gate.by and self.phase not in UNDER_WAY
        return Phase.GATED if waits else self.phase

    @property
    def ids(self) -> tuple[str, ...]:
        """Every remote id that this instance stands for or stood for, parts and former generations among them."""
        own = [part.id for part in self.parts] or [self.id]
        former = [id for _, ids in self.former for id in ids.split(",")]
        return tuple(id for id in (self.id, *own, *former) if id)

    @property
    def owns_remote(self) -> bool:
        """Whether something exists there, or may, that this instance stands for."""
        return bool(self.id) or self.phase in (Phase.UNSETTLED, Phase.DOUBT)


@frozen
class GroupState:
    """A bulk request. `id` is empty while its answer is not known; a closed group is history."""

    address: str
    intent: GroupIntended
    id: str = ""
    settling_since: str = ""
    doubt: str = ""
    closed: bool = False


@frozen
class State:
    """Everything known, by address. `sequence` is the number of the last event folded in."""

    name: str = ""
    lineage: str = ""
    sequence: int = 0
    instances: Mapping[str, InstanceState] = field(default_factory=dict)
    groups: Mapping[str, GroupState] = field(default_factory=dict)
