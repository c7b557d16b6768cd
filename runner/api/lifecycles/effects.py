"""What a lifecycle asks of whoever drives it, and what it is told in return.

A lifecycle is a generator without I/O. It yields one of

- `Record`: events that must be durable before any intent that comes after them; it is sent None.
- `Request`: a call; it is sent the `Reply`. With `intent`, that event is made durable after the call's slot, rate
  token and budget are in hand and before its first byte leaves, so that a crash leaves at most as many unsettled
  calls as there are slots. With `walked`, it is sent `OUTDATED` instead, and nothing leaves, when that walk is older
  than BASELINE_AGE by the time the slot is in hand.
- `Walk`: a whole list; it is sent a `Walked`, or the `Reply` that ended the walk. One walk serves all who ask.
- `Hear`: a notification; it is sent the id that it names.
- `Until`: a moment on the monotonic clock; it is sent None when that moment has come. Nothing is held meanwhile.

and returns an `Outcome`.
"""

from collections.abc import Generator, Mapping
from dataclasses import field
from enum import Enum
from typing import Any, Literal

from runner.model.event import Event
from runner.model.frozen import frozen
from runner.model.http import Call, Reply
from runner.model.observation import Remote

BASELINE_AGE = 60.0
"""A walk no older than this, in seconds, may serve as a baseline when the request leaves."""


class Outdated(Enum):
    """What a request is answered whose baseline has become too old while it waited for its turn: nothing left."""

    OUTDATED = "outdated"


OUTDATED = Outdated.OUTDATED


@frozen
class Record:
    """Put these events into the journal, in their order."""

    events: tuple[Event, ...]


@frozen
class Request:
    """Send a call. `fresh`: on a connection of its own, never an idle one. `walked`: when the walk began (monotonic)
    that its intent is built on. `first`: before others who wait for a slot there."""

    call: Call
    intent: Event | None = None
    fresh: bool = False
    walked: float | None = None
    first: bool = False


@frozen
class Collection:
    """A list of one account with its evaluated parameters; `key` names it in the journal, `mark` is the ref of an
    item's mark (empty where the list shows none)."""

    provider: str
    list: str
    inputs: tuple[tuple[str, Any], ...]
    key: str
    mark: str = ""


@frozen
class Walk:
    """Read a list to its end. A walk that began at or after `since` (monotonic seconds) will do; `since` in the past
    lets one walk serve many. `first`: its pages come before others who wait for a slot there. `whole`: a walk that is
    short will not do, unless the next one shows the very same."""

    collection: Collection
    since: float
    first: bool = False
    whole: bool = False


@frozen
class Walked:
    """A whole list. `began` is monotonic, right before its first page was asked for; `date` the server's own `Date` on
    that page (seconds since 1970, or None), `by_mark` holds the items under their folded marks, where the list has a
    mark, and `alike` under what is left of these in whatever form they stand there. `told` is how many items the first
    page said that there are, None where an API does not tell. `cut`: its last page named a further one, which the
    document knows no way to ask for. `age`: seconds that a cache on the way has held a page of it."""

    items: Mapping[str, Remote]
    by_mark: Mapping[str, tuple[Remote, ...]]
    began: float
    date: float | None = None
    told: int | None = None
    cut: bool = False
    alike: Mapping[str, tuple[Remote, ...]] = field(default_factory=dict)
    age: float = 0.0

    @property
    def shown_at(self) -> float:
        """The monotonic moment that it shows, at the latest."""
        return self.began - self.age

    @property
    def count(self) -> int:
        return len(self.items)

    @property
    def lossy(self) -> bool:
        """Whether it showed fewer items than it told of: some were lost between its pages."""
        return self.told is not None and self.count < self.told

    @property
    def short(self) -> bool:
        """Whether it says itself that there is more than it showed."""
        return self.cut or self.lossy

    @property
    def shortfall(self) -> str:
        """In what it is short, in words."""
        if self.lossy:
            return f"the list tells of {self.told} and shows {self.count}"
        return "the list goes on on pages that its document knows no way to ask for"


@frozen
class Until:
    """Wait for a moment on the monotonic clock; `reason` is for people, `what` the word of progress for it (empty: it
    was told already)."""

    moment: float
    reason: str
    what: str = "settling"


@frozen
class Hear:
    """Wait until a provider's notification carries `mark`, or until a moment; it is sent the id that was named, or an
    empty text."""

    provider: str
    mark: str
    until: float


OutcomeKind = Literal["received", "refused", "withdrawn", "blocked", "doubt", "failed", "waiting"]


@frozen
class Outcome:
    """How a lifecycle ended. `received`: the effect has the identity `id`; `refused`, `withdrawn`: it does not exist;
    `blocked`: it must not be sent; `doubt`: a person must say; `failed`: retries are used up, nothing is there;
    `waiting`: this run does not wait for it.

    `stop_provider`: nothing more may go to this provider in this run, and why. `close_provider`: nothing new may be
    sent there, as there is no credit left, and why; what runs there already is still waited for; `balance` is what
    the account still has, where it told.
    """

    kind: OutcomeKind
    reason: str = ""
    id: str = ""
    status: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    stop_provider: str = ""
    close_provider: str = ""
    balance: float | None = None


Effect = Record | Request | Walk | Until | Hear
Lifecycle = Generator[Effect, Any, Outcome]
__all__ = [
    "BASELINE_AGE",
    "OUTDATED",
    "Collection",
    "Effect",
    "Hear",
    "Lifecycle",
    "Outcome",
    "Outdated",
    "Record",
    "Reply",
    "Request",
    "Until",
    "Walk",
    "Walked",
]
