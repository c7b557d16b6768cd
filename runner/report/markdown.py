"""Plans and runs as Markdown for a pull-request comment or a job's summary, never longer than one may be."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from runner.model.gate import NEEDED
from runner.model.plan import Change, FieldDiff, Plan, Verb
from runner.model.problem import Problem
from runner.model.progress import RunResult, Trouble
from runner.report.money import budget_lines, costs_by_provider, needs_line
from runner.report.outcome import missing_line, outcome_sum, paid_line
from runner.report.plan_text import OFFLINE, contract_lines, moved_words, stays_there, summary
from runner.report.problems import problem_text
from runner.report.words import Look, counted, shorten

MOST = 65_000
"""Characters. GitHub takes 65,536 of a comment."""

_PLAIN = Look()
_SIGNS = {
    Verb.CREATE: "+",
    Verb.CALL: "+",
    Verb.ADOPT: "+",
    Verb.REPLACE: "!",
    Verb.UPDATE: "!",
    Verb.DELETE: "-",
}
_ORDER = (
    Verb.BLOCKED, Verb.DELETE, Verb.REPLACE, Verb.UPDATE, Verb.SETTLE, Verb.CREATE, Verb.CALL, Verb.ADOPT,
    Verb.RESUME, Verb.DOWNLOAD, Verb.READ, Verb.SKIP,
)  # fmt: skip


class Paper:
    """Text that ends before its most characters; it counts what did not fit."""

    def __init__(self, most: int, rest: str) -> None:
        self._lines: list[str] = []
        self.room = most - len(rest) - 60  # the sentence about what was left out always fits
        self._rest = rest
        self._left = 0

    def add(self, *lines: str) -> None:
        """The lines, all of them or none."""
        size = sum(len(line) + 1 for line in lines)
        if size <= self.room:
            self._lines += lines
            self.room -= size

    def leave_out(self, entries: int) -> None:
        """So many entries did not fit."""
        self._left += entries

    def text(self) -> str:
        """All that fitted, and how much did not."""
        left = (
            [f"_{counted(self._left, 'entry', 'entries')} left out: {self._rest}_", ""] if self._left else []
        )
        return "\n".join([*self._lines, *left])


def plan_markdown(plan: Plan, look: Look = _PLAIN, *, most: int = MOST) -> str:
    """Counts, costs beside balances, then the changes by what needs a person's eye first."""
    paper = Paper(most, f"`{look.command('runner plan --verbose')}` lists everything.")
    paper.add(f"### `{plan.manifest}`: {_plain(summary(plan))}", "")
    costs = [needs_line(need) for need in costs_by_provider(plan)] + budget_lines(plan)
    costs += contract_lines(plan, _PLAIN) + ([OFFLINE] if plan.offline else [])
    if costs:
        paper.add(*[f"- {_plain(line)}" for line in costs], "")
    if plan.warnings:
        _block(paper, "Warnings", [problem_text(warning) for warning in plan.warnings])
    waiting = [change for change in plan if change.approval == NEEDED]
    if waiting:
        _changes(paper, "waits for approval", waiting, look, open_=True)
    for verb in _ORDER:
        alike = [change for change in plan if change.verb is verb and change.approval != NEEDED]
        if alike:
            _changes(paper, verb.value, alike, look, open_=verb is Verb.BLOCKED)
    if plan.moved:
        _block(paper, f"Moved, as `moved:` says ({len(plan.moved):,})", moved_words(plan))
    if plan.left:
        _block(paper, f"Kept, but no longer in the manifest ({len(plan.left):,})", plan.left)
    staying = [f"{change.address}: {change.reason}" for change in plan if stays_there(change)]
    if staying:
        _block(paper, f"Kept, as it cannot be deleted there ({len(staying):,})", staying)
    if plan.unsettled:
        words = f"Looked for, as the answer to their call was lost ({len(plan.unsettled):,})"
        _block(paper, words, plan.unsettled)
    return paper.text()


