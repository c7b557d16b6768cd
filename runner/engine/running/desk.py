"""What all parts of one run share: the work, the plan, the journal, the accounts, and the tally of what was done."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from runner.api.lifecycles.collecting import collection_of
from runner.api.lifecycles.effects import Collection
from runner.api.lifecycles.marks import mint_bits
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Action, CostSpec, Resource, Settle
from runner.compile.checks.work import Work
from runner.compile.expressions.scope import ABSENT, PartialOutputs
from runner.engine.machine import clock
from runner.engine.machine.daytime import now_text
from runner.engine.state.journal import Journal
from runner.engine.wire.accounts import Account
from runner.engine.wire.bucket_links import links_of
from runner.engine.wire.transport import Transport
from runner.engine.wire.walks import Walks
from runner.model.manifest import Job
from runner.model.plan import Change, Plan
from runner.model.progress import Progress, RunResult, Trouble
from runner.model.state import InstanceState, Phase
from runner.model.wishes import Wishes

SEEN_PHASES = (Phase.RUNNING, Phase.READY, Phase.FAILED, Phase.STALLED)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run is to go. Times are seconds; `speed` divides polls, settle delays and `bulk.wait` (the sandbox's time
    runs faster). `probe` is false where the network must not be asked beyond the providers."""

    wishes: Wishes = field(default_factory=Wishes)
    command: str = "apply"
    no_wait: bool = False
    max_time: float | None = None
    lock_timeout: float = 0.0
    overwrite: bool = False
    speed: float = 1.0
    loopback_only: bool = False
    listen: str = ""
    public_url: str = ""
    parallelism: int | None = None


class Listener(Protocol):
    """Whoever hears notifications."""

    def url(self, provider: str) -> str:
        """Where a provider is to send them."""
        ...


class Tally:
    """Counts for the end of the run. `credit`: providers that ran out of it, and what they said is left."""

    def __init__(self) -> None:
        self.troubles: list[Trouble] = []
        self.paid: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self.done = self.unchanged = self.files = 0
        self.running: set[str] = set()
        self.credit: dict[str, float | None] = {}
        self.began = time.monotonic()

    def result(self, interrupted: bool, accounts: Mapping[str, Account]) -> RunResult:
        """The whole as a value."""
        return RunResult(
            troubles=tuple(self.troubles),
            paid={provider: dict(units) for provider, units in self.paid.items()},
            done=self.done,
            unchanged=self.unchanged,
            running=len(self.running),
            files=self.files,
            interrupted=interrupted,
            requests={name: account.requests for name, account in accounts.items()},
            seconds=time.monotonic() - self.began,
        )


