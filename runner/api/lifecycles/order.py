"""What a lifecycle is given: the wish for one effect, and a view of its surroundings without I/O."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Protocol

from runner.api.lifecycles.effects import Collection
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Action, Delivery, ErrorSpec, Identity, Repeat, Resource, Settle
from runner.model.frozen import frozen


class View(Protocol):
    """What a lifecycle may ask of its surroundings without I/O."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def owner(self, account: str, id: str, use: Use, collection: Collection | None, besides: str = "") -> str:
        """The address that the state knows this remote id of, as that of a thing of the sort that `use` makes, in
        `collection`; empty where nobody `besides` that address has it."""
        ...

    def mint(self) -> str:
        """Fresh random bits as text."""
        ...

    def stamp(self) -> str:
        """This moment as text, for `passed`, also of a later process."""
        ...

    def passed(self, stamp: str) -> float | None:
        """Seconds since a stamp, a machine's sleep included; None when they cannot be known."""
        ...


@frozen
class Target:
    """What an update changes: the thing `id`, and of it the inputs `names`. `sent` are the inputs of the call, which is
    made of them when it is sent first; `free` says that nothing is paid for a change of what was paid for."""

    id: str
    names: tuple[str, ...]
    sent: Mapping[str, Any] = field(default_factory=dict)
    free: bool = False


@frozen
class Order:
    """A wish for one effect: everything that is known before it is asked for.

    `inputs` are evaluated and plain; `digest` and `canonical` are what the journal keeps of them. `settle` is in
    seconds of this run. `consent`: things of the same given mark that exist already are nobody's business here.
    `retries` bounds safe resends. `parts` are the places to ask for (none: all). `notify` is where notifications are
    heard, and `window` how long, in seconds of this run, one is waited for. `other_bytes`: the call cannot be repeated
    byte for byte any more, so that a key that the API has seen is no reason to repeat it. `target`: what it changes,
    where it makes nothing.
    """

    address: str
    generation: int
    use: Use
    inputs: Mapping[str, Any]
    digest: str
    canonical: Any
    account: str
    settle: Settle = Settle()
    collection: Collection | None = None
    whole: bool = False
    append: bool = False
    consent: bool = False
    retries: int = 3
    estimate: float | None = None
    unit: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    parts: tuple[int, ...] = ()
    notify: str = ""
    window: float = 600.0
    other_bytes: bool = False
    target: Target | None = None

    @property
    def delivery(self) -> Delivery:
        return self.use.kind.delivery if isinstance(self.use.kind, (Resource, Action)) else Delivery()

    @property
    def identity(self) -> Identity | None:
        """Where the answer tells the effect's id; None: it has none of its own."""
        return self.use.kind.id if isinstance(self.use.kind, Resource) else None

    @property
    def repeat(self) -> Repeat:
        kind = self.use.kind
        if isinstance(kind, Resource | Action):
            return kind.repeat
        return "unsafe"

    @property
    def errors(self) -> ErrorSpec | None:
        return self.use.kind.errors if isinstance(self.use.kind, Resource) else None


@frozen
class Baseline:
    """What stood under the mark before the call; `count` None: the list was not walked. `began`: when the walk did."""

    ids: tuple[str, ...] = ()
    count: int | None = None
    date: float | None = None
    began: float | None = None
