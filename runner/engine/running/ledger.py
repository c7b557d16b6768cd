"""What was paid out of a state so far, where the manifest has budgets to hold it against."""

from runner.compile.checks.work import Work
from runner.compile.planning.purse import spends
from runner.engine.running.budget import Budget
from runner.engine.running.desk import Desk
from runner.engine.state.entries import read_entries
from runner.model.charge import Charge, charges


def paid_so_far(work: Work, sequence: int) -> list[Charge]:
    """The charges of every call up to an event of the state, replaced, destroyed and forgotten ones too; nothing is
    read where no provider has a budget. Raises StateError."""
    if not sequence or not any(one.budget for one in work.settings.values()):
        return []
    return charges(read_entries(work.state_place, work.manifest.name, sequence))


def budget_of(desk: Desk) -> Budget:
    """The budgets of a run, with what was paid before it."""
    work = desk.work
    paid = spends(work, paid_so_far(work, desk.journal.sequence))
    return Budget(work.settings, work.budget, paid, desk.cost_spec)
