"""`runner report`: what the journal tells beyond where things stand."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options, sandbox_option
from runner.model.errors import InvalidInput, WrongUsage

if TYPE_CHECKING:
    from runner.compile.checks.work import Work

_BY = re.compile(r"job|address|uses|month|label\.[a-z][a-z0-9_]*")


@click.group("report")
def command() -> None:
    """Tell what was paid, from the journal alone."""


@command.command("cost", cls=Command)
@manifest_options()
@sandbox_option
@click.option(
    "--by",
    multiple=True,
    metavar="WHAT",
    help="A line for each job, address, uses, month, or label.NAME; may be given several times.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print as CSV.")
def cost(chosen: Chosen, by: tuple[str, ...], as_csv: bool) -> int:
    """Add up what was paid, by provider and unit: what was redone, and who told the price.

    What no API told and no `cost:` estimates stays unknown. Labels, and the `prices:` that make money of units, are
    those that the manifest gives now.

    \b
    Examples:
      runner report cost
      runner report cost --by label.episode
      runner report cost --by month --by job --csv > cost.csv
    """
    from runner.cli.project import Project
    from runner.engine.state.entries import read_entries
    from runner.model.charge import charges
    from runner.report.cost import cost_csv, cost_json, cost_text, sums

    wanted = tuple(name for word in by for name in word.split(","))
    for name in wanted:
        if not _BY.fullmatch(name):
            raise WrongUsage(
                f"`--by {name}` is nothing to group by", "job, address, uses, month or label.NAME"
            )
    project = Project(chosen)
    name, place = project.state_place()
    work = project.work(offline=True)
    paid = [one for one in charges(read_entries(place, name)) if one.update or _paid(work, one.uses)]
    prices = {name: settings.prices for name, settings in work.settings.items()}
    found = sums(paid, wanted, _labels(work), prices)
    if as_csv:
        project.screen.text(cost_csv(found, wanted).rstrip("\n"))
    else:
        project.screen.answer(cost_text(found, wanted), cost_json(found, wanted))
    return exits.DONE


def _paid(work: "Work", uses: str) -> bool:
    """Whether a use costs anything; of one that no document knows any more it is not said that it is free."""
    from runner.api.vocabulary.lifedata import Lookup

    use = work.catalogue.use(uses) if "." in uses else None
    if use is None:
        return uses not in ("workbook.file", "file.publish")
    return not isinstance(use.kind, Lookup) and use.kind.effect == "paid"


def _labels(work: "Work") -> Callable[[str], Mapping[str, str]]:
    def of(address: str) -> Mapping[str, str]:
        instance = work.graph.instances.get(address)
        if instance is None:
            return {}
        try:
            return work.evaluator.labels(instance)
        except InvalidInput:
            return {}  # known to `validate`; the books are not closed for it

    return of
