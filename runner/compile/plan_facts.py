"""What the plan must know of a job, gathered once for all of its instances."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from runner.api.lifedata import Action, BulkSpec, Lookup, Resource
from runner.model.graph import Graph, Instance
from runner.model.manifest import Job, Manifest
from runner.model.unknown import Unknown

RESOURCE, ACTION, LOOKUP, BUILTIN = "resource", "action", "lookup", "builtin"
BUILTINS = frozenset({"workbook.file", "file.publish"})

OutputsView = Callable[[str], Mapping[str, Any] | None]


class UseLike(Protocol):
    """What the plan reads of `runner.api.catalogue.Use`."""

    @property
    def provider(self) -> Any: ...
    @property
    def kind(self) -> Any: ...


class CatalogueLike(Protocol):
    """What the plan reads of `runner.api.catalogue.Catalogue`."""

    def use(self, uses: str) -> Any: ...


class EvaluatorLike(Protocol):
    """What the plan asks of `runner.compile.evaluate.Evaluator`."""

    def inputs(self, instance: Instance, outputs: OutputsView) -> Any: ...
    def condition(self, instance: Instance, outputs: OutputsView) -> bool | Unknown: ...
    def saves(
        self, instance: Instance, outputs: OutputsView, item: Any = None
    ) -> Mapping[str, tuple[str | Unknown, ...]]: ...
    def estimate(self, instance: Instance, outputs: OutputsView) -> Mapping[str, float]: ...


class WorkLike(Protocol):
    """What the plan reads of a checked manifest (`runner.compile.check.Work`)."""

    @property
    def manifest(self) -> Manifest: ...
    @property
    def graph(self) -> Graph: ...
    @property
    def catalogue(self) -> Any: ...
    @property
    def evaluator(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job with what its provider document says of it. `provider` is None for what is built in."""

    job: Job
    kind: str
    provider: Any = None
    provider_name: str = ""
    noun: str = ""
    paid: bool = False
    contract: str = ""
    unit: str = ""
    can_update: bool = False
    bulk: BulkSpec | None = None
    conditional: bool = False
    many: bool = False
    volatile: bool = False


class AllFacts(Mapping[str, JobFacts]):
    """Facts by job name, made when a job is first met."""

    def __init__(self, work: WorkLike) -> None:
        self._work = work
        self._made: dict[str, JobFacts] = {}

    def __getitem__(self, name: str) -> JobFacts:
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = _facts(self._work.manifest.jobs[name], self._work.catalogue)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._work.manifest.jobs)

    def __len__(self) -> int:
        return len(self._work.manifest.jobs)


def _facts(job: Job, catalogue: CatalogueLike) -> JobFacts:
    conditional = job.if_ is not True
    many = job.for_each is not None
    if job.uses in BUILTINS:
        return JobFacts(job, BUILTIN, conditional=conditional, many=many)
    use = catalogue.use(job.uses)
    kind = use.kind
    about = {
        "job": job,
        "provider": use.provider,
        "provider_name": job.uses.partition(".")[0],
        "noun": job.uses.partition(".")[2],
        "conditional": conditional,
        "many": many,
    }
    if isinstance(kind, Lookup):
        return JobFacts(kind=LOOKUP, volatile=kind.volatile, **about)
    if isinstance(kind, Action):
        return JobFacts(kind=ACTION, paid=kind.effect == "paid", contract=kind.delivery.contract, **about)
    resource: Resource = kind
    return JobFacts(
        kind=RESOURCE,
        paid=resource.effect == "paid",
        contract=resource.delivery.contract,
        unit=resource.cost.unit if resource.cost is not None else "",
        can_update=resource.update is not None,
        bulk=resource.bulk if job.bulk is not None else None,
        **about,
    )
