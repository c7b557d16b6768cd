"""Where the search for a lost effect stands, and the rules of absence.

Candidates are what the list shows under the mark, less the baseline, less what this state owns, less what was surely
created before the baseline by the server's own clock. None at all proves absence only by two complete walks, `lag`
apart, both begun `effect` after the last moment the request could have been alive.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from runner.api.lifecycles.effects import Collection, Effect, Outcome, Record, Until, Walk, Walked
from runner.api.lifecycles.marks import fold_mark, loose_mark
from runner.api.lifecycles.order import Order, View
from runner.api.messages.paging import CAPPED, USUAL_PAGES
from runner.api.vocabulary.locate import MISSING, Scope, locate
from runner.model.event import Doubted, Intended
from runner.model.observation import Remote

MOST_SHORT = 5
"""So many looks in a row that showed fewer items than the list told of, and a person must say."""

MOST_FAILURES = 20
"""A list that could not be read so often in a row is left to the next run."""

COARSE = 60.0
"""Seconds by which a creation's stamp may lie before the server's own `Date`: cut to the minute, or another clock."""

FARTHEST_ZONE = 14 * 3600.0
"""Seconds by which a stamp without a time zone may be off."""


@dataclass(slots=True)
class Search:
    """Where the search for one effect stands. `alive` is the moment (monotonic) from which this process counts; None
    until its first look when another process sent the call. `since` is the server's own time from which an earlier
    process counted, `since_here` that of this one's first look. `absent`: two looks showed that there is nothing; the
    second of them began at `looked`."""

    alive: float | None
    since: float | None = None
    empty: list[Walked] = field(default_factory=list)
    failures: int = 0
    short: int = 0
    since_here: str = ""
    absent: bool = False
    looked: float | None = None

    def shown_absent(self, began: float) -> None:
        """The last look, which began then, has shown that there is nothing."""
        self.absent, self.looked = True, began

    def look_anew(self) -> None:
        """What was shown is too long ago for anything to be sent because of it."""
        self.absent, self.looked = False, None
        self.empty.clear()

    def begin(self, walked: Walked) -> bool:
        """The first look at the effect of a call that another process sent: time counts from here, on this process's
        own clock. True when the server's own time is to be journalled, for later processes to count from."""
        if self.alive is not None:
            return False
        self.alive = walked.began
        if self.since is not None or walked.date is None:
            return False
        self.since_here = str(int(walked.date))
        return True


def read_list(
    collection: Collection, view: View, search: Search, provider: str, lag: float, what: str = "it"
) -> Generator[Effect, Any, Walked | Outcome]:
    """The list as it is now, asked for until it can be read; an outcome where it could not be too often."""
    while not isinstance(walked := (yield Walk(collection, view.monotonic())), Walked):
        search.failures += 1
        if search.failures >= MOST_FAILURES:
            return Outcome(
                "failed", f"{provider} cannot be asked what became of {what}; the next apply looks again"
            )
        pause = min(60.0, max(lag, 1e-3) * search.failures)
        yield Until(view.monotonic() + pause, "the list cannot be read")
    search.failures = 0
    return walked


def candidates(order: Order, view: View, intent: Intended, walked: Walked) -> list[Remote]:
    """What may be the effect: see the head of this module."""
    return [one for one in _nobodys(order, view, intent, walked) if not _older(order, one, intent)]


def _nobodys(order: Order, view: View, intent: Intended, walked: Walked) -> list[Remote]:
    """What stands under the mark, stood not there before, and is not known as somebody's."""
    there = walked.by_mark.get(fold_mark(intent.mark), ())
    known = set(intent.baseline)
    return [
        remote
        for remote in there
        if remote.id not in known and not view.owner(order.account, remote.id, order.use, order.collection)
    ]


