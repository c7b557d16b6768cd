"""`runner state`: what the state knows, changed by hand; nothing remote is touched."""

from typing import TYPE_CHECKING

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options, sandbox_option
from runner.cli.state_copy import export, import_, migrate
from runner.cli.values import duration
from runner.model.errors import WrongUsage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.compile.checks.work import Work
    from runner.model.state import InstanceState, State


@click.group("state")
def command() -> None:
    """Change what the state knows, not what exists."""


for _command in (export, import_, migrate):
    command.add_command(_command)


@command.command("list", cls=Command)
@click.argument("glob", default="*")
@manifest_options(argument=False)
@sandbox_option
def list_(glob: str, chosen: Chosen) -> int:
    """List what the state knows: address, where it stands, and its id there.

    \b
    Examples:
      runner state list
      runner state list 'dub/ep01/*' --json
    """
    from fnmatch import fnmatchcase

    from runner.cli.project import Project
    from runner.engine.state.states import read_standing

    project = Project(chosen)
    name, place = project.state_place()
    with read_standing(place, name) as reader:
        found = [one for one in reader.instances() if fnmatchcase(one.address, glob)] if reader else []
    lines = [f"{one.address}  {one.phase.value}{f'  {one.id}' if one.id else ''}" for one in found]
    rows = [
        {"address": one.address, "phase": one.phase.value, "uses": one.uses, "id": one.id, "since": one.since}
        for one in found
    ]
    project.screen.answer("\n".join(lines) or "Nothing.", {"version": 1, "instances": rows})
    return exits.DONE


@command.command("history", cls=Command)
@click.argument("address")
@manifest_options(argument=False)
@sandbox_option
def history(address: str, chosen: Chosen) -> int:
    """List every event about an address, oldest first, also of one that the state no longer knows.

    \b
    Examples:
      runner state history dub/ep01/fr-FR
    """
    from runner.cli.project import Project
    from runner.cli.show import history_of
    from runner.report.show import history_text

    project = Project(chosen)
    found = history_of(project.state_place()[1], address)
    if not found:
        raise WrongUsage(
            f"the state has no event about `{address}`", "`runner state list` lists what it knows"
        )
    project.screen.answer(history_text(found), {"version": 1, "address": address, "history": found})
    return exits.DONE


@command.command("mv", cls=Command)
@click.argument("old")
@click.argument("new")
@manifest_options(argument=False)
@sandbox_option
@click.option(
    "--lock-timeout", type=duration, default="0s", metavar="TIME", help="Wait so long for another run to end."
)
def move(old: str, new: str, chosen: Chosen, lock_timeout: float) -> int:
    """Say that what was known as OLD is NEW now: an item, or a job with its items, was renamed in the manifest.

    \b
    Examples:
      runner state mv dub/ep1/fr-FR dub/ep01/fr-FR
      runner state mv dub/ep1 dub/ep01
      runner state mv dub voiceover
    """
    from runner.cli.project import Project

    project = Project(chosen)
    screen = project.screen
    with project.opened() as work:
        from runner.cli.session import locked
        from runner.engine.running.desk import RunOptions
        from runner.model.event import Moved

        options = RunOptions(
            command="state mv", lock_timeout=lock_timeout, loopback_only=bool(chosen.sandbox)
        )
        with locked(work, options, project.screen) as session:
            found = _renamed(session.state.instances, work, old, new)
            session.journal.record_now(*(Moved(address=address, to=to) for address, to in found))
    lines = [f"{address} is {to} now." for address, to in found]
    moved = [{"from": address, "to": to} for address, to in found]
    screen.answer("\n".join(lines), {"version": 1, "moved": moved})
    return exits.DONE


