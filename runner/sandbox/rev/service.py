"""Rev, emulated: inputs, orders of three services, attachments, notifications, workspaces; in JSON and XML.

Where the API's pages say nothing, this is chosen: the prices, the balance, the lengths (`?seconds=N` in a URL, else
one to twenty minutes by the URL or the file), and how long the work takes (AI a minute of virtual time, people ten);
an order can be cancelled until the work begins, ten virtual seconds after an AI order; a rehearsal (`sandbox_mode`)
costs nothing; data are deleted of ended orders alone, else 400 with code 0; a page holds 25 orders, 100 at most;
other fields than the documented ones are 50000. A link or file whose name holds `fail` ends in `Cancelled`; a link
that ends in `.broken` cannot be reached; `refuse-30010` in a client_ref is refused with that code, and so are the
other codes of an account (20050, 30011, 40011, 50002).
"""

import hmac
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from runner.sandbox.ground.clock import Clock, iso
from runner.sandbox.ground.credentials import CREDENTIALS
from runner.sandbox.ground.faults import FaultPlan, Faults
from runner.sandbox.ground.listing import EncodedItems, visible
from runner.sandbox.ground.wire import Ask, Operation, Refusal, Reply
from runner.sandbox.ground.world import World
from runner.sandbox.rev.files import Files
from runner.sandbox.rev.inputs import Inputs
from runner.sandbox.rev.notices import Notices
from runner.sandbox.rev.order import CAPTION, Order, details, new_order, summary
from runner.sandbox.rev.rules import (
    LENGTHS,
    ORDER,
    REFUSALS,
    Fault,
    seconds_of,
    wrong_input,
    wrong_order,
    wrong_service,
)
from runner.sandbox.rev.wire import INVALID, answer, body_of, empty, error, wants_xml

BALANCE = 10_000.0
"""Money on a new account."""

WORKSPACES = {123456789: "Season one", 987654321: "Trailers"}

_FIRST = 101
_PAGE, _MOST = 25, 100


