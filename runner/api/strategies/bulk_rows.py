"""The rows of a bulk request as the API lists them, each with its identity once it has one."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from runner.api.lifecycles.effects import Effect, Request
from runner.api.lifecycles.marks import fold_mark
from runner.api.lifecycles.order import View
from runner.api.messages.encode import encode
from runner.api.messages.paging import MOST_PAGES, holds_list, next_cursor, page_inputs
from runner.api.messages.reading import id_text
from runner.api.strategies.bulk_order import GroupOrder, receive
from runner.api.vocabulary.locate import MISSING, Scope, find_all, locate
from runner.model.event import Doubted, Event, Member
from runner.model.http import Answer


def rows_of(order: GroupOrder, id: str) -> Generator[Effect, Any, list[Any] | None]:
    """All rows of the request, or None when a page could not be read."""
    rows = order.bulk.rows
    assert rows is not None
    spec = rows.list
    scope = Scope(request=order.inputs, receipt=id)
    fixed = {
        name: source[0] if isinstance(source, list) else locate(source, scope)
        for name, source in spec.send.items()
    }
    found: list[Any] = []
    cursor: Any = spec.page.first
    for _ in range(MOST_PAGES):
        call = encode(order.use.provider.operation(spec.operation), page_inputs(spec, fixed, cursor))
        answer = yield Request(call)
        if not isinstance(answer, Answer) or not answer.ok or answer.unreadable:
            return None
        if not found and not holds_list(spec, answer.body):
            return None  # an answer of another form must not pass for a request without rows
        page = find_all(spec.items, answer.body)
        found += page
        cursor = next_cursor(spec, answer, cursor, len(page), len(found))
        if cursor is None:
            break
    return found


def receive_rows(
    order: GroupOrder,
    view: View,
    rows: Sequence[Any],
    waiting: dict[str, Member],
    messages: dict[str, str],
) -> tuple[Event, ...]:
    """Events for the rows that have got an id of their own: one that stood there before, or that somebody has, is that
    of an earlier request. What a row without one says is kept in `messages`."""
    spec = order.bulk.rows
    assert spec is not None
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        scope = Scope(item=row)
        name = locate(spec.name, scope)
        mark = "" if name is MISSING or name is None else fold_mark(str(name))
        if mark not in waiting:
            continue
        id = id_text(locate(spec.list.id, scope))
        if not id:
            message = locate(spec.message, scope) if spec.message else MISSING
            said = "" if message is MISSING or message is None else str(message)
            messages[waiting[mark].address] = said
        elif id not in order.intent.baseline.get(mark, ()) and not view.owner(
            order.intent.account, id, order.use, order.collection
        ):
            found.setdefault(mark, {})[id] = row
    return tuple(_identified(order, waiting.pop(mark), ids) for mark, ids in found.items())


def _identified(order: GroupOrder, member: Member, ids: Mapping[str, Any]) -> Event:
    """What the rows of a member tell, each under its id: its own, unless there are several."""
    if len(ids) == 1:
        ((id, row),) = ids.items()
        return receive(order, member, id, row, "answered")
    reason = f"{len(ids)} rows of its bulk request carry the name {member.name!r}"
    return Doubted(address=member.address, generation=member.generation, reason=reason, candidates=tuple(ids))
