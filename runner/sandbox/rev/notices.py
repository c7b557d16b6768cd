"""The notifications of the emulated Rev: POSTs to the URL of an order.

Each is sent once and whatever answers, or does not, is ignored, as the vendor says. Chosen here: FinalOnly speaks of
completion alone, not of a cancelled order; FileComplete speaks of each file; what fell due while no sandbox ran is
sent when one runs again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from runner.sandbox.ground.clock import Clock
from runner.sandbox.ground.faults import Faults
from runner.sandbox.ground.loopback import is_loopback
from runner.sandbox.ground.notices import Sender, Teller
from runner.sandbox.ground.world import World
from runner.sandbox.rev.order import Order, comments_of, deliverable_type, files_of, status_of

_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Told:
    """How many of an order's notifications were begun."""

    count: int


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification: when (virtual time), and its fields."""

    at: float
    fields: dict[str, str]


class Notices:
    """Sends them; `order` gives what an order has become."""

    def __init__(
        self, world: World, clock: Clock, faults: Faults, order: Callable[[str], Order | None]
    ) -> None:
        self._clock = clock
        self._order = order
        self._told = world.table("rev.told", Told)
        self._teller = Teller(self._tell)
        self._sender = Sender("rev", world, faults, _PATIENCE)

    def begin(self, order: Order) -> None:
        """From now on it is told how this order stands, if somebody on this machine asked for it."""
        if "notification" in order.request and is_loopback(order.request["notification"]["url"]):
            self._teller.put(order)

    async def work(self) -> None:
        """Tells of every order; never returns."""
        await self._teller.work()

    async def close(self) -> None:
        """Closes the connections."""
        await self._sender.close()

    async def _tell(self, order: Order) -> None:
        told = self._told.get(order.number)
        for number, notice in enumerate(notices(order), 1):
            if told is not None and number <= told.count:
                continue
            await asyncio.sleep(max(0.0, self._clock.real_of(notice.at) - self._clock.real()))
            now = self._order(order.number)
            if now is None or now.cancelled != order.cancelled:
                return
            self._told.put(order.number, Told(number))
            held = order.request["notification"]
            form = "json" if held.get("content_type") == "ApplicationJson" else "data"
            await self._sender.send(held["url"], {form: notice.fields})


def notices(order: Order) -> list[Notice]:
    """Everything that is told of an order, in the order of time."""
    level = order.request["notification"].get("level", "FinalOnly")
    if order.cancelled is not None:
        return [_notice(order, order.born)] if level == "Detailed" else []
    ended = status_of(order, order.due) == "Complete"
    if level == "FileComplete":
        files = [file for file in files_of(order, order.due) if file.kind != "media"]
        more = {"deliverable_type": deliverable_type(order)}
        return [_notice(order, order.due, **more, attachment_id=file.id) for file in files]
    if level == "FinalOnly":
        return [_notice(order, order.due)] if ended else []
    moments = [order.begins, order.due] if order.begins > order.born else [order.due]
    comments = [{"comment": each["text"]} for each in comments_of(order, order.due)]
    return [_notice(order, at) for at in moments] + [_notice(order, order.due, **each) for each in comments]


def _notice(order: Order, at: float, **more: str) -> Notice:
    reference = {"client_ref": order.client_ref} if order.client_ref is not None else {}
    return Notice(at, {"order_number": order.number, **reference, "status": status_of(order, at), **more})