class Rev:
    """The API on a world."""

    name = "rev"

    def __init__(self, world: World, clock: Clock, faults: Faults) -> None:
        self._world = world
        self._clock = clock
        self._faults = faults
        self._orders = world.table("rev.order", Order)
        self._inputs = Inputs(world)
        self._files = Files(clock, self._orders.get)
        self._notices = Notices(world, clock, faults, self._orders.get)
        self._items: EncodedItems[Order] = EncodedItems(lambda order: summary(order, clock.virtual()))
        self.configure(faults.plan, anew=False)

    def configure(self, plan: FaultPlan, anew: bool = True) -> None:
        """Takes over the plan's balance: always when told anew, and otherwise when it is another than the last."""
        told = plan.conduct.balance
        if told is not None and (anew or self._world.facts.get("rev.told_balance") != told):
            self._world.set_fact("rev.told_balance", told)
            self._world.set_fact("rev.balance", told)

    def operations(self) -> tuple[Operation, ...]:
        """The operation of the text, and those of the vendor's pages."""
        return (
            *self._inputs.operations(),
            Operation("createOrder", "POST", "/api/v1/orders", self.create_order),
            Operation("listOrders", "GET", "/api/v1/orders", self.list_orders),
            Operation("getOrder", "GET", "/api/v1/orders/{ordernum}", self.get_order),
            Operation("deleteOrder", "DELETE", "/api/v1/orders/{ordernum}", self.delete_order),
            Operation("cancelOrder", "POST", "/api/v1/orders/{ordernum}/cancel", self.cancel_order),
            *self._files.operations(),
            Operation("listWorkspaces", "GET", "/api/v1/workspaces", self.list_workspaces),
        )

    def refused(self, ask: Ask) -> Reply | None:
        """401 unless the request carries both keys."""
        scheme, _, keys = ask.headers.get("authorization", "").partition(" ")
        held = CREDENTIALS[self.name]
        right = f"{held['client_key']}:{held['user_key']}".encode()
        return None if scheme == "Rev" and hmac.compare_digest(keys.strip().encode(), right) else empty(401)

    def unreadable(self, reason: str) -> Reply:
        """400 for a body that cannot be decoded."""
        return Reply(400, {"code": INVALID, "message": reason})

    def broken(self, status: int) -> Reply:
        """An injected failure: errors other than 400 have no body."""
        return self.unreadable("Something went wrong") if status == 400 else empty(status)

    async def work(self) -> None:
        """What the API does by itself; never returns."""
        for order in self._orders:
            self._notices.begin(order)
        await self._notices.work()

    async def close(self) -> None:
        """Closes what was opened for sending."""
        await self._notices.close()

    @property
    def balance(self) -> float:
        """Money left."""
        return float(self._world.facts.get("rev.balance", BALANCE))

    def create_order(self, ask: Ask) -> Reply:
        """Takes an order, and debits its price."""
        body = body_of(ask, ORDER, "order_request")
        _refuse(ask, wrong_service(body))
        service = next(name for name in LENGTHS if name in body)
        media = [self._medium(ask, held, service) for held in body[service]["inputs"]]
        _refuse(ask, wrong_order(body, service, frozenset(WORKSPACES)))
        count = self._world.facts.get("rev.next", _FIRST)
        order = new_order(f"{'CP' if service == CAPTION else 'TC'}{count:010}", body, media, self._clock)
        cost = 0.0 if body.get("sandbox_mode") else order.price
        if cost > self.balance:
            raise Refusal(error(ask, 30011, REFUSALS[30011]))
        self._world.set_fact("rev.next", count + 1)
        self._world.set_fact("rev.balance", self.balance - cost)
        self._orders.put(order.number, order)
        self._notices.begin(order)
        self._world.accept(
            at=iso(self._clock.real()),
            provider=self.name,
            operation=ask.operation,
            name=order.client_ref or "",
            id=order.number,
            cost=cost,
            request=body,
        )
        return empty(201, Location=f"{ask.origin}/rev/api/v1/orders/{order.number}")

    def list_orders(self, ask: Ask) -> Reply:
        """A page of orders, newest first."""
        page, size = _number(ask, "page", 0, 0), min(_number(ask, "pageSize", _PAGE, 1), _MOST)
        ids = {value for name, value in ask.pairs if name == "ids"}
        reference = ask.query.get("clientRef")
        held = visible(self._orders, lambda order: order.born, self._clock.virtual(), self._faults.conduct)
        found = [
            order
            for order in reversed(held)
            if (not ids or order.number in ids) and (reference is None or order.client_ref == reference)
        ]
        shown = found[page * size : (page + 1) * size]
        head = {"total_count": len(found), "results_per_page": size, "page": page}
        now = self._clock.virtual()
        if wants_xml(ask):
            return answer(ask, {**head, "orders": [summary(order, now) for order in shown]}, "orders")
        items = b",".join(self._items.encoded(each.number, each.stamp(now), each) for each in shown)
        counts = ",".join(f'"{name}":{value}' for name, value in head.items())
        return Reply(raw=b'{%s,"orders":[%s]}' % (counts.encode(), items))

    def get_order(self, ask: Ask) -> Reply:
        """An order with its comments and attachments."""
        return answer(ask, details(self._order(ask), self._clock.virtual(), f"{ask.origin}/rev"), "order")

    def delete_order(self, ask: Ask) -> Reply:
        """Deletes the media and files of an ended order."""
        order = self._order(ask)
        if not order.ended(self._clock.virtual()):
            raise Refusal(error(ask, 0, "The order is still in work"))
        self._orders.put(order.number, replace(order, deleted=True))
        return empty(200)

    def cancel_order(self, ask: Ask) -> Reply:
        """Cancels an order whose work has not begun, and gives the money back."""
        order, now = self._order(ask), self._clock.virtual()
        if order.ended(now) or now >= order.begins:
            raise Refusal(empty(403))
        order = replace(order, cancelled=self._clock.real())
        self._orders.put(order.number, order)
        if not order.request.get("sandbox_mode"):
            self._world.set_fact("rev.balance", self.balance + order.price)
        self._notices.begin(order)
        return Reply(204)

    def list_workspaces(self, ask: Ask) -> Reply:
        """The workspaces of the user; 404 for an account without a subscription."""
        if not self._faults.conduct.subscription:
            raise Refusal(empty(404))
        held = [{"id": id, "name": name} for id, name in WORKSPACES.items()]
        return answer(ask, {"workspaces": held}, "workspaces")

    def _medium(self, ask: Ask, held: Any, service: str) -> dict[str, Any]:
        """What is kept of an input, once nothing is wrong with it."""
        known = self._inputs.named(held.get("uri")) if isinstance(held, dict) else None
        length = LENGTHS[service]
        _refuse(ask, wrong_input(held, length, {} if known is not None else None))
        if known is not None:
            return {"name": known.name, "seconds": held.get(length) or known.seconds, "link": False}
        link = held["external_link"]
        name = PurePosixPath(urlsplit(link).path).name or "media"
        return {"name": name, "seconds": held.get(length) or seconds_of(link), "link": True}

    def _order(self, ask: Ask) -> Order:
        order = self._orders.get(ask.params["ordernum"])
        if order is None:
            raise Refusal(empty(404))
        return order


def _refuse(ask: Ask, fault: Fault | None) -> None:
    if fault is not None:
        raise Refusal(error(ask, *fault))


def _number(ask: Ask, name: str, default: int, least: int) -> int:
    text = ask.query.get(name, "")
    if text == "":
        return default
    if not text.isdecimal() or len(text) > 9 or int(text) < least:
        raise Refusal(error(ask, INVALID, f"{name} must be a whole number from {least}"))
    return int(text)