def unproven(order: Order, view: View, intent: Intended, walked: Walked) -> tuple[str, tuple[str, ...]]:
    """Why a list without a candidate proves no absence all the same, and the ids that speak against it; an empty text:
    it does prove it."""
    if not proves(order, intent, walked):
        return (
            f"not found among {walked.count}, but nobody says that this list is complete"
            " (settle: {whole: true} vouches for it)",
            (),
        )
    if older := _nobodys(order, view, intent, walked):  # so says a stamp; a clock or a zone may be wrong
        ids = tuple(remote.id for remote in older if remote.id)
        return f"what carries the name {intent.mark!r} was made before the call, by its own stamp", ids
    return ("", ()) if intent.minted else _changed_there(order, view, intent, walked)


def _changed_there(order: Order, view: View, intent: Intended, walked: Walked) -> tuple[str, tuple[str, ...]]:
    """Why what was sent under the user's own text may stand there under another; and the id that speaks for it."""
    find = order.delivery.find
    if find is not None and len(intent.mark) > find.limit.max:
        there = order.use.provider.name
        return f"its name is longer than the {find.limit.max} characters that {there} keeps of one", ()
    folded = fold_mark(intent.mark)
    for remote in walked.alike.get(loose_mark(intent.mark), ()):
        if fold_mark(remote.mark) == folded:
            continue
        known = view.owner(order.account, remote.id, order.use, order.collection)
        if not known and not _older(order, remote, intent):
            return f"what carries the name {remote.mark!r} may be it, changed by its API", (remote.id,)
    return "", ()


def _older(order: Order, remote: Remote, intent: Intended) -> bool:
    """Whether it was there before the baseline, by the server's own clock. A minted mark is ours whatever a stamp says.

    A stamp is read in favour of the candidate: one that cannot be read, is cut short or has no zone proves little.
    """
    find, baseline_date = order.delivery.find, intent.baseline_date
    if intent.minted or not baseline_date or find is None or not find.created:
        return False
    created = locate(find.created, Scope(item=remote.item))
    if created is MISSING or not isinstance(created, str):
        return False
    try:
        moment = datetime.fromisoformat(created.strip())
        if moment.year < 2000:
            return False  # the year 1 and 1970 are how programs write that there is no stamp
        latest = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        doubtful = 0.0 if moment.tzinfo else FARTHEST_ZONE
        doubtful += COARSE if ":" in created else 86400.0
        return latest.timestamp() + doubtful < float(baseline_date)
    except (ValueError, OverflowError):
        return False


def late_enough(order: Order, search: Search, walked: Walked) -> bool:
    """Whether a walk began so late that an effect would have shown: by this process's own clock since its first look,
    or by the server's since the first look of an earlier process."""
    if search.alive is not None and walked.shown_at >= search.alive + order.settle.effect:
        return True
    return (
        search.since is not None
        and walked.date is not None
        and walked.date > search.since + order.settle.effect
    )


def proves(order: Order, intent: Intended, walked: Walked) -> bool:
    """Whether not standing in this list means anything: one that may be cut off at its length does not.

    Lists are cut off at round numbers. One that has grown since the baseline was not cut off there then, but it may
    have reached its end meanwhile: at such a number of items growth proves nothing either.
    """
    if order.whole:
        return True
    if walked.count < CAPPED:
        return walked.count not in USUAL_PAGES
    grown = intent.baseline_count is not None and walked.count > intent.baseline_count
    return grown and walked.count % CAPPED != 0


def lossy(search: Search, walked: Walked) -> bool:
    """Whether this look showed fewer items than the list itself told of: it proves nothing, and counts as none."""
    search.short = search.short + 1 if walked.short else 0
    return walked.short


def second_look(order: Order, search: Search, walked: Walked) -> bool:
    """Whether this is the second of two looks that agree: nothing that the first showed was lost by the second."""
    if search.empty:
        first = search.empty[-1]
        if walked.shown_at < first.shown_at + order.settle.lag:
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


def doubt(order: Order, reason: str, ids: tuple[str, ...] = ()) -> Generator[Effect, Any, Outcome]:
    """Record that a person must say what became of it."""
    yield Record(
        (Doubted(address=order.address, generation=order.generation, reason=reason, candidates=ids),)
    )
    return Outcome(
        "doubt", reason, command=f"runner resolve {order.address} --adopt ID | --resend | --abandon"
    )
