"""What the journal records at approval gates."""

from typing import Any, ClassVar

from runner.model.event_base import Event
from runner.model.frozen import frozen


@frozen(kw_only=True)
class Gated(Event):
    """It has come to its gate, and nothing was sent: these are the inputs that a person is to approve. `note` says why
    an earlier approval does not count."""

    kind: ClassVar[str] = "gated"
    address: str
    generation: int
    uses: str
    digest: str
    inputs: Any
    note: str = ""


@frozen(kw_only=True)
class Approved(Event):
    """A person (`by`) approved this generation with inputs of this digest, `given` at this time (ISO 8601 UTC)."""

    kind: ClassVar[str] = "approved"
    address: str
    generation: int
    digest: str
    by: str
    given: str


@frozen(kw_only=True)
class Ungated(Event):
    """Nothing waits at the gate any more; `reason` says why."""

    kind: ClassVar[str] = "ungated"
    address: str
    reason: str
