"""Settling: what became of a call whose answer was lost.

Candidates are what the list shows under the mark, less the baseline, less what this state owns, less what was created
before the baseline by the server's own clock. One that agrees is adopted at once; several, or one that differs, need a
person; while there is one, nothing is sent again. None at all proves absence only by two complete walks, `lag` apart,
both begun `effect` after the last moment the request could have been alive.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from runner.api.effects import Effect, Lifecycle, Outcome, Record, Request, Until, Walk, Walked
from runner.api.encode import call_of
from runner.api.lifecycle import (
    PATIENCE,
    agrees,
    conclude,
    intent_inputs,
    judge_reply,
    received,
    resend,
    send_request,
    settling_note,
)
from runner.api.lifedata import FindSpec, Resource
from runner.api.locate import MISSING, Scope, locate
from runner.api.marks import fold_mark
from runner.api.order import Order, View
from runner.api.reading import read_answer, read_item
from runner.model.event import Doubted, Intended, Withdrawn
from runner.model.http import Answer
from runner.model.observation import Remote

CAPPED = 50
"""A list that nobody vouches for and that shows this many items or more may be cut off there."""


@dataclass(slots=True)
class Search:
    """Where the search for one effect stands. `alive` is monotonic (None: another process sent it), `since` the
    server's own time from which a later process counts."""

    alive: float | None
    since: float | None = None
    empty: list[Walked] = field(default_factory=list)
    failures: int = 0


def settle(
    order: Order,
    view: View,
    intent: Intended,
    *,
    alive: float | None,
    accepted: bool = False,
    since: str = "",
    wanted: bool = True,
    resend_now: bool = False,
) -> Lifecycle:
    """Find out what became of `intent`, and send it again only where that cannot be a second time.

    `alive`: the last monotonic moment the request could have been under way, None when another process sent it.
    `accepted`: the API said yes, so it is never sent again. `since`: what the journal holds of an earlier search.
    `wanted`: whether the manifest still wants this generation with these inputs. `resend_now`: a person said so.
    """
    search = Search(alive, float(since) if since else None)
    for _ in range(PATIENCE):
        if not resend_now:
            found = yield from _look(order, view, intent, search, accepted)
            if found is not None:
                return found
        if not wanted:
            yield Record((Withdrawn(address=order.address, generation=order.generation, reason="not done"),))
            return Outcome("withdrawn", "was never done, and is no longer wanted")
        resend_now = False
        intent = resend(intent)
        request = send_request(order, intent)
        if request is None:
            return (
                yield from doubt(order, "a secret in the stored request has changed: it cannot be repeated")
            )
        reply = yield request
        verdict = judge_reply(order, reply)
        done = yield from conclude(order, intent, reply, verdict)
        if done is not None:
            return done
        if verdict.meaning == "refused":
            return (yield from doubt(order, f"the repeated call was refused: {verdict.message}"))
        if verdict.meaning == "safe":
            return Outcome("failed", verdict.message)
        accepted = accepted or verdict.meaning == "accepted"
        search = Search(view.monotonic())
    return (yield from doubt(order, f"sent {PATIENCE} times without an outcome"))


def _look(
    order: Order, view: View, intent: Intended, search: Search, accepted: bool
) -> Generator[Effect, Any, Outcome | None]:
    """The outcome of the search; None when the effect is shown to be absent and may be asked for again."""
    if order.repeat == "safe" and not accepted:
        return None
    key = order.delivery.key
    if key is not None and key.documented and search.alive is not None and not accepted:
        return None  # the API itself keeps a documented key from doing anything twice
    if order.collection is not None and order.delivery.find is not None:
        return (yield from _search_list(order, view, intent, search, accepted))
    kind = order.use.kind
    if isinstance(kind, Resource) and kind.fresh is not None and kind.before is not None:
        return (yield from _search_change(order, view, intent, search, kind, accepted))
    what = "accepted without a readable id" if accepted else "its answer was lost"
    return (yield from doubt(order, f"{what}, and {order.use.provider.name} offers no way to look it up"))


def _search_list(
    order: Order, view: View, intent: Intended, search: Search, accepted: bool
) -> Generator[Effect, Any, Outcome | None]:
    assert order.collection is not None
    assert order.delivery.find is not None
    yield settling_note(order, "looking for the effect of a call whose answer was lost")
    while True:
        walked = yield Walk(order.collection, view.monotonic())
        if not isinstance(walked, Walked):
            search.failures += 1
            yield Until(
                view.monotonic() + min(60.0, order.settle.lag * search.failures), "the list cannot be read"
            )
            continue
        found = candidates(order, view, intent, walked)
        if found:
            return (yield from _judge_candidates(order, intent, found))
        if search.alive is None and search.since is None:
            search.since = walked.date
            if search.since is None:
                search.alive = walked.began
            else:
                yield settling_note(order, "waiting until a late effect would show", str(int(search.since)))
        if late_enough(order, search, walked):
            if not proves(order, intent, walked):
                return (
                    yield from doubt(
                        order,
                        f"not found among {walked.count}, but nobody says that this list is complete"
                        " (settle: {whole: true} vouches for it)",
                    )
                )
            if second_look(order, search, walked):
                if accepted:
                    return (yield from doubt(order, "accepted without a readable id, and not in the list"))
                return None
        yield Until(next_look(order, view, search), "looking again for the effect of a lost answer")


