"""From an instance of the manifest to an order for a lifecycle."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runner.api.lifecycles.order import Order
from runner.api.lifecycles.parts import failed_places
from runner.api.messages.sealing import refers, secrets_in, with_secrets
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Action, Resource
from runner.compile.planning.canonical import canonical
from runner.engine.running.desk import Desk
from runner.model.errors import RunnerError
from runner.model.event import Finished
from runner.model.state import InstanceState
from runner.model.unknown import first_unknown


class CannotSend(Exception):
    """An instance cannot be sent; the message is for people, `kind` that of the trouble, `command` what to type."""

    def __init__(self, reason: str, kind: str = "failed", command: str = "") -> None:
        super().__init__(reason)
        self.kind, self.command = kind, command


@dataclass(frozen=True, slots=True)
class Wish:
    """What the manifest wants of an instance now that all it needs is known."""

    inputs: Mapping[str, Any]
    digest: str
    canonical: Any
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def wish_of(desk: Desk, address: str) -> Wish:
    """Evaluate the `with` of an instance; raises CannotSend while something in it is unknown."""
    instance = desk.work.graph.instances[address]
    inputs = desk.work.evaluator.inputs(instance, desk.outputs)
    unknown = first_unknown(inputs)
    if unknown is not None:
        raise CannotSend(f"{unknown.reason} is not known, although all that this job waits for is done")
    made = canonical(desk.job(address).uses, inputs)
    return Wish(inputs, made.digest, made.inputs, secrets_in(inputs))


def order_for(desk: Desk, address: str, wish: Wish) -> Order:
    """The order for a generation that was never sent."""
    change = desk.change(address)
    return order_of(desk, address, change.generation, desk.use(desk.job(address).uses), wish)


def order_again(desk: Desk, state: InstanceState) -> Order:
    """The order of a call that an earlier run sent, under the inputs it was sent with."""
    links = desk.accounts.links
    other = links is not None and state.intent is not None and bool(links.named(state.intent.call))
    made = order_of(desk, state.address, state.generation, desk.use(state.uses), sent_wish(desk, state))
    return replace(made, other_bytes=other)


def taken_as_it_is(desk: Desk, address: str, use: Use, wish: Wish) -> Finished:
    """A resource that nothing creates, such as an export: it is there, and only its files are fetched."""
    return Finished(
        address=address,
        generation=desk.change(address).generation,
        outcome="ready",
        uses=use.uses,
        outputs={},
        digest=wish.digest,
        inputs=wish.canonical,
    )


def sent_wish(desk: Desk, state: InstanceState) -> Wish:
    """What was wanted when a call was sent."""
    return Wish(inputs_of(desk, state), state.digest, state.inputs, secrets_now(desk, state.address))


def inputs_of(desk: Desk, state: InstanceState) -> Mapping[str, Any]:
    """The inputs that a call was sent with; a secret, which the journal holds by its reference, as it is now."""
    held = state.inputs if isinstance(state.inputs, Mapping) else {}
    return with_secrets(held, secrets_now(desk, state.address)) if refers(held) else held


def secrets_now(desk: Desk, address: str) -> Mapping[str, str]:
    """The secrets that the manifest gives this instance now, to repeat a stored request with."""
    if address not in desk.work.graph.instances:
        return {}
    try:
        return secrets_in(desk.work.evaluator.inputs(desk.work.graph.instances[address], desk.outputs))
    except (
        RunnerError
    ):  # what cannot be evaluated now gives no secret, and a request that needs one is not repeated
        return {}


def order_of(desk: Desk, address: str, generation: int, use: Use, wish: Wish) -> Order:
    """The order of one generation."""
    settings = desk.work.settings[use.provider.name]
    kind = use.kind
    assert isinstance(kind, Resource | Action)
    instance = desk.work.graph.instances.get(address)
    job = desk.work.manifest.jobs[instance.job] if instance is not None else None
    estimate, unit = estimate_of(desk, address, use)
    return Order(
        address=address,
        generation=generation,
        use=use,
        inputs=wish.inputs,
        digest=wish.digest,
        canonical=wish.canonical,
        account=desk.accounts[use.provider.name].key,
        settle=desk.settle_times(use.provider.name, kind.delivery.settle),
        collection=desk.collection(use, wish.inputs),
        whole=bool(settings.settle.whole) or _vouched(use),
        append=job.mark_append if job is not None else False,
        consent=desk.options.wishes.new_state,
        retries=job.retries if job is not None else 3,
        estimate=estimate,
        unit=unit,
        secrets=wish.secrets,
        parts=_retried(desk.state(address), generation, wish),
        notify=desk.notify_url(use),
        window=(hook.window if (hook := kind.delivery.webhook) is not None else 0.0) / desk.options.speed,
    )


def estimate_of(desk: Desk, address: str, use: Use) -> tuple[float | None, str]:
    """What the manifest expects a call to cost, in the provider's own unit where it names that."""
    kind = use.kind
    unit = kind.cost.unit if isinstance(kind, Resource) and kind.cost is not None else ""
    instance = desk.work.graph.instances.get(address)
    if instance is None or not desk.work.manifest.jobs[instance.job].cost:
        return None, unit
    estimates = desk.work.evaluator.estimate(instance, desk.outputs)
    unit = unit if unit in estimates else next(iter(estimates), unit)
    return estimates.get(unit), unit


def _retried(state: InstanceState | None, generation: int, wish: Wish) -> tuple[int, ...]:
    """The parts to ask for once more, where a former generation of the same inputs got some of them ready."""
    if state is None or state.generation >= generation or state.digest != wish.digest:
        return ()
    return failed_places(state.parts)


def _vouched(use: Use) -> bool:
    """Whether the document itself says that the list shows everything."""
    kind = use.kind
    if not isinstance(kind, Resource) or kind.delivery.find is None:
        return False
    return use.provider.lists[kind.delivery.find.list].whole
