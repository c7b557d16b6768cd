"""The frozen types of `x-runner` that say how an API is called and how a lost answer is settled.

`lifedata` has the words (*ref*, *path*, *pointer*) and the types of resources, actions and lookups.
"""

from collections.abc import Mapping
from dataclasses import field as default
from typing import Any, Literal

from runner.model.frozen import frozen

Ref = str
JsonPath = str
Pointer = str

Send = Mapping[str, Ref | list[Any]]
"""An input's name, or a pointer into the body, to a ref or a one-item list (a constant)."""


@frozen
class Condition:
    """True when the value at `at` (or every one of the values at `all`, and there is one) is among `among`; numbers
    compare as numbers; or, with `present`, when there is a value at `at` (`present: true`) or none (`false`)."""

    at: Ref = ""
    all: JsonPath = ""
    among: tuple[Any, ...] | None = None
    present: bool | None = None


@frozen
class CallSpec:
    """A call of an operation. `send` maps an input's name, or a pointer into the body, to a ref or a one-item list
    (a constant). `many`: the pointer to a list that takes several ids at once. `media`: media type → what must stand
    in the inputs for it to be chosen (`name`, or `name=value`). `at`: the value of interest. `done`: the values of `at`
    that end a progress. `refused`: conditions under which the answer means no."""

    operation: str
    send: Send = default(default_factory=dict)
    media: Mapping[str, tuple[str, ...]] = default(default_factory=dict)
    many: Pointer = ""
    keep: tuple[str, ...] = ()
    at: Ref = ""
    done: tuple[Any, ...] = ()
    refused: tuple[Condition, ...] = ()


@frozen
class Page:
    """How a list is paged: `param` is the parameter that moves (from `first`), `size` the parameter of the page's
    length (at most `max`). It ends when a page is short or, with `end: empty`, empty; or at `total`; or without
    `next`."""

    kind: Literal["none", "page", "offset", "cursor", "link"] = "none"
    param: str = ""
    first: int = 0
    size: str = ""
    max: int = 0
    total: Ref = ""
    next: Ref = ""
    end: Literal["short", "empty"] = "short"


@frozen
class ListSpec:
    """A list operation. `whole`: somebody says that it shows everything. `lag`: how far it may run behind creates.
    `ids`: (parameter, most) that asks for exactly these. `mark`: the parameter that filters by mark."""

    name: str
    operation: str
    items: JsonPath
    id: Ref
    page: Page = Page()
    send: Send = default(default_factory=dict)
    order: Literal["newest", "oldest", "unknown"] = "unknown"
    whole: bool = False
    lag: float = 30.0
    ids: tuple[str, int] | None = None
    mark: str = ""


@frozen
class KeySpec:
    """An idempotency key: its header, its documented life (None: unknown), and what a repeat is answered with."""

    header: str
    life: float | None = None
    replay: Literal["same_answer", "refused", "unknown"] = "unknown"

    @property
    def documented(self) -> bool:
        return self.life is not None and self.replay != "unknown"


@frozen
class Limit:
    """What a reference field can hold: at most `max` characters, all matching `pattern`."""

    max: int = 256
    pattern: str = ""


@frozen
class FindSpec:
    """How a lost create is found: in `list`, by the `mark` ref of its items, which the inputs' `field` carried.
    `compare`: an input's name → the ref in the item that must agree with it."""

    list: str
    field: Pointer
    mark: Ref
    created: Ref = ""
    compare: Mapping[str, Ref] = default(default_factory=dict)
    limit: Limit = Limit()


@frozen
class WebhookDelivery:
    """A notification that carries the mark back within `window` seconds settles a lost create."""

    field: Pointer
    window: float
    limit: Limit = Limit()


@frozen
class Settle:
    """`effect`: how long after the last moment of a request its effect may still appear; `lag`: between two looks."""

    effect: float = 120.0
    lag: float = 30.0


@frozen
class Delivery:
    """What an API offers to settle a lost answer; nothing at all is the contract `none`."""

    key: KeySpec | None = None
    find: FindSpec | None = None
    webhook: WebhookDelivery | None = None
    compare: Mapping[str, Ref] = default(default_factory=dict)
    settle: Settle = Settle()

    @property
    def offers_nothing(self) -> bool:
        """Whether the contract is `none`."""
        return self.key is None and self.find is None and self.webhook is None

    @property
    def contract(self) -> str:
        """`find+key`, `find`, `key`, `webhook` or `none`."""
        held = [name for name in ("find", "key", "webhook") if getattr(self, name) is not None]
        return "+".join(held) or "none"
