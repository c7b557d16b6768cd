"""The plan: what will be done to each instance, why, and at what known cost."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import StrEnum

from runner.model.frozen import frozen
from runner.model.problem import Problem


class Verb(StrEnum):
    """What will be done to an instance."""

    __hash__ = str.__hash__  # an enumeration's own is Python code, and verbs are looked up for each instance

    CREATE = "create"
    ADOPT = "adopt"
    SETTLE = "settle"
    RESUME = "resume"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    CALL = "call"
    READ = "read"
    DOWNLOAD = "download"
    NONE = "none"
    SKIP = "skip"
    BLOCKED = "blocked"


SENDING = frozenset({Verb.CREATE, Verb.UPDATE, Verb.REPLACE, Verb.DELETE, Verb.CALL})
"""Verbs that send something new to an API."""

PAYING = frozenset({Verb.CREATE, Verb.UPDATE, Verb.REPLACE, Verb.CALL})
"""Verbs that may cost something."""


OUT_OF_REACH = "out-of-reach"
"""The code of the warning about a call whose outcome nobody can ask for, as its provider is named no more."""


@frozen
class FieldDiff:
    """One field of `with` (or one cell of a workbook) before and after, as people read them; None: absent."""

    field: str
    before: str | None
    after: str | None


@frozen
class Cost:
    """An amount in a provider's own unit. `estimate` is false for what the API itself told."""

    amount: float
    unit: str
    estimate: bool = True


@frozen
class Change:
    """What will be done to one instance. `sure` is false (`create?`) where only apply can decide.

    `contract` names how a lost answer is settled (`find`, `find+key`, `none`); `group` names the workbook of
    a bulk request; `command` is what to type when the change is blocked. `consent` is false for a `replace?`
    that apply must not carry out when the inputs turn out to have changed: it is blocked then, and `command`
    consents. `approval` is empty, or how the change stands to its approval gate (`runner.model.gate`), and
    `digest` that of the inputs that are to be approved, where they are known.
    `money` is the cost by the manifest's prices.
    """

    address: str
    job: str
    uses: str
    verb: Verb
    reason: str
    sure: bool = True
    paid: bool = False
    diff: tuple[FieldDiff, ...] = ()
    cost: Cost | None = None
    contract: str = ""
    generation: int = 1
    group: str = ""
    command: str = ""
    consent: bool = True
    approval: str = ""
    digest: str = ""
    money: Cost | None = None

    @property
    def spelled(self) -> str:
        return self.verb.value if self.sure else f"{self.verb.value}?"

    @property
    def in_doubt(self) -> bool:
        """Whether it is blocked because only a person can say what came of a call."""
        return self.verb is Verb.BLOCKED and self.command.startswith("runner resolve ")


@frozen
class Allowance:
    """A budget in one unit: `most`, of which `spent` and `reserved` (for calls without an outcome yet) so far.

    `provider` is empty for the budget of one run. `unpriced`: spent calls of which nobody told how much they took.
    `planned` is what this plan's calls take by their estimates, `unknown` those of them without one, `blocked` those
    for which it does not suffice.
    """

    provider: str
    unit: str
    most: float
    spent: float = 0.0
    reserved: float = 0.0
    unpriced: int = 0
    planned: float = 0.0
    unknown: int = 0
    blocked: int = 0

    @property
    def left(self) -> float:
        """What was left before this plan."""
        return max(self.most - self.spent - self.reserved, 0.0)


@frozen
class BulkRequests:
    """How many bulk requests a job makes at the most, for how many rows."""

    job: str
    rows: int
    most: int


@frozen
class Plan:
    """Changes by address in the order of the graph.

    `left` are addresses that the state knows and the manifest does not; `unsettled` those of them whose last call has
    no outcome yet, so that it is looked for and never sent again. `moved` are (former, new) addresses of what
    follows the manifest's `moved:`.
    `balances` maps a provider to what is left there, `budgets` are what the manifest allows; `warnings` do not stop a
    run.
    """

    manifest: str
    changes: Mapping[str, Change]
    left: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    bulk: tuple[BulkRequests, ...] = ()
    balances: Mapping[str, Cost] = field(default_factory=dict)
    budgets: tuple[Allowance, ...] = ()
    warnings: tuple[Problem, ...] = ()
    offline: bool = False

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes.values())

    def counts(self) -> Counter[Verb]:
        """How many instances get each verb."""
        return Counter(change.verb for change in self)

    @property
    def empty(self) -> bool:
        """Whether apply would do nothing at all."""
        return not self.unsettled and all(change.verb in (Verb.NONE, Verb.SKIP) for change in self)

    @property
    def idle(self) -> bool:
        """Whether apply would ask nobody for anything: all that is left to say is what is blocked."""
        idle = (Verb.NONE, Verb.SKIP, Verb.BLOCKED)
        return not self.unsettled and all(change.verb in idle for change in self)
