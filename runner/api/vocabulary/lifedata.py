"""The frozen types of `x-runner`: what a provider document says of the life of its resources.

`schemas/x-runner.schema.json` is the source of their shape; `xrunner.py` makes them of a document.
Words used below: a *ref* is a location (`$response.body#/id`, `$item#/name`, `$request.path.id`, `$auth.token`), a
*path* an RFC 9535 JSONPath (`$[*].id`), a *pointer* an RFC 6901 JSON Pointer into the call's inputs. Times are seconds.
"""

from collections.abc import Mapping
from dataclasses import field as default
from typing import Any, Literal

from runner.api.vocabulary.calldata import (
    CallSpec as CallSpec,
)
from runner.api.vocabulary.calldata import (
    Condition as Condition,
)
from runner.api.vocabulary.calldata import (
    Delivery as Delivery,
)
from runner.api.vocabulary.calldata import (
    FindSpec as FindSpec,
)
from runner.api.vocabulary.calldata import (
    JsonPath as JsonPath,
)
from runner.api.vocabulary.calldata import (
    KeySpec as KeySpec,
)
from runner.api.vocabulary.calldata import (
    Limit as Limit,
)
from runner.api.vocabulary.calldata import (
    ListSpec as ListSpec,
)
from runner.api.vocabulary.calldata import (
    Page as Page,
)
from runner.api.vocabulary.calldata import (
    Pointer as Pointer,
)
from runner.api.vocabulary.calldata import (
    Ref as Ref,
)
from runner.api.vocabulary.calldata import (
    Send as Send,
)
from runner.api.vocabulary.calldata import (
    Settle as Settle,
)
from runner.api.vocabulary.calldata import (
    WebhookDelivery as WebhookDelivery,
)
from runner.model.frozen import frozen

Effect = Literal["paid", "free", "none"]
Repeat = Literal["safe", "unsafe"]


@frozen
class StatusSpec:
    """Where the status stands and which conditions mean ready or failed; all else is running. `looks_failed`: words
    that only a client guessed; `fold`: compare without case."""

    at: Ref
    ready: tuple[Condition, ...]
    failed: tuple[Condition, ...] = ()
    looks_failed: tuple[str, ...] = ()
    part: Ref = ""
    fold: bool = False
    message: Ref = ""


@frozen
class Wait:
    """How the end is waited for: by `list` where it shows the status, polled between `every` seconds (least, most);
    `until` is the API's own estimate."""

    list: str = ""
    every: tuple[float, float] = (15.0, 600.0)
    until: Ref = ""


@frozen
class Download:
    """A file among the results: a URL in the answer, or an operation that returns it. `accept` maps a file's ending
    to a media type. `each`: one per part, or per value of a path; `where`: field → allowed values."""

    name: str
    url: Ref = ""
    base: str = ""
    auth: bool = False
    each: str = ""
    where: Mapping[str, tuple[Any, ...]] = default(default_factory=dict)
    operation: str = ""
    send: Send = default(default_factory=dict)
    accept: Mapping[str, str] = default(default_factory=dict)
    file_name: Ref = ""


@frozen
class Identity:
    """Where the id stands in the answer; `match` is a regular expression whose first group is the id."""

    at: Ref
    match: str = ""


@frozen
class Parts:
    """One request that makes many marked results."""

    request: Pointer
    response: JsonPath
    id: Ref
    name: Ref = ""
    read: CallSpec | None = None


@frozen
class Fresh:
    """An old `ready` is believed once one of the fields `differs` from what `before` kept, within so many seconds."""

    differs: tuple[str, ...]
    within: float


@frozen
class UpdateTerms:
    """What the call that changes a finished thing costs and takes. `repeat` None: a free one is safe. `takes`: the
    resource's inputs that it can change (empty: those that its operation has in common with create's). With `fresh` the
    results are made anew."""

    effect: Effect = "paid"
    repeat: Repeat | None = None
    takes: tuple[str, ...] = ()
    fresh: Fresh | None = None


