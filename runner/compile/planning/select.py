"""Which instances a plan speaks of: targets with what they need, exclusions, the first few of each job."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from runner.compile.planning.verbs import ENDED_BADLY, NOT_DONE
from runner.model.graph import Graph, Instance
from runner.model.state import State
from runner.model.wishes import Globs, Wishes

if TYPE_CHECKING:
    from runner.compile.checks.work import Work


Wanted = Callable[[Instance], bool]
"""Whether an instance is one of those that are asked for, beyond its address."""


def selected(graph: Graph, wishes: Wishes, wanted: Wanted | None = None) -> frozenset[str] | None:
    """The addresses a plan may do something to; None: all of them. What a target needs comes along."""
    if not wishes.targets and not wishes.exclude and wanted is None:
        return None
    targets, unwanted = Globs(wishes.targets), Globs(wishes.exclude)
    found: set[str] = set()
    whole_jobs: set[str] = set()
    for instance in reversed(tuple(graph)):  # what is needed stands before what needs it
        address = instance.address
        named = (not targets or address in targets) and (wanted is None or wanted(instance))
        if not (named or address in found or instance.job in whole_jobs) or address in unwanted:
            found.discard(address)
            continue
        found.add(address)
        for need in instance.needs:
            (whole_jobs if need.gather else found).add(need.target)
    return frozenset(found)


def asked_for(work: "Work", state: State, wishes: Wishes) -> Wanted | None:
    """What `--only-failed` and `--label` ask for; None where they are not given."""
    if not wishes.only_failed and not wishes.labels:
        return None
    labels = dict(wishes.labels)

    def wanted(instance: Instance) -> bool:
        held = state.instances.get(instance.address)
        if wishes.only_failed and (held is None or held.phase not in (*NOT_DONE, *ENDED_BADLY)):
            return False
        return not labels or labels.items() <= work.evaluator.labels(instance).items()

    return wanted


def unmatched(graph: Graph, patterns: Iterable[str], known: Iterable[str] = ()) -> tuple[str, ...]:
    """The patterns that name no instance and no address `known` beside the graph: most likely misspelt."""
    addresses = [*graph.instances, *known]
    return tuple(pattern for pattern in patterns if not _meets(Globs([pattern]), addresses))


def _meets(glob: Globs, addresses: Iterable[str]) -> bool:
    return any(address in glob for address in addresses)


class Limit:
    """The first `most` items of each job's `for_each` that would send something.

    An instance whose own upstream item was let through follows it without being counted: chains stay whole.
    """

    __slots__ = ("_counts", "_most", "_through")

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._counts: dict[str, int] = {}
        self._through: set[str] = set()

    def passes(self, instance: Instance) -> bool:
        """Whether this instance may send; it counts from now on."""
        if self._most is None or not instance.keys:
            return True
        if not any(need.target in self._through for need in instance.needs if not need.gather):
            count = self._counts.get(instance.job, 0)
            if count >= self._most:
                return False
            self._counts[instance.job] = count + 1
        self._through.add(instance.address)
        return True
