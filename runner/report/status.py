"""Where things stand, from the journal alone."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from runner.model.phase import Phase
from runner.model.standing import ATTENTION, Brief, JobStanding, Standing
from runner.report.words import Look, amount, counted, shorten

MOST = 20

_PLAIN = Look()
_WORDS = {Phase.DOUBT: "in doubt", Phase.WITHDRAWN: "not done", Phase.GATED: "to approve"}
_COLOURS = {
    Phase.READY: "green",
    Phase.RUNNING: "cyan",
    Phase.UNSETTLED: "yellow",
    Phase.DOUBT: "red",
    Phase.GATED: "yellow",
    Phase.FAILED: "red",
    Phase.REFUSED: "red",
}


def status_text(standing: Standing, look: Look = _PLAIN, approved: Collection[str] = ()) -> str:
    """A line a job, then what needs a person or another run, with what to type. `approved` are addresses of which the
    next apply will learn that a person has let them through."""
    if not standing.jobs:
        return f"Nothing was done yet. See what would be: {look.command('runner plan')}"
    lines = _job_lines(standing.jobs, look)
    if standing.attention:
        lines += ["", *_attention_lines(standing, look, approved)]
    waiting = standing.count(Phase.RUNNING, Phase.UNSETTLED)
    if waiting:
        lines += ["", f"{counted(waiting, 'instance')} not ended: {look.command('runner apply')}"]
    return "\n".join(lines)


def status_json(standing: Standing, instances: Iterable[Brief]) -> Iterator[str]:
    """The same for programs, with every instance: one JSON object in pieces, as there may be very many."""
    head = {
        "version": 1,
        "manifest": standing.name,
        "lineage": standing.lineage,
        "sequence": standing.sequence,
        "jobs": [
            {
                "job": job.job,
                "uses": job.uses,
                "phases": {phase.value: count for phase, count in job.phases.items()},
                "unsaved": job.unsaved,
                "cost": dict(job.cost),
            }
            for job in standing.jobs
        ],
    }
    yield json.dumps(head, ensure_ascii=False, indent=2).removesuffix("\n}") + ',\n  "instances": ['
    between = "\n"
    for one in instances:
        said = json.dumps(_instance_json(one), ensure_ascii=False, indent=2)
        yield between + "\n".join(f"    {line}" for line in said.split("\n"))
        between = ",\n"
    yield "]\n}" if between == "\n" else "\n  ]\n}"


def _instance_json(held: Brief) -> dict[str, Any]:
    found = {
        "address": held.address,
        "phase": held.phase.value,
        "generation": held.generation,
        "uses": held.uses,
        "id": held.id,
        "status": held.status,
        "message": held.message,
        "since": held.since,
    }
    return {key: value for key, value in found.items() if value != ""}


def _job_lines(statuses: Sequence[JobStanding], look: Look) -> list[str]:
    rows = [(f"{status.job} ({status.uses})" if status.uses else status.job, status) for status in statuses]
    width = min(max(len(name) for name, _ in rows), 48)
    lines = []
    for name, status in rows:
        parts = [
            look.paint(f"{count:,} {_WORDS.get(phase, phase.value)}", _COLOURS.get(phase, ""))
            for phase, count in status.phases.items()
        ]
        parts += [counted(status.unsaved, "file") + " not saved"] if status.unsaved else []
        paid = ", ".join(f"{amount(value)} {unit}".strip() for unit, value in status.cost.items())
        lines.append(f"{name:<{width}}  {', '.join(parts)}" + (f"  ({paid})" if paid else ""))
    return lines


def _attention_lines(standing: Standing, look: Look, approved: Collection[str]) -> list[str]:
    shown = standing.attention
    width = min(max(len(held.address) for held in shown), 48)
    lines = []
    for held in shown:
        word = look.paint(f"{_WORDS.get(held.phase, held.phase.value):<9}", _COLOURS.get(held.phase, ""))
        said = "approved; the next apply goes on with it" if held.address in approved else ""
        lines.append(
            f"{word} {held.address:<{width}}  {shorten(said or held.message or held.status)}".rstrip()
        )
    hidden = standing.count(*ATTENTION) - len(shown)
    if hidden:
        lines.append(f"… and {hidden:,} more (--verbose shows all)")
    commands = {
        Phase.DOUBT: "runner resolve ADDRESS --adopt ID | --resend | --abandon",
        Phase.GATED: "runner approve ADDRESS",
        Phase.FAILED: "runner apply --retry-failed",
        Phase.REFUSED: "runner apply",
    }
    for phase, command in commands.items():
        if standing.count(phase):
            lines.append(
                f"  {_WORDS.get(phase, phase.value)}: {look.paint(look.command(command), bold=True)}"
            )
    return lines
