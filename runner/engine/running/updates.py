"""Updates while applying: what stands there is changed where that is enough, and where the plan has shown it."""

from dataclasses import replace

from runner.api.lifecycles.order import Order, Target
from runner.api.lifecycles.updating import UpdateWay, update_use, update_way, watched_use
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Action, Resource
from runner.compile.planning.consent import replace_command
from runner.compile.planning.updaters import Updaters, changed_inputs
from runner.engine.running import orders
from runner.engine.running.desk import Desk
from runner.engine.running.orders import CannotSend, Wish, inputs_of, order_of, sent_wish
from runner.model.plan import Change, Verb
from runner.model.state import InstanceState, Phase


class Updates:
    """Makes orders for updates."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._updaters = Updaters(desk.work)

    def order(self, address: str, change: Change, wish: Wish) -> Order | None:
        """The order for an update of a finished instance; None: it is made, or made anew.

        Behind `update?` and `replace?` an update is made where that is enough, and where an update was shown nothing is
        made anew. Raises CannotSend where that would not do, or needs consent.
        """
        state, job = self._desk.state(address), self._desk.job(address)
        if (
            state is None
            or state.phase is not Phase.READY
            or (change.sure and change.verb is not Verb.UPDATE)
        ):
            return None
        updater = self._updaters[job.uses]
        against = self._updaters.obstacle(state, job.uses, wish.inputs)
        fits = updater is not None and not against and (change.verb is Verb.UPDATE or not job.bulk)
        if updater is not None and fits and (change.consent or not updater.way.paid):
            return self._order(state, updater.way, wish)
        if change.verb is not Verb.UPDATE and change.consent:
            return None
        what = "it is paid for" if change.verb is not Verb.UPDATE else against or "the update is paid"
        raise CannotSend(f"its inputs changed, and {what}", "blocked", replace_command(address))

    def _order(self, state: InstanceState, way: UpdateWay, wish: Wish) -> Order:
        use = self._desk.use(state.uses)
        names = changed_inputs(state, state.uses, wish.inputs)
        former = inputs_of(self._desk, state)
        target = Target(
            id=state.id,
            names=tuple(sorted(names)),
            sent=way.sent(wish.inputs, names),
            free=not way.paid,
        )
        made = update_use(use, way, state.id, {**wish.inputs, **former})
        return _targeted(order_of(self._desk, state.address, state.generation, made, wish), target)


def order_again(desk: Desk, state: InstanceState) -> Order:
    """The order of a call that an earlier run sent, under the inputs it was sent with."""
    intent = state.intent
    if intent is None or not intent.update:
        return orders.order_again(desk, state)
    use = desk.use(state.uses)
    way = update_way(use)
    assert way is not None, "what no document can update any more is out of reach"
    wish = sent_wish(desk, state)
    target = Target(id=state.id, names=intent.update, free=intent.free)
    made = update_use(use, way, state.id, wish.inputs)
    return _targeted(order_of(desk, state.address, state.generation, made, wish), target)


def _targeted(order: Order, target: Target) -> Order:
    """An update is looked for at the thing itself, in no list; a free one costs nothing, whatever the job expects."""
    estimate = None if target.free else order.estimate
    return replace(order, target=target, collection=None, parts=(), estimate=estimate)


def can_update(use: Use) -> bool:
    """Whether its document has an update of such a thing."""
    return isinstance(use.kind, Resource) and use.kind.update is not None and use.kind.create is not None


def pays(use: Use, state: InstanceState) -> bool:
    """Whether the last call for an instance costs anything."""
    kind = use.kind
    if isinstance(kind, Resource) and state.updated:
        return kind.update_terms.effect == "paid"
    return isinstance(kind, Resource | Action) and kind.effect == "paid"


def awaited_use(use: Use, state: InstanceState) -> Use:
    """The use as an instance is waited for by it."""
    return watched_use(use) if state.updated else use
