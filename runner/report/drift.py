"""What a refresh found, as people read it and for programs."""

from collections.abc import Sequence
from typing import Any

from runner.model.drift import Drift, DriftKind
from runner.report.words import Look, counted, indent, shorten

MOST = 20
FIRST = 5

_COLOURS = {
    DriftKind.GONE: "red",
    DriftKind.FAILED: "red",
    DriftKind.UNKNOWN: "yellow",
    DriftKind.EXPIRING: "yellow",
}


def drift_text(drifts: Sequence[Drift], looked: int, look: Look, *, verbose: bool = False) -> str:
    """Findings by kind with what to type, and one line that sums them up."""
    lines: list[str] = []
    for kind in DriftKind:
        alike = [drift for drift in drifts if drift.kind is kind]
        if alike:
            lines += [*_kind_lines(kind, alike, look, verbose), ""]
    found = counted(len(drifts), "difference") if drifts else "no difference"
    return "\n".join([*lines, f"Looked at {counted(looked, 'instance')}: {found}."])


def drift_json(drifts: Sequence[Drift], looked: int) -> dict[str, Any]:
    """The same for programs."""
    return {
        "version": 1,
        "looked": looked,
        "drift": [
            {
                "kind": drift.kind.value,
                "address": drift.address,
                "uses": drift.uses,
                "id": drift.id,
                "detail": drift.detail,
                "command": drift.command,
            }
            for drift in drifts
        ],
    }


def _kind_lines(kind: DriftKind, alike: Sequence[Drift], look: Look, verbose: bool) -> list[str]:
    lines = [look.paint(f"{len(alike):,} {kind.value}:", _COLOURS.get(kind, ""), bold=True)]
    few = verbose or len(alike) <= MOST
    names = [drift.address or f"{drift.uses} {drift.id}" for drift in alike]
    width = min(max(map(len, names)), 48)
    for name, drift in list(zip(names, alike, strict=True))[: None if few else FIRST]:
        lines += indent([f"{name:<{width}}  {shorten(drift.detail, 200)}"], 2)
    if not few:
        lines += indent([f"… and {len(alike) - FIRST:,} more (--verbose shows all)"], 2)
    commands = dict.fromkeys(drift.command for drift in alike if drift.command)
    shown = list(commands)[:FIRST]
    return lines + indent([look.paint(look.command(command), bold=True) for command in shown], 6)
