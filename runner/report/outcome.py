"""The end of a run: what was paid, what failed and why, and what to type next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from runner.model.progress import Missing, RunResult, Trouble
from runner.model.units import spell_duration
from runner.report.words import Look, amount, counted, glob_of, indent, shorten

MOST = 20
FIRST = 5

_PLAIN = Look()
_ORDER = (
    "doubt",
    "failed",
    "stalled",
    "refused",
    "timeout",
    "download",
    "error",
    "blocked",
    "approval",
    "skipped",
)
_WORDS = {
    "doubt": "in doubt",
    "timeout": "not waited for any longer",
    "download": "not downloaded",
    "approval": "waiting for approval",
}
_COLOURS = {"doubt": "red", "failed": "red", "error": "red", "refused": "red", "blocked": "yellow"}


def outcome_text(result: RunResult, look: Look = _PLAIN, *, verbose: bool = False) -> str:
    """Troubles by kind with what to type, what was paid, and one line that sums the run up."""
    lines: list[str] = []
    for kind, troubles in _by_kind(result.troubles).items():
        lines += [*_trouble_lines(kind, troubles, look, verbose), ""]
    lines += [paid_line(provider, units) for provider, units in result.paid.items()]
    lines += [missing_line(one) for one in result.missing]
    lines.append(outcome_sum(result, look))
    follow = _next(result, look)
    return "\n".join([*lines, follow] if follow else lines)


def outcome_json(result: RunResult, code: int) -> dict[str, Any]:
    """The same for programs; `code` is the exit code."""
    return {
        "version": 1,
        "exit": code,
        "done": result.done,
        "unchanged": result.unchanged,
        "running": result.running,
        "files": result.files,
        "deleted": result.deleted,
        "interrupted": result.interrupted,
        "seconds": round(result.seconds, 3),
        "paid": {provider: dict(units) for provider, units in result.paid.items()},
        "missing": [asdict(one) for one in result.missing],
        "requests": dict(result.requests),
        "troubles": [
            {
                "address": trouble.address,
                "kind": trouble.kind,
                "reason": trouble.reason,
                "command": trouble.command,
            }
            for trouble in result.troubles
        ],
    }


def _by_kind(troubles: Iterable[Trouble]) -> dict[str, list[Trouble]]:
    found: dict[str, list[Trouble]] = {}
    for trouble in troubles:
        found.setdefault(trouble.kind, []).append(trouble)
    order = {kind: place for place, kind in enumerate(_ORDER)}
    return dict(sorted(found.items(), key=lambda entry: order.get(entry[0], len(order))))


def _trouble_lines(kind: str, troubles: Sequence[Trouble], look: Look, verbose: bool) -> list[str]:
    word = _WORDS.get(kind, kind)
    lines = [look.paint(f"{len(troubles):,} {word}:", _COLOURS.get(kind, "yellow"), bold=True)]
    few = verbose or len(troubles) <= MOST
    shown = troubles if few else troubles[:FIRST]
    commands = {trouble.command for trouble in troubles}
    width = min(max(len(trouble.address) for trouble in shown), 48)
    for trouble in shown:
        lines += indent([f"{trouble.address:<{width}}  {shorten(trouble.reason, 300)}"], 2)
        if trouble.command and len(commands) > 1:
            lines += indent([look.paint(look.command(trouble.command), bold=True)], 6)
    if not few:
        lines += indent(
            [f"… and {len(troubles) - FIRST:,} more (`{look.command('runner status')}` lists them)"], 2
        )
        glob = glob_of([trouble.address for trouble in troubles])
        whole = {trouble.command.replace(f"'{trouble.address}'", f"'{glob}'") for trouble in troubles}
        if (
            len(whole) == 1 < len(commands)
            and len({trouble.address.split("/")[0] for trouble in troubles}) == 1
        ):
            lines += indent(["all of them: " + look.paint(look.command(whole.pop()), bold=True)], 6)
    if len(commands) == 1 and "" not in commands:
        lines += indent([look.paint(look.command(next(iter(commands))), bold=True)], 6)
    return lines


def paid_line(provider: str, units: Mapping[str, float]) -> str:
    """`Paid: dubformer: 12 calls, 120 minutes`."""
    calls = units.get("calls", 0)
    amounts = [f"{amount(value)} {unit}" for unit, value in units.items() if unit != "calls"]
    return "Paid: " + ", ".join([f"{provider}: {counted(int(calls), 'call')}", *amounts])


def missing_line(one: Missing) -> str:
    """`Missing: dubformer: 2 calls not made, as there is no credit left; about 6 minutes needed; balance 1: …`."""
    parts = [f"Missing: {one.provider}: {counted(one.calls, 'call')} not made, as there is no credit left"]
    known = one.calls - one.unknown
    if known:
        some = f", and {counted(one.unknown, 'call')} of unknown cost" if one.unknown else ""
        parts.append(f"about {amount(one.amount)} {one.unit} needed{some}")
    elif one.unknown:
        parts.append("nobody knows how much is needed")
    if one.balance is not None:
        more = f": about {amount(one.amount - one.balance)} more" if one.amount > one.balance else ""
        parts.append(f"balance {amount(one.balance)}{more}")
    return "; ".join(parts)


def outcome_sum(result: RunResult, look: Look = _PLAIN) -> str:
    """One line: `Finished in 3 s: 12 done, 2 files saved.`"""
    parts = [f"{result.done:,} done"]
    parts += [f"{result.unchanged:,} unchanged"] if result.unchanged else []
    parts += [f"{result.running:,} still running"] if result.running else []
    parts += [f"{counted(len(result.troubles), 'trouble')}"] if result.troubles else []
    parts += [f"{result.deleted:,} deleted"] if result.deleted else []
    parts += [f"{counted(result.files, 'file')} saved"] if result.files else []
    head = "Interrupted" if result.interrupted else "Finished"
    colour = "yellow" if result.interrupted or result.troubles else "green"
    return f"{look.paint(head, colour, bold=True)} in {spell_duration(result.seconds)}: {', '.join(parts)}."


def _next(result: RunResult, look: Look) -> str:
    """What carries the run on; nothing when all is done or a trouble's own command says it."""
    command = look.paint(look.command(result.carry_on), bold=True)
    if result.interrupted:
        return f"Nothing is lost. Carry on with: {command}"
    if any(trouble.kind == "approval" for trouble in result.troubles):
        return f"Once approved, carry on with: {command}"
    if result.running:
        return f"Look again with: {command}"
    if result.missing:
        return f"Once there is credit, carry on with: {command}"
    if any(trouble.kind in ("refused", "download", "timeout", "error") for trouble in result.troubles):
        return f"Once mended, carry on with: {command}"
    return ""
