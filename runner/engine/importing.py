"""Import: what exists remotely already becomes known to the state, by its name or by its id. It only reads there."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import field, replace

from runner.api.lifecycles.concluding import differing
from runner.api.messages.reading import Reading, read_item
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Resource
from runner.compile.checks.work import Work
from runner.compile.planning.canonical import canonical
from runner.engine.machine.daytime import now_text
from runner.engine.observe import known_outputs
from runner.engine.refreshing import read_one
from runner.engine.run import Session, make_plan, run_started
from runner.engine.running.desk import Accounts
from runner.engine.wire.transport import Transport
from runner.model.errors import RunnerError, WrongUsage
from runner.model.event import Received
from runner.model.frozen import frozen
from runner.model.observation import Observations, Remote
from runner.model.progress import Progress
from runner.model.state import InstanceState, Phase
from runner.model.unknown import contains_unknown
from runner.model.wishes import Globs


@frozen
class Imported:
    """`taken`: address → id of what is known now. `unclear`: address → the ids among which only a person can choose.
    `others`: address → what is not there as the manifest has it, of things that carry its name alone."""

    taken: Mapping[str, str] = field(default_factory=dict)
    unclear: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    others: Mapping[str, list[str]] = field(default_factory=dict)


def import_named(session: Session, match: str, report: Callable[[Progress], None]) -> Imported:
    """Take over what carries the very name that the manifest gives, exactly once and for one instance alone.

    Raises WrongUsage when `match` names no instance.
    """
    globs = Globs([match])
    if not any(address in globs for address in session.work.graph.instances):
        raise WrongUsage(f"`--match {match}` names no instance", "`runner plan --verbose` lists all")
    plan, observed = make_plan(session.work, session.state, session.options)
    claims = Counter(
        (_provider(plan.changes[address].uses), one.id)
        for address, there in observed.remotes.items()
        for one in there
    )
    taken: list[Received] = []
    unclear: dict[str, tuple[str, ...]] = {}
    others: dict[str, list[str]] = {}
    for address, there in observed.remotes.items():
        if address not in globs:
            continue
        provider = _provider(plan.changes[address].uses)
        if len(there) > 1 or claims[provider, there[0].id] > 1:
            unclear[address] = tuple(one.id for one in there)
            continue
        use = _resource(session.work, address)
        inputs = _inputs(session, address, observed)
        if isinstance(inputs, Mapping) and (found := _differing(use, there[0], inputs)):
            unclear[address], others[address] = (there[0].id,), found
            continue
        reading = read_item(use, there[0].id, there[0].item)
        taken.append(_received(session, address, use, there[0].id, reading, observed))
    return replace(_record(session, taken, unclear, report), others=others)


def _differing(use: Use, there: Remote, inputs: Mapping[str, object]) -> list[str]:
    assert isinstance(use.kind, Resource)
    known = {name: value for name, value in inputs.items() if not contains_unknown(value)}
    return differing(use.kind.delivery, there.item, known)


def import_one(session: Session, address: str, id: str, report: Callable[[Progress], None]) -> Imported:
    """Take over the thing with this id, whatever its name is, when the API shows it.

    Raises WrongUsage where the address or the id stands for something already, or nothing is there under the id.
    """
    work = session.work
    if address not in work.graph.instances:
        raise WrongUsage(
            f"no instance is called {address}", "`--id` goes with one address, as in --match dub/ep01"
        )
    use = _resource(work, address)
    _ensure_free(session.state.instances, address, use, id)
    _, observed = make_plan(work, session.state, session.options)
    reading = asyncio.run(_read(session, address, use, id, observed))
    return _record(session, [_received(session, address, use, id, reading, observed)], {}, report)


def _ensure_free(instances: Mapping[str, InstanceState], address: str, use: Use, id: str) -> None:
    held = instances.get(address)
    if held is not None and held.phase in (Phase.UNSETTLED, Phase.DOUBT):
        raise WrongUsage(
            f"{address} has a call whose outcome is not known", f"runner resolve {address} --adopt {id}"
        )
    if held is not None and held.id and held.phase in (Phase.RUNNING, Phase.READY):
        raise WrongUsage(f"{address} stands for {held.id} already", f"runner state rm {address}")
    provider = use.provider.name
    for one in instances.values():
        if id in one.ids and _provider(one.uses) == provider:
            raise WrongUsage(
                f"{id} belongs to {one.address} here", f"runner state mv {one.address} {address}"
            )


async def _read(session: Session, address: str, use: Use, id: str, observed: Observations) -> Reading:
    listed: Remote | None = next((one for one in observed.remotes.get(address, ()) if one.id == id), None)
    if listed is not None:
        return read_item(use, id, listed.item)
    inputs = _inputs(session, address, observed)
    transport = Transport()
    try:
        account = Accounts(session.work, transport)[use.provider.name]
        reading = await read_one(account, use, id, inputs if isinstance(inputs, Mapping) else {})
    finally:
        await transport.close()
    if reading is None:
        raise WrongUsage(f"{use.provider.name} shows no {use.name} {id}", "look at the provider's own pages")
    if isinstance(reading, str):
        raise RunnerError(f"{id} could not be looked at: {reading}", "try again later")
    return reading


def _record(
    session: Session,
    taken: list[Received],
    unclear: Mapping[str, tuple[str, ...]],
    report: Callable[[Progress], None],
) -> Imported:
    if taken:
        session.journal.record_now(run_started(session), *taken)
    for event in taken:
        report(Progress(event.address, "adopted", event.id, now_text()))
    return Imported({event.address: event.id for event in taken}, unclear)


def _received(
    session: Session, address: str, use: Use, id: str, reading: Reading, observed: Observations
) -> Received:
    inputs = _inputs(session, address, observed)
    made = canonical(use.uses, inputs) if not contains_unknown(inputs) else None
    held = session.state.instances.get(address)
    settings = session.work.settings[use.provider.name]
    base = (settings.base_url or use.provider.base_url).rstrip("/")
    return Received(
        address=address,
        generation=held.next_generation if held is not None else 1,
        id=id,
        how="imported",
        status=reading.status,
        outputs=reading.outputs,
        cost=reading.cost,
        unit=reading.unit,
        uses=use.uses,
        account=f"{use.provider.name} {base}",
        digest=made.digest if made is not None else "",
        inputs=made.inputs if made is not None else None,
    )


def _inputs(session: Session, address: str, observed: Observations) -> object:
    outputs = known_outputs(session.state, observed.lookups)
    return session.work.evaluator.inputs(session.work.graph.instances[address], outputs)


def _resource(work: Work, address: str) -> Use:
    job = work.manifest.jobs[work.graph.instances[address].job]
    use = work.catalogue.use(job.uses)
    if use is None or not isinstance(use.kind, Resource):
        raise WrongUsage(
            f"nothing stands there for {address}: {job.uses} is no resource", "name another address"
        )
    return use


def _provider(uses: str) -> str:
    return uses.partition(".")[0]
