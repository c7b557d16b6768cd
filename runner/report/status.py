"""Where things stand, from the journal alone."""

from collections.abc import Iterable, Mapping
from typing import Any

from runner.model.frozen import frozen
from runner.model.state import InstanceState, Phase, State
from runner.report.words import Look, amount, counted, shorten

MOST = 20

_PLAIN = Look()
_WORDS = {Phase.DOUBT: "in doubt", Phase.WITHDRAWN: "not done"}
_ATTENTION = (Phase.DOUBT, Phase.FAILED, Phase.STALLED, Phase.REFUSED, Phase.WITHDRAWN, Phase.ABANDONED)
_COLOURS = {
    Phase.READY: "green",
    Phase.RUNNING: "cyan",
    Phase.UNSETTLED: "yellow",
    Phase.DOUBT: "red",
    Phase.FAILED: "red",
    Phase.REFUSED: "red",
}


@frozen
class JobStatus:
    """How many instances of a job stand where, how many files are missing, and what was paid by unit."""

    job: str
    uses: str
    phases: Mapping[Phase, int]
    unsaved: int
    cost: Mapping[str, float]


def job_statuses(state: State) -> tuple[JobStatus, ...]:
    """One entry a job, in the order of the state; costs are of the newest generations."""
    phases: dict[str, dict[Phase, int]] = {}
    uses: dict[str, str] = {}
    unsaved: dict[str, int] = {}
    costs: dict[str, dict[str, float]] = {}
    for held in state.instances.values():
        job = held.address.partition("/")[0]
        counts = phases.setdefault(job, {})
        counts[held.phase] = counts.get(held.phase, 0) + 1
        uses.setdefault(job, held.uses)
        if held.files:
            unsaved[job] = unsaved.get(job, 0) + sum(not file.done for file in held.files.values())
        if held.cost is not None:
            paid = costs.setdefault(job, {})
            paid[held.unit] = paid.get(held.unit, 0.0) + held.cost
    return tuple(
        JobStatus(job, uses[job], counts, unsaved.get(job, 0), costs.get(job, {}))
        for job, counts in phases.items()
    )


def status_text(state: State, look: Look = _PLAIN, *, verbose: bool = False) -> str:
    """A line a job, then what needs a person or another run, with what to type."""
    if not state.instances:
        return f"Nothing was done yet. See what would be: {look.command('runner plan')}"
    lines = _job_lines(job_statuses(state), look)
    attention = [held for held in state.instances.values() if held.phase in _ATTENTION]
    if attention:
        lines += ["", *_attention_lines(attention, look, verbose)]
    waiting = sum(held.phase in (Phase.RUNNING, Phase.UNSETTLED) for held in state.instances.values())
    if waiting:
        lines += ["", f"{counted(waiting, 'instance')} not ended: {look.command('runner apply')}"]
    return "\n".join(lines)


def status_json(state: State) -> dict[str, Any]:
    """The same for programs, with every instance."""
    return {
        "version": 1,
        "manifest": state.name,
        "lineage": state.lineage,
        "sequence": state.sequence,
        "jobs": [
            {
                "job": status.job,
                "uses": status.uses,
                "phases": {phase.value: count for phase, count in status.phases.items()},
                "unsaved": status.unsaved,
                "cost": dict(status.cost),
            }
            for status in job_statuses(state)
        ],
        "instances": [_instance_json(held) for held in state.instances.values()],
    }


def _instance_json(held: InstanceState) -> dict[str, Any]:
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


def _job_lines(statuses: Iterable[JobStatus], look: Look) -> list[str]:
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


def _attention_lines(attention: list[InstanceState], look: Look, verbose: bool) -> list[str]:
    shown = attention if verbose else attention[:MOST]
    width = min(max(len(held.address) for held in shown), 48)
    lines = []
    for held in shown:
        word = look.paint(f"{_WORDS.get(held.phase, held.phase.value):<9}", _COLOURS.get(held.phase, ""))
        lines.append(f"{word} {held.address:<{width}}  {shorten(held.message or held.status)}".rstrip())
    if len(shown) < len(attention):
        lines.append(f"… and {len(attention) - len(shown):,} more (--verbose shows all)")
    commands = {
        Phase.DOUBT: "runner resolve ADDRESS --adopt ID | --resend | --abandon",
        Phase.FAILED: "runner apply --retry-failed",
        Phase.REFUSED: "runner apply",
    }
    for phase, command in commands.items():
        if any(held.phase is phase for held in attention):
            lines.append(
                f"  {_WORDS.get(phase, phase.value)}: {look.paint(look.command(command), bold=True)}"
            )
    return lines