class Desk:
    """Shared by the parts of a run. It is a `View` for lifecycles and the `OutputsView` for expressions."""

    def __init__(
        self,
        work: Work,
        plan: Plan,
        journal: Journal,
        options: RunOptions,
        report: Callable[[Progress], None],
    ) -> None:
        self.work = work
        self.plan = plan
        self.journal = journal
        self.options = options
        self.tally = Tally()
        self.transport = Transport(guard=journal.ensure_held)
        self.accounts = Accounts(
            work, self.transport, lambda name, text: self.tell(name, "notice", text), options.parallelism
        )
        self.walks = Walks(self.accounts)
        self.known: dict[str, Mapping[str, Any]] = {}
        self.absent: set[str] = set()
        self.updated: set[str] = set()
        self.receiver: Listener | None = None
        self._report = report

    @property
    def folder(self) -> Path:
        """The folder that downloads are saved below."""
        return out_folder(self.work)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def owner(self, account: str, id: str, use: Use, collection: Collection | None, besides: str = "") -> str:
        journal = self.journal
        return journal.owned.owner(self.work, journal.instances, (account, id), use, collection, besides)

    def mint(self) -> str:
        return mint_bits()

    def stamp(self) -> str:
        return clock.stamp(self.journal.run)

    def passed(self, stamp: str) -> float | None:
        return clock.passed(stamp, self.journal.run)

    def outputs(self, address: str) -> Mapping[str, Any] | None:
        """What expressions see of an instance: what is known of the generation that this run wants."""
        known = self.known.get(address)
        if known is not None:
            return known
        if address in self.absent:
            return ABSENT
        state = self.journal.instances.get(address)
        if state is None or state.phase not in SEEN_PHASES:
            return None
        change = self.plan.changes.get(address)
        if change is not None and state.generation < change.generation and address not in self.updated:
            return None
        return PartialOutputs(state.outputs) if state.phase is Phase.RUNNING else state.outputs

    def tell(self, address: str, what: str, detail: str = "") -> None:
        """Report progress."""
        self._report(Progress(address, what, detail, now_text()))

    def trouble(self, address: str, kind: str, reason: str, command: str = "") -> None:
        """Note what went wrong for one instance, and report it."""
        self.tally.troubles.append(Trouble(address, kind, reason, command))
        words = {
            "failed": "failed",
            "refused": "refused",
            "stalled": "stalled",
            "doubt": "doubt",
            "blocked": "blocked",
        }
        self.tell(address, words.get(kind, "notice"), reason)

    def change(self, address: str) -> Change:
        return self.plan.changes[address]

    def job(self, address: str) -> Job:
        return self.work.manifest.jobs[self.work.graph.instances[address].job]

    def use(self, uses: str) -> Use:
        """The provider's description of a resource, action or lookup that the manifest was checked against."""
        found = self.work.catalogue.use(uses)
        assert found is not None
        return found

    def reaches(self, uses: str) -> bool:
        """Whether the manifest still names the provider of what an earlier run began."""
        return uses.partition(".")[0] in self.work.settings and self.work.catalogue.use(uses) is not None

    def is_paid(self, uses: str) -> bool:
        """Whether an instance of this use costs anything."""
        use = self.work.catalogue.use(uses)
        return use is not None and isinstance(use.kind, Resource | Action) and use.kind.effect == "paid"

    def cost_spec(self, uses: str) -> CostSpec | None:
        """What the document says of the price of a use, where it says anything."""
        use = self.work.catalogue.use(uses)
        return use.kind.cost if use is not None and isinstance(use.kind, Resource) else None

    def state(self, address: str) -> InstanceState | None:
        return self.journal.instances.get(address)

    def settle_times(self, provider: str, default: Settle) -> Settle:
        """The user's own settling times, else the document's, in seconds of this run."""
        own = self.work.settings[provider].settle
        speed = self.options.speed
        effect = own.effect if own.effect is not None else default.effect / speed
        lag = own.lag if own.lag is not None else default.lag / speed
        return Settle(effect, lag)

    def notify_url(self, use: Use) -> str:
        """Where notifications of this provider are heard; empty while nobody listens."""
        return self.receiver.url(use.provider.name) if self.receiver is not None else ""

    def collection(self, use: Use, inputs: Mapping[str, Any]) -> Collection | None:
        """The list in which a lost effect of this use can be found."""
        kind = use.kind
        if not isinstance(kind, Resource) or kind.delivery.find is None:
            return None
        find = kind.delivery.find
        account = self.accounts[use.provider.name]
        return collection_of(use.provider, account.key, find.list, inputs, find.mark)


def out_folder(work: Work) -> Path:
    """Where files are saved: beside the manifest, unless `--out-dir` says otherwise."""
    return work.surroundings.out_dir or work.manifest.folder


class Accounts(dict[str, Account]):
    """The accounts by provider, opened when a provider is first spoken to."""

    def __init__(
        self,
        work: Work,
        transport: Transport,
        notice: Callable[[str, str], None] = lambda provider, text: None,
        parallelism: int | None = None,
    ) -> None:
        """`parallelism`: at most so many calls at once over all providers; None: as many as each of them allows."""
        super().__init__()
        self._together = asyncio.Semaphore(parallelism) if parallelism is not None else None
        self._notice = notice
        self._work = work
        self._transport = transport
        self._closed = ""
        self.links = links_of(work.publish)

    def close_all(self, reason: str) -> None:
        """Let no further call with an effect go anywhere; what runs is still waited for."""
        self._closed = self._closed or reason
        for account in self.values():
            account.close(reason)

    def __missing__(self, name: str) -> Account:
        provider, settings = self._work.catalogue.provider(name), self._work.settings[name]
        account = Account(provider, settings, self._transport, self._notice, self._together)
        account.closed, account.links = self._closed, self.links
        self[name] = account
        return account