@command.command("rm", cls=Command)
@click.argument("glob")
@manifest_options(argument=False)
@sandbox_option
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@click.option(
    "--lock-timeout", type=duration, default="0s", metavar="TIME", help="Wait so long for another run to end."
)
def remove(glob: str, chosen: Chosen, auto_approve: bool, lock_timeout: float) -> int:
    """Forget what the state knows of addresses. What was ordered stays there, and is ordered anew by the next apply
    where the manifest still wants it.

    Calls whose outcome is unknown are not forgotten: `runner resolve` settles them first.

    \b
    Examples:
      runner state rm dub/ep01/fr-FR
      runner state rm 'dub/ep01/*' --auto-approve
    """
    from runner.cli.confirm import confirmed
    from runner.cli.project import Project
    from runner.cli.session import held
    from runner.model.event import Forgotten
    from runner.report.words import counted

    project = Project(chosen)
    screen = project.screen
    with held(project, "state rm", lock_timeout) as journal:
        addresses = _forgettable(journal.state, glob)
        screen.aside("\n".join(addresses))
        if not auto_approve:
            confirmed(f"Forget {counted(len(addresses), 'instance')}? Nothing is deleted there.", screen)
        journal.record_now(*(Forgotten(address=address) for address in addresses))
    screen.answer(f"{counted(len(addresses), 'instance')} forgotten.", {"version": 1, "forgotten": addresses})
    return exits.DONE


@command.command("unlock", cls=Command)
@manifest_options()
@sandbox_option
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
def unlock(chosen: Chosen, auto_approve: bool) -> int:
    """End the lease of a command that was lost with its machine: it can neither write nor send anything more.

    A lease ends by itself a minute after its holder was last heard of; this is for those who cannot wait. What it left
    open is still settled no sooner than that. The lock of a file needs no such thing: it ends with its process.

    \b
    Examples:
      runner state unlock
    """
    from runner.cli.confirm import confirmed
    from runner.cli.project import Project
    from runner.engine.state.states import end_lock, lock_of

    project = Project(chosen)
    screen = project.screen
    _, place = project.state_place()
    lock = lock_of(place)
    if lock is None:
        screen.answer("Nobody holds the state.", {"version": 1, "ended": None})
        return exits.DONE
    if not auto_approve:
        confirmed(f"{lock.told} holds the state. End its lease?", screen)
    end_lock(place, lock)
    screen.answer(f"The lease of {lock.told} has ended.", {"version": 1, "ended": str(lock.holder)})
    return exits.DONE


def _forgettable(state: "State", glob: str) -> list[str]:
    """The addresses that a glob means. Raises WrongUsage where there is none, or where one has an open call."""
    from fnmatch import fnmatchcase

    from runner.model.state import Phase

    found = sorted(address for address in state.instances if fnmatchcase(address, glob))
    if not found:
        raise WrongUsage(f"the state knows nothing of `{glob}`", "`runner state list` lists what it knows")
    for address in found:
        held = state.instances[address]
        if held.intent is not None or held.phase in (Phase.UNSETTLED, Phase.DOUBT):
            raise WrongUsage(
                f"nobody knows yet what became of the call of `{address}`",
                f"settle it first: `runner apply`, or `runner resolve {address}`",
            )
    return found


def _renamed(held: "Mapping[str, InstanceState]", work: "Work", old: str, new: str) -> list[tuple[str, str]]:
    """What is known under `old`, or below it, with its new address: all of it, or WrongUsage.

    Where anything moves, what the manifest does not have under the new name stays.
    """
    below = [address for address in held if address == old or address.startswith(f"{old}/")]
    if not below:
        raise WrongUsage(f"the state knows nothing of `{old}`", "`runner status --json` lists all")
    found = [(address, new + address[len(old) :]) for address in below]
    wanted = [(address, to) for address, to in found if to in work.graph.instances]
    if not wanted:
        raise WrongUsage(f"the manifest has no `{found[0][1]}`", "`runner plan` lists what it has")
    for address, to in wanted:
        if to in held:
            raise WrongUsage(f"the state knows `{to}` already", f"`runner show {to}` tells what it is")
        uses = work.manifest.jobs[work.graph.instances[to].job].uses
        if held[address].uses not in ("", uses):
            raise WrongUsage(
                f"`{address}` is a {held[address].uses}, and `{to}` a {uses}", "name another address"
            )
    return wanted
