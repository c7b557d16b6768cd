"""What the plan must know of a job, gathered once for all of its instances."""

from typing import TYPE_CHECKING, Any

from runner.api.catalogue import Catalogue
from runner.api.provider import Provider
from runner.api.vocabulary.lifedata import Action, BulkSpec, Delivery, Lookup, Resource
from runner.model.frozen import frozen
from runner.model.manifest import Job

if TYPE_CHECKING:
    from runner.compile.checks.work import Work

RESOURCE, ACTION, LOOKUP, BUILTIN = "resource", "action", "lookup", "builtin"
BUILTINS = frozenset({"workbook.file", "file.publish"})


@frozen
class JobFacts:
    """A job with what its provider document says of it. `provider` is None for what is built in."""

    job: Job
    kind: str
    provider: Provider | None = None
    provider_name: str = ""
    noun: str = ""
    paid: bool = False
    contract: str = ""
    unit: str = ""
    bulk: BulkSpec | None = None
    resource: Resource | None = None
    conditional: bool = False
    many: bool = False
    volatile: bool = False


class AllFacts(dict[str, JobFacts]):
    """Facts by job name, made when a job is first met."""

    __slots__ = ("_work",)

    def __init__(self, work: "Work") -> None:
        super().__init__()
        self._work = work

    def __missing__(self, name: str) -> JobFacts:
        manifest = self._work.manifest
        made = self[name] = _facts(manifest.jobs[name], self._work.catalogue, manifest.webhooks is not None)
        return made


def _facts(job: Job, catalogue: Catalogue, listening: bool) -> JobFacts:
    conditional = job.if_ is not True
    many = job.for_each is not None
    if job.uses in BUILTINS:
        return JobFacts(job, BUILTIN, conditional=conditional, many=many)
    use = catalogue.use(job.uses)
    if use is None:
        raise KeyError(f"{job.uses} is unknown, and was not checked")
    kind = use.kind
    about: dict[str, Any] = {
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
        return JobFacts(
            kind=ACTION, paid=kind.effect == "paid", contract=_contract(kind.delivery, listening), **about
        )
    resource: Resource = kind
    return JobFacts(
        kind=RESOURCE,
        paid=resource.effect == "paid",
        contract=_contract(resource.delivery, listening),
        unit=resource.cost.unit if resource.cost is not None else "",
        resource=resource,
        bulk=resource.bulk if job.bulk is not None else None,
        **about,
    )


def _contract(delivery: Delivery, listening: bool) -> str:
    """How a lost answer is settled; a notification settles nothing where nobody listens."""
    return "none" if delivery.contract == "webhook" and not listening else delivery.contract
