"""What a CI system is told of problems, plans and runs: remarks, each at a file and line where there is one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runner.compile.checks.work import Work
from runner.compile.expressions.scope import Each
from runner.model.gate import NEEDED
from runner.model.plan import Plan, Verb
from runner.model.problem import Place, Problem
from runner.model.progress import RunResult

ERROR, WARNING, NOTICE = "error", "warning", "notice"

Places = Callable[[str], Place | None]
"""Where the instance of an address comes from: its row in a table, else its job in the manifest."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to look at. `level` is error, warning or notice; `title` is short, `message` is whole."""

    level: str
    title: str
    message: str
    where: Place | None = None


def of_problems(problems: Iterable[Problem]) -> list[Remark]:
    """A remark for each problem of a manifest."""
    return [
        Remark(
            WARNING if problem.warning else ERROR,
            problem.code or "problem",
            f"{problem.message} — {problem.hint}" if problem.hint else problem.message,
            problem.where,
        )
        for problem in problems
    ]


def of_plan(plan: Plan, places: Places) -> list[Remark]:
    """What is blocked or waits for approval, what costs a second time, and what the plan warns of."""
    found = of_problems(plan.warnings)
    for change in plan:
        if change.verb is Verb.BLOCKED:
            level = ERROR if change.in_doubt else WARNING
            found.append(
                Remark(
                    level,
                    f"{change.address} is blocked",
                    _told(change.reason, change.command),
                    places(change.address),
                )
            )
        elif change.approval == NEEDED:
            found.append(
                Remark(
                    NOTICE,
                    f"{change.address} waits for approval",
                    _told(change.reason, change.command),
                    places(change.address),
                )
            )
        elif change.verb in (Verb.REPLACE, Verb.UPDATE) and change.paid:
            what = "is paid for anew" if change.verb is Verb.REPLACE else "is changed for money"
            found.append(Remark(NOTICE, f"{change.address} {what}", change.reason, places(change.address)))
    return found


def of_result(result: RunResult, places: Places) -> list[Remark]:
    """What did not get where it should; what was only skipped behind it is not told again."""
    return [
        Remark(
            WARNING if trouble.kind in ("blocked", "approval") else ERROR,
            f"{trouble.address}: {trouble.kind}",
            _told(trouble.reason, trouble.command),
            places(trouble.address),
        )
        for trouble in result.troubles
        if trouble.kind != "skipped"
    ]


def places_of(work: Work) -> Places:
    """The places of a manifest's instances."""

    def place(address: str) -> Place | None:
        instance = work.graph.instances.get(address)
        if instance is None:
            return None
        row = instance.each.place if isinstance(instance.each, Each) else None
        return row or work.manifest.locate(("jobs", instance.job))[0]

    return place


def _told(reason: str, command: str) -> str:
    return f"{reason} — {command}" if command else reason
