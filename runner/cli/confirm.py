"""Show a plan, ask, carry it out, tell how it ended: what `apply` and `destroy` have in common."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from runner.cli import exits
from runner.cli.interrupts import reader_has_gone, silence
from runner.model.errors import WrongUsage

if TYPE_CHECKING:
    from runner.cli.approver import TerminalApprover
    from runner.cli.screen import Screen
    from runner.model.plan import Plan
    from runner.model.progress import Progress, RunResult

    Doing = Callable[[Callable[[Progress], None]], RunResult]


def shown(plan: "Plan", screen: "Screen") -> None:
    """The plan, in the form that was asked for."""
    from runner.report.plan_file import shown_plan
    from runner.report.plan_text import plan_text

    if screen.json_wanted:
        screen.json({"type": "plan", **shown_plan(plan, screen.masked_value)}, line=True)
    else:
        screen.text(plan_text(plan, screen.look, verbose=screen.verbose))


def confirmed(question: str, screen: "Screen") -> None:
    """Asks on the terminal. Raises WrongUsage where there is none, Abort when the answer is no."""
    if not sys.stdin.isatty():
        raise WrongUsage("there is no terminal to ask on", "look at `runner plan`, then add --auto-approve")
    if not click.confirm(question, err=True):
        screen.aside("Nothing was done.")
        raise click.Abort


def carried_out(doing: "Doing", plan: "Plan", screen: "Screen") -> int:
    """Does it with progress on the screen, tells how it ended, and returns the exit code."""
    return told(done(doing, plan, screen), screen)


def done(
    doing: "Doing", plan: "Plan", screen: "Screen", approver: "TerminalApprover | None" = None
) -> "RunResult":
    """Does it with progress on the screen, which rests while the approver asks."""
    from runner.report.progress import JsonReporter, reporter

    if screen.json_wanted:
        return doing(JsonReporter(screen.raw_line).report)
    with reporter(plan, screen.look_aside, screen.aside) as watching:
        if approver is not None:
            approver.pausing(watching)
        return doing(lambda progress: watching.report(screen.masked(progress)))


def told(result: "RunResult", screen: "Screen") -> int:
    """How it ended; returns the exit code."""
    from runner.report.outcome import outcome_json, outcome_text

    code = exits.of_result(result)
    try:
        if screen.json_wanted:
            screen.json({"type": "result", **outcome_json(result, code)}, line=True)
        else:
            screen.text(outcome_text(result, screen.look, verbose=screen.verbose))
        sys.stdout.flush()
    except OSError as error:
        if not reader_has_gone(error):
            raise
        silence()  # what was done is in the journal, and the exit code still tells
    return code
