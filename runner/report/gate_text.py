"""What a person is shown at an approval gate."""

from runner.model.at_gate import AtGate
from runner.report.show import tree
from runner.report.words import Look, amount, counted, indent

MOST = 5
"""So many instances that it builds on are named, and so many files of each."""

_PLAIN = Look()


def gate_text(at: AtGate, look: Look = _PLAIN) -> str:
    """One call that waits: what it is, its price, its inputs as they will be sent, and what to look at."""
    lines = [f"{look.paint(at.address, bold=True)} ({at.uses}) waits for approval"]
    if at.note:
        lines += indent([at.note], 2)
    if at.generation > 1:
        lines += indent([f"generation {at.generation}: what stood there before is kept as superseded"], 2)
    if at.cost is not None:
        about = "about " if at.cost.estimate else ""
        lines += indent([f"costs {about}{amount(at.cost.amount)} {at.cost.unit}"], 2)
    lines += indent(["inputs", *indent(tree(at.inputs), 2)], 2)
    if at.looks:
        lines += indent(["to look at", *indent(_looks(at), 2)], 2)
    return "\n".join(lines)


def _looks(at: AtGate) -> list[str]:
    lines = []
    for address, places in list(at.looks.items())[:MOST]:
        more = f" and {len(places) - MOST} more" if len(places) > MOST else ""
        lines.append(f"{address}: {', '.join(places[:MOST])}{more}")
    if len(at.looks) > MOST:
        lines.append(f"… and {counted(len(at.looks) - MOST, 'more instance')} that it builds on")
    return lines
