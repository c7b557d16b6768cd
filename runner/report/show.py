"""Everything that is known of one address."""

import json
from collections.abc import Sequence
from typing import Any

from runner.model.gate import Gate
from runner.model.state import FileState, InstanceState, Phase
from runner.report.words import Look, amount, indent

LONGEST = 400
"""Longer texts are cut in what people read; --json has them whole."""

_PLAIN = Look()
_TOLD = (
    "generation",
    "id",
    "how",
    "outcome",
    "status",
    "code",
    "reason",
    "message",
    "cost",
    "unit",
    "path",
    "to",
    "by",
    "note",
)


def show_text(held: InstanceState, look: Look = _PLAIN, history: Sequence[dict[str, Any]] = ()) -> str:
    """One address for people: where it stands, what it was made of, what came of it, its files, its past."""
    lines = [look.paint(held.address, bold=True), *indent(_facts(held), 2)]
    sections = (
        ("inputs", tree(held.inputs)),
        ("outputs", tree(dict(held.outputs))),
        ("files", [_file_line(file) for file in held.files.values()]),
        ("former", [f"generation {generation}: {identity}" for generation, identity in held.former]),
        ("history", [_event_line(event) for event in history]),
    )
    for title, body in sections:
        if body:
            lines += ["", f"  {look.paint(title, bold=True)}", *indent(body, 4)]
    lines += _gate_lines(held, look)
    if held.phase is Phase.DOUBT:
        command = look.command(f"runner resolve {held.address} --adopt ID | --resend | --abandon")
        lines += ["", f"  Settle it with: {look.paint(command, bold=True)}"]
    return "\n".join(lines)


def show_json(held: InstanceState, history: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """The same for programs, nothing cut."""
    return {
        "version": 1,
        "address": held.address,
        "phase": held.phase.value,
        "generation": held.generation,
        "updated": list(held.updated),
        "uses": held.uses,
        "account": held.account,
        "id": held.id,
        "status": held.status,
        "message": held.message,
        "how": held.how,
        "mark": held.mark,
        "group": held.group,
        "since": held.since,
        "digest": held.digest,
        "accepted": held.accepted,
        "cost": None if held.cost is None else {"amount": held.cost, "unit": held.unit},
        "candidates": list(held.candidates),
        "inputs": held.inputs,
        "outputs": dict(held.outputs),
        "files": [
            {
                "name": file.name,
                "path": file.path,
                "size": file.size,
                "sha256": file.sha256,
                "done": file.done,
            }
            for file in held.files.values()
        ],
        "former": [{"generation": generation, "id": identity} for generation, identity in held.former],
        "gate": _gate_json(held.gate) if held.gate is not None else None,
        "history": list(history),
    }


def _gate_lines(held: InstanceState, look: Look) -> list[str]:
    """What stands at its approval gate, and what opens that."""
    gate = held.gate
    if gate is None:
        return []
    facts = [f"generation {gate.generation}", f"digest {gate.digest}"]
    facts += [f"approved by {gate.by} at {gate.at}"] if gate.by else ["waits for approval"]
    facts += [gate.note] if gate.note else []
    inputs = tree(gate.inputs)
    lines = ["", f"  {look.paint('gate', bold=True)}", *indent(facts, 4)]
    lines += indent(["inputs", *indent(inputs, 2)], 4) if inputs else []
    if not gate.by:
        command = look.command(f"runner approve '{held.address}'")
        lines += ["", f"  Approve it with: {look.paint(command, bold=True)}"]
    return lines


def _gate_json(gate: Gate) -> dict[str, Any]:
    return {
        "generation": gate.generation,
        "digest": gate.digest,
        "inputs": gate.inputs,
        "note": gate.note,
        "by": gate.by,
        "at": gate.at,
    }


def history_text(history: Sequence[dict[str, Any]]) -> str:
    """Events for people, a line each."""
    return "\n".join(_event_line(event) for event in history)


def _facts(held: InstanceState) -> list[str]:
    facts = (
        ("uses", held.uses),
        ("phase", f"{held.phase.value}{f' since {held.since}' if held.since else ''}"),
        ("why", held.message),
        ("id", f"{held.id}{f' ({held.how})' if held.how else ''}" if held.id else ""),
        ("status", held.status),
        ("generation", str(held.generation)),
        ("updated", ", ".join(held.updated)),
        ("mark", held.mark),
        ("group", held.group),
        ("cost", f"{amount(held.cost)} {held.unit}".strip() if held.cost is not None else ""),
        ("candidates", ", ".join(held.candidates)),
        ("account", held.account),
        ("digest", held.digest),
    )
    return [f"{name:<11} {value}" for name, value in facts if value]


def tree(value: Any) -> list[str]:
    """A value as indented `name: value` lines."""
    if not value:
        return []
    if not isinstance(value, dict):
        return [_spell(value)]
    lines = []
    for key, child in value.items():
        if isinstance(child, dict) and child:
            lines += [f"{key}:", *indent(tree(child), 2)]
        else:
            lines.append(f"{key}: {_spell(child)}")
    return lines


def _spell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = text.replace("\n", "\\n")
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}… ({len(line):,} characters)"


def _file_line(file: FileState) -> str:
    return (
        f"{file.path}  {file.size:,} bytes  sha256 {file.sha256[:12]}{'' if file.done else '  not finished'}"
    )


def _event_line(event: dict[str, Any]) -> str:
    shown = ", ".join(f"{key} {_spell(event[key])[:60]}" for key in _TOLD if event.get(key) not in ("", None))
    return f"{event.get('at', '')}  {event.get('kind', ''):<10}  {shown}".strip()
