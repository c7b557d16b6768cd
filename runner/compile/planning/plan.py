"""The plan: what will be done to each instance of a checked manifest, and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from runner.compile.checks.work import Work
from runner.compile.collector import without_collector
from runner.compile.planning.bulk import BulkCount
from runner.compile.planning.decide import Decider, FilesView
from runner.compile.planning.facts import BUILTIN, BUILTINS, LOOKUP, JobFacts
from runner.compile.planning.purse import purse_of
from runner.compile.planning.sight import job_of
from runner.compile.planning.verbs import Decision, top_name
from runner.model.charge import Charge
from runner.model.gate import LATER, NEEDED
from runner.model.graph import Graph, Instance
from runner.model.observation import Observations
from runner.model.plan import OUT_OF_REACH, PAYING, SENDING, Change, Cost, Plan, Verb
from runner.model.prices import Spend, spend_of
from runner.model.problem import Place, Problem
from runner.model.state import FileState, Phase, State
from runner.model.wishes import Wishes

NO_OBSERVATIONS = Observations(offline=True)


def recorded(file: FileState) -> bool:
    """A file counts as being there when the state says so; the plan itself looks at no disk."""
    return file.done


def plan(
    work: Work,
    state: State,
    observed: Observations = NO_OBSERVATIONS,
    wishes: Wishes = Wishes(),
    files: FilesView = recorded,
    paid: Sequence[Charge] = (),
) -> Plan:
    """What will be done to each instance of the manifest, and why.

    Pure: `observed` holds what was asked of the APIs, `files` tells whether a recorded file still stands, `paid` are
    the charges of this state so far, against which budgets are held. What no budget allows is blocked, in this order.
    The same arguments give the same plan; its effort grows with the number of instances and references alone.
    """
    decider = Decider(work, state, observed, wishes, files)
    bulk, purse = BulkCount(), purse_of(work, paid)
    valued = not purse.empty or any(one.prices.units for one in work.settings.values())
    changes: dict[str, Change] = {}
    with without_collector():
        for instance in work.graph:
            address = instance.address
            decision = decider.decide(instance)
            held = state.instances.get(address)
            facts, cost, money = decider.facts[instance.job], None, None
            if _pays(decider, facts, decision):
                cost = _cost(work, decider, facts, instance)
                if valued:
                    spend = _spend(work, facts, cost)
                    money = _money(spend)
                    refused = held is not None and held.phase is Phase.REFUSED
                    if why := purse.plan(facts.provider_name, spend, again=refused):
                        decision = Decision(Verb.BLOCKED, why, diff=decision.diff)
            if decision.verb in SENDING:
                generation = held.next_generation if held is not None else 1
                changes[address] = _sending(work, decider, bulk, instance, decision, generation, cost, money)
            else:
                generation = held.generation if held is not None else 1
                changes[address] = _change(facts, instance, decision, generation)
            decider.sight.note(instance, decision)
    _rest_lookups(work.graph, decider.facts, changes)
    left = _left(work.graph, state)
    if wishes.prune:
        from runner.compile.planning.removal import prunings

        changes |= prunings(work, state, left, decider.renames.found, wishes)
    unsettled = _unsettled(work.graph, state)
    return Plan(
        manifest=work.manifest.name,
        changes=changes,
        left=tuple(address for address in left if address not in changes),
        unsettled=unsettled,
        bulk=bulk.requests(decider.facts),
        balances=dict(observed.balances),
        budgets=purse.allowances(),
        warnings=(*observed.warnings, *_out_of_reach(work, state, unsettled)),
        offline=observed.offline,
    )


def _change(
    facts: JobFacts,
    instance: Instance,
    decision: Decision,
    generation: int,
    *,
    cost: Cost | None = None,
    money: Cost | None = None,
    contract: str = "",
    group: str = "",
) -> Change:
    return Change(
        address=instance.address,
        job=instance.job,
        uses=facts.job.uses,
        verb=decision.verb,
        reason=decision.reason,
        sure=decision.sure,
        paid=facts.paid and decision.verb in SENDING,
        diff=decision.diff,
        cost=cost,
        money=money,
        contract=contract,
        generation=generation,
        group=group,
        command=decision.command,
        consent=decision.consent,
        approval=decision.approval,
        digest=decision.digest,
    )


def _sending(
    work: Work,
    decider: Decider,
    bulk: BulkCount,
    instance: Instance,
    decision: Decision,
    generation: int,
    cost: Cost | None,
    money: Cost | None,
) -> Change:
    facts = decider.facts[instance.job]
    if facts.kind is BUILTIN:
        return _change(facts, instance, decision, generation)
    view = decider.sight.view(instance)
    group = ""
    if decision.verb is Verb.UPDATE:
        return _updating(decider, facts, instance, decision, generation, cost, money)
    if facts.bulk is not None:
        inputs = work.evaluator.inputs(instance, view)
        group = bulk.add(facts, inputs, pending=_waits(decider, instance, decision))
    contract = facts.contract
    return _change(
        facts, instance, decision, generation, cost=cost, money=money, contract=contract, group=group
    )


def _pays(decider: Decider, facts: JobFacts, decision: Decision) -> bool:
    """Whether what was decided costs anything."""
    if decision.verb is Verb.UPDATE:
        return decider.update_way(facts.job.uses).paid
    return decision.verb in PAYING and facts.paid


def _updating(
    decider: Decider,
    facts: JobFacts,
    instance: Instance,
    decision: Decision,
    generation: int,
    cost: Cost | None,
    money: Cost | None,
) -> Change:
    """A change of what stands there, which may be free although the thing was paid for. It keeps its number, and gates
    are about `generation`, the next one."""
    way = decider.update_way(facts.job.uses)
    names = {top_name(entry.field) for entry in decision.diff}
    contract = way.contract(names or way.takes)
    change = _change(facts, instance, decision, generation, cost=cost, money=money, contract=contract)
    return replace(change, paid=way.paid)


def _waits(decider: Decider, instance: Instance, decision: Decision) -> bool:
    """Whether it waits for a person or for remote work, not only for what is built here."""
    if decision.approval in (NEEDED, LATER):
        return True
    causes = decider.sight.all_changing(instance)
    return any(decider.facts[job_of(cause)].kind is not BUILTIN for cause in causes)


def _cost(work: Work, decider: Decider, facts: JobFacts, instance: Instance) -> Cost | None:
    """The estimate in the provider's own unit, else in the first one given."""
    given = work.evaluator.estimate(instance, decider.sight.view(instance)) if facts.job.cost else None
    if not given:
        return None
    unit = facts.unit if facts.unit in given else next(iter(given))
    return Cost(float(given[unit]), unit)


