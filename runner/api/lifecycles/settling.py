"""Settling: what became of a call whose answer was lost.

Candidates are what the list shows under the mark, less the baseline, less what this state owns, less what was created
before the baseline by the server's own clock. One that agrees is adopted at once; several, or one that differs, need a
person; while there is one, nothing is sent again. None at all proves absence only by two complete walks, `lag` apart,
both begun `effect` after the last moment the request could have been alive.
"""

from collections.abc import Generator, Mapping
from typing import Any

from runner.api.lifecycles.concluding import (
    PATIENCE,
    agrees,
    conclude,
    intent_inputs,
    judge_reply,
    not_done,
    pause_after,
    received,
    resend,
    send_request,
    settling_note,
)
from runner.api.lifecycles.effects import (
    Effect,
    Hear,
    Lifecycle,
    Outcome,
    Outdated,
    Record,
    Request,
    Until,
)
from runner.api.lifecycles.order import Order, View
from runner.api.lifecycles.part_search import search_parts
from runner.api.lifecycles.search import (
    MOST_FAILURES,
    MOST_SHORT,
    Search,
    candidates,
    doubt,
    late_enough,
    lossy,
    next_look,
    read_list,
    second_look,
    unproven,
)
from runner.api.lifecycles.update_search import search_update
from runner.api.messages.encode import call_of
from runner.api.messages.fresh import NOW, age_of
from runner.api.messages.judge import Verdict
from runner.api.messages.reading import read_answer, read_item
from runner.api.vocabulary.lifedata import Action, Resource
from runner.api.vocabulary.locate import Scope, locate
from runner.model.event import Intended, Withdrawn
from runner.model.http import Answer
from runner.model.observation import Remote


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
    if intent.account != order.account:
        there = f"it was sent to {intent.account}, and the manifest now names {order.account}"
        return (yield from doubt(order, f"{there}: it can be looked for only where it was sent"))
    accepted = accepted or (intent.accepted and not resend_now)
    search = Search(alive, float(since) if since else None)
    attempt = 0
    for _ in range(PATIENCE):
        if accepted and not intent.accepted:
            yield settling_note(order, "accepted, and its identity could not be read", accepted=True)
        eager = wanted and attempt < order.retries
        by_key = eager and _key_holds(order, view, intent)
        if not resend_now:
            found = yield from _look(order, view, intent, search, accepted, by_key)
            if found is not None:
                return found
        if not wanted:
            yield Record((not_done(order, search.absent),))
            return Outcome("withdrawn", "was never done, and is no longer wanted")
        if not eager and not search.absent:
            return Outcome("failed", f"no answer that tells its outcome, {attempt + 1} times")
        if attempt and not search.absent:
            yield Until(view.monotonic() + min(60.0, 0.5 * 2**attempt), "its answer was lost again")
        again = resend(intent)
        sent = yield from _send_again(order, view, again, search.absent or resend_now, search.looked)
        if isinstance(sent, Outcome):
            return sent
        if isinstance(sent, Outdated):
            search.look_anew()
            continue
        intent, attempt = again, attempt + 1
        resend_now = False
        accepted = accepted or sent.meaning == "accepted"
        search = Search(view.monotonic())
    return (yield from doubt(order, f"sent {PATIENCE} times without an outcome"))


def _key_holds(order: Order, view: View, intent: Intended) -> bool:
    """Whether the API surely knows the key still: for half of its documented life, counted from the intent. A machine's
    sleep counts as well; where nobody can tell how much time has passed, the key is not trusted."""
    key = order.delivery.key
    if key is None or not key.documented or key.life is None or not intent.key or order.other_bytes:
        return False
    passed = view.passed(intent.clock)
    return passed is not None and passed < key.life / 2


def _send_again(
    order: Order, view: View, intent: Intended, absent: bool, looked: float | None
) -> Generator[Effect, Any, Outcome | Verdict | Outdated]:
    """Repeat a call; a verdict when its outcome must be looked for again, OUTDATED when `looked` (the look that showed
    its absence) is too long ago by now: an effect that came late, or a stranger's, may stand there.

    Answers that did nothing (`not now`, never left) are waited out. In the end they leave the intent open, unless
    `absent`: the call before was shown to have done nothing either.
    """
    for attempt in range(PATIENCE):
        request = send_request(order, intent, looked)
        if request is None:
            return (
                yield from doubt(order, "a secret in the stored request has changed: it cannot be repeated")
            )
        reply = yield request
        if isinstance(reply, Outdated):
            return reply
        verdict = judge_reply(order, reply)
        done = yield from conclude(order, view, intent, reply, verdict)
        if done is not None:
            return done
        if verdict.unauthorized:
            return Outcome("failed", verdict.message, stop_provider=verdict.message)
        if verdict.meaning == "refused":
            return (yield from doubt(order, f"the repeated call was refused: {verdict.message}"))
        if verdict.meaning != "safe":
            return verdict
        pause = pause_after(order.retries, verdict, attempt)
        if pause is None:
            break
        yield Until(view.monotonic() + pause, verdict.message, "retrying")
    if absent:
        gone = Withdrawn(address=order.address, generation=order.generation, reason=verdict.message)
        yield Record((gone,))
    return Outcome("failed", verdict.message)


