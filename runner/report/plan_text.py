"""The plan as people read it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from runner.model.gate import NEEDED
from runner.model.plan import OUT_OF_REACH, SENDING, Change, FieldDiff, Plan, Verb
from runner.report.money import budget_lines, costs_by_provider, needs_line
from runner.report.problems import problem_text
from runner.report.words import Look, counted, glob_of, indent, shorten, visible

MOST = 20
"""So many changes alike are listed; of more, only the first few."""

FIRST = 3

SUMMARY = (
    (Verb.CREATE, "to create"), (Verb.ADOPT, "to adopt"), (Verb.CALL, "to call"), (Verb.UPDATE, "to update"),
    (Verb.REPLACE, "to replace"), (Verb.DELETE, "to delete"), (Verb.SETTLE, "to settle"),
    (Verb.RESUME, "to resume"), (Verb.DOWNLOAD, "to download"), (Verb.READ, "to read"),
    (Verb.BLOCKED, "blocked"), (Verb.SKIP, "skipped"),
    (Verb.NONE, "unchanged"),
)  # fmt: skip

OFFLINE = "Offline: nobody was asked; balances, names and lookups are checked by apply."

_PLAIN = Look()


def plan_text(plan: Plan, look: Look = _PLAIN, *, verbose: bool = False) -> str:
    """Changes by job, then bulk requests, costs, warnings, what moved and left, and one line that sums it all up."""
    lines: list[str] = []
    for job, changes in _by_job(plan).items():
        lines += _job_lines(job, changes, look, verbose)
    for part in (
        _bulk_lines(plan),
        _cost_lines(plan),
        contract_lines(plan, look),
        _left_lines(plan, verbose),
    ):
        if part:
            lines += [*part, ""]
    lines += [problem_text(warning, look=look) for warning in plan.warnings]
    if plan.offline:
        lines.append(OFFLINE)
    lines.append(summary(plan, look))
    return "\n".join(lines)


def summary(plan: Plan, look: Look = _PLAIN) -> str:
    """`12 to create, 3 to resume, 200 unchanged`, or that there is nothing to do."""
    counts = plan.counts()
    parts = [f"{counts[verb]:,} {words}" for verb, words in SUMMARY if counts[verb]]
    waiting = sum(change.approval == NEEDED for change in plan)
    if plan.empty:
        return look.paint("Nothing to do", "green", bold=True) + (f": {', '.join(parts)}." if parts else ".")
    gates = f"; {waiting:,} {'waits' if waiting == 1 else 'wait'} for approval" if waiting else ""
    return look.paint("Plan:", bold=True) + f" {', '.join(parts)}{gates}."


def _by_job(plan: Plan) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in plan:
        found.setdefault(change.job, []).append(change)
    return found


def _job_lines(job: str, changes: Sequence[Change], look: Look, verbose: bool) -> list[str]:
    shown = [change for change in changes if verbose or _worth_showing(change)]
    if not shown:
        return []
    width = min(max(len(change.address) for change in shown), 48)
    lines = [look.paint(f"{job} ({changes[0].uses})", bold=True)]
    for alike in _alike(shown):
        few = len(alike) <= MOST or verbose
        for change in alike if few else alike[:FIRST]:
            lines += indent(_change_lines(change, width, look), 2)
        if not few:
            lines += indent(_rest_lines(alike, look), 2)
        if alike[0].verb is Verb.BLOCKED and alike[0].diff and "--replace" in alike[0].command:
            glob = glob_of([change.address for change in alike])
            lines.append(" " * 12 + "or keep what is there: " + look.command(f"runner accept '{glob}'"))
    return [*lines, ""]


def _worth_showing(change: Change) -> bool:
    return change.verb is not Verb.NONE or bool(change.diff) or not change.sure or stays_there(change)


def stays_there(change: Change) -> bool:
    """Whether it would be deleted, if only its API could."""
    return change.verb is Verb.NONE and change.reason.startswith("kept: ")


def _alike(changes: Iterable[Change]) -> list[list[Change]]:
    """Changes of the same verb and gate, those held back also of the same reason, in the order of their first."""
    found: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        held = change.verb in (Verb.SKIP, Verb.BLOCKED)
        found.setdefault((change.spelled, _kind(change.reason) if held else change.approval), []).append(
            change
        )
    return list(found.values())


def _kind(reason: str) -> str:
    """A reason without the address or the amount it names, so that one cause is one group."""
    if reason.startswith("the budget of "):
        return reason.partition(";")[0]
    if reason.endswith(": most likely renamed"):
        return "renamed"
    return "waits" if reason.startswith("waits for ") else reason


def _change_lines(change: Change, width: int, look: Look) -> list[str]:
    verb = look.verb(change.verb, f"{change.spelled:<9}")
    lines = [f"{verb} {change.address:<{width}}  {visible(change.reason)}".rstrip()]
    lines += indent(_diff_lines(change.diff, look), 10)
    if change.command:
        lines.append(" " * 10 + look.paint(look.command(change.command), bold=True))
    return lines


def _diff_lines(diff: Sequence[FieldDiff], look: Look) -> list[str]:
    lines = []
    for entry in diff[:MOST]:
        lines.append(f"{entry.field}:")
        if entry.before is not None:
            lines.append("  " + look.paint(f"- {shorten(entry.before)}", "red"))
        if entry.after is not None:
            lines.append("  " + look.paint(f"+ {shorten(entry.after)}", "green"))
    if len(diff) > MOST:
        lines.append(f"… and {counted(len(diff) - MOST, 'more difference')}")
    return lines


def _rest_lines(alike: Sequence[Change], look: Look) -> list[str]:
    first, rest = alike[0], len(alike) - FIRST
    lines = [
        f"{look.verb(first.verb, f'{first.spelled:<9}')} … and {rest:,} more like these (--verbose shows all)"
    ]
    glob = glob_of([change.address for change in alike])
    command = _job_move(alike) or first.command.replace(f"'{first.address}'", f"'{glob}'")
    if command != first.command:
        lines.append(" " * 10 + look.paint(look.command(command), bold=True))
    return lines


def _job_move(alike: Sequence[Change]) -> str:
    """One command for all items of a job, where it is the job that was most likely renamed; else nothing."""
    commands = [change.command.split(" ") for change in alike]
    if not all(words[:3] == ["runner", "state", "mv"] and len(words) == 5 for words in commands):
        return ""
    pairs = [(old.partition("/"), new.partition("/")) for *_, old, new in commands]
    jobs = {(old[0], new[0]) for old, new in pairs if old[2] == new[2]}
    return (
        f"runner state mv {' '.join(*jobs)}" if len(jobs) == 1 and all(o[2] == n[2] for o, n in pairs) else ""
    )


def _bulk_lines(plan: Plan) -> list[str]:
    return [
        f"Bulk: {bulk.job}: {counted(bulk.rows, 'row')} in at most {counted(bulk.most, 'request')}"
        for bulk in plan.bulk
    ]


def _cost_lines(plan: Plan) -> list[str]:
    return [needs_line(need) for need in costs_by_provider(plan)] + budget_lines(plan)


def contract_lines(plan: Plan, look: Look) -> list[str]:
    """The calls after whose lost answer nobody but a person can tell what came of them."""
    open_ended = Counter(
        change.uses for change in plan if change.verb in SENDING and change.paid and change.contract == "none"
    )
    return [
        look.paint("Note:", "yellow")
        + f" {counted(count, 'call')} of {uses} cannot be looked up there (contract none);"
        + " a lost answer waits for `runner resolve`."
        for uses, count in open_ended.items()
    ]


def _left_lines(plan: Plan, verbose: bool) -> list[str]:
    lines = []
    if plan.moved:
        moved = moved_words(plan)
        shown = moved if verbose or len(moved) <= MOST else moved[:FIRST]
        more = [f"… and {len(moved) - len(shown):,} more"] if len(shown) < len(moved) else []
        lines += ["Moved, as `moved:` says:", *indent([*shown, *more], 2)]
    if plan.left:
        lines.append(f"Kept, but no longer in the manifest: {_some(plan.left, verbose)}")
    beyond = {str(warning.where) for warning in plan.warnings if warning.code == OUT_OF_REACH}
    sought = [address for address in plan.unsettled if address not in beyond]
    if sought:
        lines.append(f"Looked for, as the answer to their call was lost: {_some(sought, verbose)}")
    return lines


def moved_words(plan: Plan) -> list[str]:
    """What has a new address."""
    return [f"{old} → {new}" for old, new in plan.moved]


def _some(addresses: Sequence[str], verbose: bool) -> str:
    shown = addresses if verbose or len(addresses) <= MOST else addresses[:FIRST]
    rest = f" and {len(addresses) - len(shown):,} more" if len(shown) < len(addresses) else ""
    return f"{', '.join(shown)}{rest}"
