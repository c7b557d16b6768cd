"""What the journal records. Each kind is a frozen dataclass whose fields are JSON values.

An event about paid work names the address and the generation it is about, so that nothing recorded about an older
generation can ever be taken for news of a newer one.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from runner.model.event_base import Event as Event
from runner.model.event_gates import Approved as Approved
from runner.model.event_gates import Gated as Gated
from runner.model.event_gates import Ungated as Ungated
from runner.model.event_upkeep import Accepted as Accepted
from runner.model.event_upkeep import Deleted as Deleted
from runner.model.event_upkeep import Forgotten as Forgotten
from runner.model.event_upkeep import Moved as Moved
from runner.model.event_upkeep import Refreshed as Refreshed
from runner.model.frozen import frozen
from runner.model.http import Call
from runner.model.part import PartFinished, PartReceipt


@frozen(kw_only=True)
class RunStarted(Event):
    """A command began to work on the state. `commit` is the git commit of the manifest, when it stands in
    one; `plan` the saved plan that it carries out."""

    kind: ClassVar[str] = "run-started"
    run: str
    command: str
    version: str
    manifest: str
    holder: str
    commit: str = ""
    plan: str = ""


@frozen(kw_only=True)
class RunEnded(Event):
    """A command came to its end by itself; `exit` is its exit code."""

    kind: ClassVar[str] = "run-ended"
    run: str
    exit: int


@frozen(kw_only=True)
class Member:
    """One instance in a bulk group: its row (from 1) in the workbook and the name that row carries. `estimate` of
    `unit` is reserved from the budgets."""

    address: str
    generation: int
    name: str
    row: int
    digest: str
    inputs: Any
    estimate: float | None = None
    unit: str = ""


@frozen(kw_only=True)
class Intended(Event):
    """A call with an effect is about to be sent. Durable before its first byte leaves.

    `key` is the idempotency key. `baseline` are the ids that stood under `mark` before, `baseline_count` the length
    of the whole list then (None: not walked), `baseline_date` the server's own `Date` then. `collection` names the
    list in which the effect can be found. `estimate` is reserved from the budget. `accepted`: the API said yes, and the
    identity could not be read, so it must never be sent again; not known yet when the call is sent. `clock` is the
    moment of the intent as `engine/machine/clock.py` writes it, where the life of a key counts.

    `update` names the inputs that the call changes of what is finished; empty: it makes something. An update keeps the
    generation. `anew`: results are made anew by it; `free`: it costs nothing, whatever the thing did.
    """

    kind: ClassVar[str] = "intended"
    address: str
    generation: int
    uses: str
    operation: str
    account: str
    digest: str
    inputs: Any
    call: Call
    mark: str = ""
    minted: bool = False
    key: str = ""
    collection: str = ""
    baseline: tuple[str, ...] = ()
    baseline_count: int | None = None
    baseline_date: str = ""
    before: Mapping[str, Any] | None = None
    estimate: float | None = None
    unit: str = ""
    attempt: int = 1
    accepted: bool = False
    marks: tuple[str, ...] = ()
    parts: tuple[int, ...] = ()
    clock: str = ""
    update: tuple[str, ...] = ()
    anew: bool = False
    free: bool = False


@frozen(kw_only=True)
class GroupIntended(Event):
    """A bulk request for many instances is about to be sent; `address` is the group's own (`batch@1`)."""

    kind: ClassVar[str] = "group-intended"
    address: str
    uses: str
    operation: str
    account: str
    collection: str
    call: Call
    members: tuple[Member, ...]
    workbook: str
    baseline: Mapping[str, tuple[str, ...]]
    baseline_count: int | None = None
    baseline_date: str = ""
    attempt: int = 1
    accepted: bool = False


@frozen(kw_only=True)
class GroupReceived(Event):
    """The bulk request was accepted under `id`."""

    kind: ClassVar[str] = "group-received"
    address: str
    id: str


@frozen(kw_only=True)
class GroupClosed(Event):
    """Every member of the group has its own outcome, or the group was never sent; `reason` says which."""

    kind: ClassVar[str] = "group-closed"
    address: str
    reason: str


@frozen(kw_only=True)
class Received(Event):
    """The effect has an identity. `how`: answered, adopted, imported or resolved."""

    kind: ClassVar[str] = "received"
    address: str
    generation: int
    id: str
    how: str
    status: str = ""
    outputs: Mapping[str, Any] | None = None
    cost: float | None = None
    unit: str = ""
    uses: str = ""
    account: str = ""
    digest: str = ""
    inputs: Any = None
    parts: tuple[PartReceipt, ...] = ()


@frozen(kw_only=True)
class Refused(Event):
    """The API refused the call; nothing happened there. `status` is the HTTP status, `code` the API's own word."""

    kind: ClassVar[str] = "refused"
    address: str
    generation: int
    status: int
    code: str
    message: str


@frozen(kw_only=True)
class Withdrawn(Event):
    """An intent had no effect and is closed: never sent, or shown to be absent; `reason` says how that is known.
    `unsure`: an update that nobody wants any more, and that may have changed its inputs there all the same."""

    kind: ClassVar[str] = "withdrawn"
    address: str
    generation: int
    reason: str
    unsure: bool = False


@frozen(kw_only=True)
class Settling(Event):
    """The outcome of an intent is being looked for. `since` is the server's own `Date` from which time counts.
    `accepted`: the API said yes, and the identity could not be read."""

    kind: ClassVar[str] = "settling"
    address: str
    generation: int
    reason: str
    since: str = ""
    accepted: bool = False


@frozen(kw_only=True)
class Doubted(Event):
    """The outcome cannot be settled without a person."""

    kind: ClassVar[str] = "doubted"
    address: str
    generation: int
    reason: str
    candidates: tuple[str, ...] = ()


@frozen(kw_only=True)
class Resolved(Event):
    """A person settled a doubt: `how` is resend or abandon (adopting is a `Received`)."""

    kind: ClassVar[str] = "resolved"
    address: str
    generation: int
    how: str


@frozen(kw_only=True)
class Progressed(Event):
    """The remote status changed, and the work is still running."""

    kind: ClassVar[str] = "progressed"
    address: str
    generation: int
    status: str


@frozen(kw_only=True)
class Finished(Event):
    """The work ended there. `outcome`: ready, failed or stalled; `digest` and `inputs` stand for unpaid local work."""

    kind: ClassVar[str] = "finished"
    address: str
    generation: int
    outcome: str
    status: str = ""
    message: str = ""
    outputs: Mapping[str, Any] | None = None
    cost: float | None = None
    unit: str = ""
    uses: str = ""
    digest: str = ""
    inputs: Any = None


@frozen(kw_only=True)
class Saving(Event):
    """A download is whole in a temporary file of this size and digest, and is about to get its name."""

    kind: ClassVar[str] = "saving"
    address: str
    generation: int
    name: str
    path: str
    size: int
    sha256: str


@frozen(kw_only=True)
class Saved(Event):
    """The download stands under its name; `mtime_ns` is the file's own."""

    kind: ClassVar[str] = "saved"
    address: str
    generation: int
    path: str
    mtime_ns: int


KINDS: Mapping[str, type[Event]] = {
    made.kind: made
    for made in (
        RunStarted, RunEnded, Intended, GroupIntended, GroupReceived, GroupClosed, Received, Refused, Withdrawn,
        Settling, Doubted, Resolved, Progressed, PartFinished, Finished, Saving, Saved, Accepted, Moved,
        Refreshed, Deleted, Forgotten, Gated, Approved, Ungated,
    )
}  # fmt: skip