@frozen
class WebhookSpec:
    """The field that takes our URL, what else to set, and where a notification carries the id and the mark."""

    field: Pointer
    set: Mapping[str, Any] = default(default_factory=dict)
    id: Ref = ""
    mark: Ref = ""


@frozen
class CostSpec:
    """`paid`: where the answer tells the price, in `unit`; `on`: which answer.
    `balance`: the call that tells what is left."""

    unit: str
    paid: Ref = ""
    balance: CallSpec | None = None
    estimate: Ref = ""
    on: Literal["create", "read"] = "create"


@frozen
class BulkRows:
    """The pages of a bulk request's rows, with each row's name and message."""

    list: ListSpec
    name: Ref
    message: Ref = ""


@frozen
class BulkSpec:
    """Many creates as rows of one workbook. `field`: the pointer of the workbook's URL in the inputs of `operation`;
    `same`: inputs that all rows of one workbook share, and that go into the request; `receipt`: the request's id;
    `progress`: the call that tells how far it is, ended when the value of its `at` is in `done`."""

    strategy: str
    operation: str
    template: str
    field: Pointer
    size: int
    same: tuple[str, ...] = ()
    receipt: Ref = ""
    progress: CallSpec | None = None
    rows: BulkRows | None = None
    settle: Settle = Settle(900.0, 30.0)


@frozen
class ErrorSpec:
    """How the API tells errors: conditions for a refusal and for being out of credit, where its code and message stand,
    statuses that are safe to repeat, and a sentence of help by code."""

    refused: tuple[Condition, ...] = ()
    out_of_credit: tuple[Condition, ...] = ()
    code: Ref = ""
    message: Ref = ""
    safe: tuple[int, ...] = ()
    help: Mapping[str, str] = default(default_factory=dict)


@frozen
class Resource:
    """A thing that a provider creates."""

    name: str
    effect: Effect
    repeat: Repeat = "unsafe"
    create: CallSpec | None = None
    read: CallSpec | None = None
    update: CallSpec | None = None
    update_terms: UpdateTerms = UpdateTerms()
    delete: CallSpec | None = None
    cancel: CallSpec | None = None
    before: CallSpec | None = None
    validate: CallSpec | None = None
    body: Ref = ""
    id: Identity | None = None
    of: str = ""
    exclusive: tuple[Ref, ...] = ()
    fresh: Fresh | None = None
    parts: Parts | None = None
    status: StatusSpec | None = None
    delivery: Delivery = Delivery()
    wait: Wait = Wait()
    webhook: WebhookSpec | None = None
    downloads: Mapping[str, Download] = default(default_factory=dict)
    outputs: Mapping[str, Any] = default(default_factory=dict)
    cost: CostSpec | None = None
    bulk: BulkSpec | None = None
    errors: ErrorSpec | None = None


@frozen
class Action:
    """A one-shot call."""

    name: str
    call: CallSpec
    effect: Effect = "paid"
    repeat: Repeat = "unsafe"
    strategy: str = ""
    delivery: Delivery = Delivery()
    outputs: Mapping[str, Any] = default(default_factory=dict)


@frozen
class Lookup:
    """A read-only call. `list`: a list of the provider, read whole; `volatile`: never pinned."""

    name: str
    call: CallSpec | None = None
    list: str = ""
    items: JsonPath = ""
    page: Page = Page()
    volatile: bool = False
    outputs: Mapping[str, Any] = default(default_factory=dict)


@frozen
class SessionSpec:
    """A login whose answer gives what later calls carry. `keep`: name → ref; `life` None: until one of `renew_on`."""

    login: CallSpec
    refresh: CallSpec | None = None
    keep: Mapping[str, Ref] = default(default_factory=dict)
    cookies: tuple[str, ...] = ()
    life: float | None = None
    renew_on: tuple[int, ...] = (401,)


@frozen
class AuthScheme:
    """Chosen by the credentials `needs`. `headers` and `query` hold texts with `{auth.x}` and `{session.x}`."""

    needs: tuple[str, ...]
    headers: Mapping[str, str] = default(default_factory=dict)
    query: Mapping[str, str] = default(default_factory=dict)
    session: SessionSpec | None = None
