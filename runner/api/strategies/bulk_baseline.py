"""What stands under the names of a bulk request's rows before it is sent."""

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from runner.api.lifecycles.effects import BASELINE_AGE, Effect, Outcome, Walk, Walked
from runner.api.lifecycles.marks import fold_mark
from runner.api.lifecycles.order import View
from runner.api.messages.judge import judge
from runner.api.strategies.bulk_order import GroupOrder


def baseline_of(walked: Walked, names: set[str]) -> Mapping[str, tuple[str, ...]]:
    """The ids that stand under each of these folded names, where there are any."""
    return {
        name: tuple(remote.id for remote in walked.by_mark[name]) for name in names if name in walked.by_mark
    }


def stands_there_now(order: GroupOrder, view: View) -> Generator[Effect, Any, GroupOrder | Outcome]:
    """The same request on what stands there now; what was seen before has become too old, and nothing of it is under
    way. An outcome when somebody else has taken a name of it meanwhile: its workbook must not be sent as it is."""
    walked = yield Walk(order.collection, view.monotonic() - BASELINE_AGE / 2, first=True, whole=True)
    name = order.use.provider.name
    if not isinstance(walked, Walked):
        said = judge(walked, order.use.provider.errors).message or getattr(walked, "unreadable", "")
        return Outcome("failed", f"{name} could not be read before sending: {said}")
    baseline = baseline_of(walked, {fold_mark(member.name) for member in order.intent.members})
    account = order.intent.account
    taken = sorted(
        member.name
        for member in order.members
        if any(
            not view.owner(account, id, order.use, order.collection)
            for id in baseline.get(fold_mark(member.name), ())
        )
    )
    if taken and not order.consent:
        rows = ", ".join(repr(one) for one in taken[:3])
        return Outcome(
            "blocked", f"{name} came to hold {rows}, unknown to this state, before its bulk request was sent"
        )
    date = "" if walked.date is None else str(int(walked.date))
    intent = replace(order.intent, baseline=baseline, baseline_count=walked.count, baseline_date=date)
    return replace(order, intent=intent, walked=walked.began)
