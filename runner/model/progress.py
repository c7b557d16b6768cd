"""What a run tells while it works, and what it has to say at its end."""

from collections.abc import Mapping
from dataclasses import field

from runner.model.frozen import frozen


@frozen
class Progress:
    """Something happened to an instance, worth a line: `what` is a word of `WHAT`, `detail` is for people.

    `at` is the time of day, ISO 8601 UTC.
    """

    address: str
    what: str
    detail: str = ""
    at: str = ""


WHAT = (
    "building", "published", "sending", "accepted", "adopted", "settling", "waiting", "running", "ready", "failed",
    "stalled", "refused", "doubt", "downloading", "saved", "called", "read", "skipped", "blocked", "retrying",
    "deleted", "cancelled", "gated", "approved", "stopping", "notice",
)  # fmt: skip


@frozen
class Trouble:
    """An instance that did not get where it should, why, and what to type next. `kind`: failed, refused, stalled,
    timeout, doubt, blocked, approval, skipped, download, error."""

    address: str
    kind: str
    reason: str
    command: str = ""


@frozen
class Missing:
    """What a provider that ran out of credit did not make: `calls`, of which all but `unknown` cost `amount` of `unit`
    by their estimates. `balance` is what the account still has; None: nobody told."""

    provider: str
    calls: int
    amount: float = 0.0
    unit: str = ""
    unknown: int = 0
    balance: float | None = None


@frozen
class RunResult:
    """What a run did. `paid`: provider → (unit → amount), unit `calls` counts accepted paid calls; `done` counts
    instances that reached their end in this run, `unchanged` those that had nothing to do, `running` those still
    running when it ended. `requests` counts what was sent, by provider. `carry_on` is the command that goes on with it.
    `missing`: who ran out of credit.
    """

    troubles: tuple[Trouble, ...] = ()
    paid: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    done: int = 0
    unchanged: int = 0
    running: int = 0
    files: int = 0
    deleted: int = 0
    interrupted: bool = False
    requests: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    carry_on: str = "runner apply"
    missing: tuple[Missing, ...] = ()