def candidates(order: Order, view: View, intent: Intended, walked: Walked) -> list[Remote]:
    """What may be the effect: see the head of this module."""
    find = order.delivery.find
    assert find is not None
    there = walked.by_mark.get(fold_mark(intent.mark), ())
    known = set(intent.baseline)
    return [
        remote
        for remote in there
        if remote.id not in known
        and not view.owned(order.account, remote.id)
        and not _older(find, remote, intent.baseline_date)
    ]


def _older(find: FindSpec, remote: Remote, baseline_date: str) -> bool:
    """Whether it was there before the baseline, by the server's own clock; what cannot be read is not older."""
    if not baseline_date or not find.created:
        return False
    created = locate(find.created, Scope(item=remote.item))
    if created is MISSING or not isinstance(created, str):
        return False
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return False
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp() < float(baseline_date)


def _judge_candidates(order: Order, intent: Intended, found: list[Remote]) -> Generator[Effect, Any, Outcome]:
    ids = tuple(remote.id for remote in found)
    if len(found) > 1:
        return (yield from doubt(order, f"{len(found)} things carry the name {intent.mark!r}", ids))
    if not agrees(order, found[0], intent_inputs(order, intent)):
        return (
            yield from doubt(order, f"what carries the name {intent.mark!r} differs from what was asked", ids)
        )
    return (yield from received(order, intent, read_item(order.use, found[0].id, found[0].item), "adopted"))


def late_enough(order: Order, search: Search, walked: Walked) -> bool:
    """Whether a walk began so late that an effect would have shown."""
    if search.alive is not None:
        return walked.began >= search.alive + order.settle.effect
    return (
        search.since is not None
        and walked.date is not None
        and walked.date > search.since + order.settle.effect
    )


def proves(order: Order, intent: Intended, walked: Walked) -> bool:
    """Whether not standing in this list means anything."""
    if order.whole or walked.count < CAPPED:
        return True
    return intent.baseline_count is not None and walked.count > intent.baseline_count


def second_look(order: Order, search: Search, walked: Walked) -> bool:
    """Whether this is the second of two looks that agree: nothing that the first showed was lost by the second."""
    if search.empty:
        first = search.empty[-1]
        if walked.began < first.began + order.settle.lag:
            return False
        if first.items.keys() <= walked.items.keys():
            return True
    search.empty[:] = [walked]
    return False


def next_look(order: Order, view: View, search: Search) -> float:
    now = view.monotonic()
    if search.empty:
        return search.empty[-1].began + order.settle.lag
    if search.alive is not None and now < search.alive + order.settle.effect:
        early = now + max(order.settle.lag, order.settle.effect / 8)
        return min(early, search.alive + order.settle.effect)
    return now + max(order.settle.lag, 1e-3)


def _search_change(
    order: Order, view: View, intent: Intended, search: Search, kind: Resource, accepted: bool
) -> Generator[Effect, Any, Outcome | None]:
    """For an effect on something that has an identity already: it happened when what `before` kept has changed."""
    assert kind.before is not None
    before: Mapping[str, Any] = intent.before or {}
    call = call_of(order.use.provider, kind.before, Scope(request=order.inputs))
    if search.alive is None:
        search.alive = view.monotonic()
    yield settling_note(order, "looking whether the call had its effect")
    unchanged = 0
    while True:
        began = view.monotonic()
        answer = yield Request(call)
        if isinstance(answer, Answer) and answer.ok and isinstance(answer.body, Mapping):
            reading = read_answer(order.use, answer, order.inputs)
            if reading.outcome == "running" or any(
                answer.body.get(name) != was for name, was in before.items()
            ):
                return (yield from received(order, intent, reading, "adopted"))
            unchanged = unchanged + 1 if began >= search.alive + order.settle.effect else 0
            if unchanged >= 2 and not accepted:
                return None
            if unchanged >= 2:
                return (yield from received(order, intent, reading, "answered"))
        yield Until(
            view.monotonic() + max(order.settle.lag, 1e-3), "looking again whether the call had its effect"
        )


def doubt(order: Order, reason: str, ids: tuple[str, ...] = ()) -> Generator[Effect, Any, Outcome]:
    """Record that a person must say what became of it."""
    yield Record(
        (Doubted(address=order.address, generation=order.generation, reason=reason, candidates=ids),)
    )
    return Outcome(
        "doubt", reason, command=f"runner resolve {order.address} --adopt ID | --resend | --abandon"
    )