def outcome_markdown(manifest: str, result: RunResult, look: Look = _PLAIN, *, most: int = MOST) -> str:
    """How a run ended, what was paid, and every trouble with what to type."""
    paper = Paper(most, f"`{look.command('runner status')}` lists everything.")
    paper.add(f"### `{manifest}`: {_plain(outcome_sum(result))}", "")
    paid = [paid_line(provider, units) for provider, units in result.paid.items()]
    paid += [missing_line(one) for one in result.missing]
    if paid:
        paper.add(*[f"- {_plain(line)}" for line in paid], "")
    kinds: dict[str, list[Trouble]] = {}
    for trouble in result.troubles:
        kinds.setdefault(trouble.kind, []).append(trouble)
    for kind, troubles in kinds.items():
        _block(paper, f"{kind} ({len(troubles):,})", [_trouble_line(one, look) for one in troubles])
    return paper.text()


def problems_markdown(
    manifest: str, problems: Sequence[Problem], base: Path | None = None, *, most: int = MOST
) -> str:
    """What is wrong with a manifest."""
    paper = Paper(most, "`runner validate` lists everything.")
    errors = sum(not problem.warning for problem in problems)
    paper.add(f"### `{manifest}`: {counted(errors, 'problem') if errors else 'valid'}", "")
    if problems:
        _block(paper, "Problems", [problem_text(problem, base) for problem in problems], open_=True)
    return paper.text()


def _changes(paper: Paper, title: str, alike: Sequence[Change], look: Look, *, open_: bool) -> None:
    entries = ["\n".join(_change_lines(change, look)) for change in alike]
    _block(paper, f"{title} ({len(alike):,})", entries, language="diff", open_=open_)


def _change_lines(change: Change, look: Look) -> list[str]:
    sign = _SIGNS.get(change.verb, " ")
    lines = [f"{sign} {change.spelled} {change.address}: {shorten(change.reason, 300)}"]
    for entry in change.diff[:10]:
        lines += _diff_lines(entry)
    if len(change.diff) > 10:
        lines.append(f"      … and {counted(len(change.diff) - 10, 'more difference')}")
    if change.command:
        lines.append(f"      {look.command(change.command)}")
    return lines


def _diff_lines(entry: FieldDiff) -> list[str]:
    lines = [f"      {entry.field}:"]
    lines += [f"-       {shorten(entry.before)}"] if entry.before is not None else []
    lines += [f"+       {shorten(entry.after)}"] if entry.after is not None else []
    return lines


def _trouble_line(trouble: Trouble, look: Look) -> str:
    line = f"{trouble.address}: {shorten(trouble.reason, 300)}"
    return f"{line}\n      {look.command(trouble.command)}" if trouble.command else line


def _block(
    paper: Paper, title: str, entries: Iterable[str], *, language: str = "text", open_: bool = False
) -> None:
    """A foldable block; it is closed whatever was left out of it."""
    entries = list(entries)
    fence = "`" * max(3, 1 + max((_ticks(entry) for entry in entries), default=0))
    head = [
        f"<details{' open' if open_ else ''}><summary>{_plain(title)}</summary>",
        "",
        f"{fence}{language}",
    ]
    tail = [fence, "", "</details>", ""]
    kept: list[str] = []
    room = paper.room - sum(len(line) + 1 for line in (*head, *tail))
    for entry in entries:
        room -= len(entry) + 1
        if room < 0:
            break
        kept.append(entry)
    if kept:
        paper.add(*head, *kept, *tail)
    paper.leave_out(len(entries) - len(kept))


def _ticks(text: str) -> int:
    """The longest run of backticks, which a fence must be longer than."""
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest


def _plain(text: str) -> str:
    """Text that Markdown takes for nothing else."""
    return "".join(f"\\{character}" if character in "\\`*_[]<>|#" else character for character in text)