def _spend(work: Work, facts: JobFacts, cost: Cost | None) -> Spend:
    """What a call is expected to take of each unit."""
    told = facts.resource is not None and facts.resource.cost is not None and bool(facts.resource.cost.paid)
    amount, unit = (cost.amount, cost.unit) if cost is not None else (None, facts.unit)
    return spend_of(work.settings[facts.provider_name].prices, amount, unit, facts.unit, told=told)


def _money(spend: Spend) -> Cost | None:
    return (
        Cost(spend.money, spend.currency)
        if spend.money is not None and spend.unit != spend.currency
        else None
    )


def _rest_lookups(graph: Graph, facts: Mapping[str, JobFacts], changes: dict[str, Change]) -> None:
    """A lookup that nothing reads in this run is left alone, so that a plan without other work is empty."""
    reads = [address for address, change in changes.items() if change.verb is Verb.READ]
    if not reads:
        return
    wanted: set[str] = set()
    for instance in reversed(tuple(graph)):
        verb = changes[instance.address].verb
        is_lookup = facts[instance.job].kind is LOOKUP
        if (verb in SENDING and not is_lookup) or (is_lookup and {instance.address, instance.job} & wanted):
            wanted.update(need.target for need in instance.needs)
    for address in reads:
        change = changes[address]
        if address not in wanted and change.job not in wanted:
            changes[address] = replace(change, verb=Verb.NONE, reason="nothing that will be sent reads it")


def _unsettled(graph: Graph, state: State) -> tuple[str, ...]:
    """What left the manifest while the answer to its call was lost; rows of a workbook are settled with their group."""
    return tuple(
        address
        for address, held in state.instances.items()
        if address not in graph.instances and held.phase is Phase.UNSETTLED and held.intent is not None
    )


def _out_of_reach(work: Work, state: State, unsettled: Iterable[str]) -> Iterator[Problem]:
    """A warning for each whose provider the manifest names no more: nobody can ask what became of its call."""
    for address in unsettled:
        provider = state.instances[address].uses.partition(".")[0]
        if provider not in work.settings:
            yield Problem(
                OUT_OF_REACH,
                f"the answer to its call was lost, and the manifest no longer names {provider}",
                Place(address),
                "put it back, so that what became of the call can be found out",
                warning=True,
            )


def _left(graph: Graph, state: State) -> tuple[str, ...]:
    """What the state knows and the manifest does not, where something stands there or was paid for."""
    known = graph.instances
    return tuple(
        address
        for address, held in state.instances.items()
        if address not in known and held.owns_remote and held.uses not in BUILTINS
    )