def _look(
    order: Order, view: View, intent: Intended, search: Search, accepted: bool, by_key: bool
) -> Generator[Effect, Any, Outcome | None]:
    """The outcome of the search; None when the call may be sent again, or closed: its effect is shown to be absent
    (`search.absent`), or the API itself keeps a repeat from being a second effect."""
    kind = order.use.kind
    free = isinstance(kind, Resource | Action) and kind.effect != "paid"
    if not accepted and (by_key or (free and order.repeat == "safe")):
        return None  # the API itself keeps a documented key from doing anything twice
    if order.target is not None:
        return (yield from search_update(order, view, intent, search, order.target))
    listed = order.collection is not None and order.delivery.find is not None
    if listed and intent.marks:
        return (yield from search_parts(order, view, intent, search, accepted))
    if listed and intent.mark:  # without a mark, no list shows anything of it, and proves nothing
        return (yield from _search_list(order, view, intent, search, accepted))
    if isinstance(kind, Resource) and kind.fresh is not None and kind.before is not None:
        return (yield from _search_change(order, view, intent, search, kind, accepted))
    hook = order.delivery.webhook
    if hook is not None and order.notify:
        return (yield from _listen(order, view, intent))
    what = "accepted without a readable id" if accepted else "its answer was lost"
    return (yield from doubt(order, f"{what}, and {order.use.provider.name} offers no way to look it up"))


def _listen(order: Order, view: View, intent: Intended) -> Generator[Effect, Any, Outcome]:
    """Wait for a notification that carries the mark, then ask the API itself about the id that it names."""
    kind, name = order.use.kind, order.use.provider.name
    yield settling_note(order, "waiting for a notification of the call whose answer was lost")
    id = yield Hear(name, intent.mark, view.monotonic() + order.window)
    if not id or not isinstance(kind, Resource) or kind.read is None:
        return (yield from doubt(order, f"its answer was lost, and {name} sent no notification of it"))
    answer = yield Request(call_of(order.use.provider, kind.read, Scope(request=order.inputs, id=id)))
    readable = isinstance(answer, Answer) and answer.ok and not answer.unreadable
    owner = view.owner(order.account, id, order.use, order.collection)
    if isinstance(answer, Answer) and readable and not owner:
        there = [locate(ref, Scope(answer=answer)) for ref in order.delivery.compare.values()]
        if there and all(value == intent.mark for value in there):  # anybody can send a notification
            reading = read_answer(order.use, answer, order.inputs, id=id)
            return (yield from received(order, intent, reading, "adopted"))
    return (yield from doubt(order, f"a notification named {id}, and {name} does not confirm it", (id,)))


def _search_list(
    order: Order, view: View, intent: Intended, search: Search, accepted: bool
) -> Generator[Effect, Any, Outcome | None]:
    assert order.collection is not None
    assert order.delivery.find is not None
    name = order.use.provider.name
    yield settling_note(order, "looking for the effect of a call whose answer was lost")
    while True:
        walked = yield from read_list(order.collection, view, search, name, order.settle.lag)
        if isinstance(walked, Outcome):
            return walked
        found = candidates(order, view, intent, walked)
        if found:
            return (yield from _judge_candidates(order, intent, found))
        if search.begin(walked):
            yield settling_note(order, "waiting until a late effect would show", search.since_here)
        if lossy(search, walked):
            if search.short >= MOST_SHORT:
                return (yield from doubt(order, walked.shortfall))
        elif late_enough(order, search, walked):
            said, ids = unproven(order, view, intent, walked)
            if said:
                return (yield from doubt(order, said, ids))
            if second_look(order, search, walked):
                if accepted:
                    return (yield from doubt(order, "accepted without a readable id, and not in the list"))
                search.shown_absent(walked.began)
                return None
        yield Until(next_look(order, view, search), "looking again for the effect of a lost answer")


def _judge_candidates(order: Order, intent: Intended, found: list[Remote]) -> Generator[Effect, Any, Outcome]:
    ids = tuple(remote.id for remote in found if remote.id)
    if not all(remote.id for remote in found):
        return (yield from doubt(order, f"something without a readable id carries {intent.mark!r}", ids))
    if len(found) > 1:
        return (yield from doubt(order, f"{len(found)} things carry the name {intent.mark!r}", ids))
    if not agrees(order, found[0], intent_inputs(order, intent)):
        return (
            yield from doubt(order, f"what carries the name {intent.mark!r} differs from what was asked", ids)
        )
    return (yield from received(order, intent, read_item(order.use, found[0].id, found[0].item), "adopted"))


def _search_change(
    order: Order, view: View, intent: Intended, search: Search, kind: Resource, accepted: bool
) -> Generator[Effect, Any, Outcome | None]:
    """For an effect on something that has an identity already: it happened when what `before` kept has changed."""
    assert kind.before is not None
    before: Mapping[str, Any] = intent.before or {}
    if not before:
        name = order.use.provider.name
        return (yield from doubt(order, f"its answer was lost, and {name} does not show what it changed"))
    call = call_of(order.use.provider, kind.before, Scope(request=order.inputs), headers=NOW)
    if search.alive is None:
        search.alive = view.monotonic()
    yield settling_note(order, "looking whether the call had its effect")
    unchanged = 0
    while search.failures < MOST_FAILURES:
        began = view.monotonic()
        answer = yield Request(call)
        if isinstance(answer, Answer) and answer.ok and isinstance(answer.body, Mapping):
            search.failures = 0
            reading = read_answer(order.use, answer, order.inputs)
            if reading.outcome == "running" or any(
                answer.body.get(name) != was for name, was in before.items()
            ):
                return (yield from received(order, intent, reading, "adopted"))
            shown_at = began - age_of(answer)
            unchanged = unchanged + 1 if shown_at >= search.alive + order.settle.effect else 0
            if unchanged >= 2 and accepted:
                return (yield from received(order, intent, reading, "answered"))
            if unchanged >= 2:
                search.shown_absent(began)
                return None
        else:
            search.failures += 1
        yield Until(
            view.monotonic() + max(order.settle.lag, 1e-3), "looking again whether the call had its effect"
        )
    return Outcome(
        "failed", f"{order.use.provider.name} cannot be asked what became of it; the next apply looks again"
    )
