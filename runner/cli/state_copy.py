"""`runner state export | import | migrate`: a whole state, put into a file or another place."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options, sandbox_option
from runner.cli.values import duration
from runner.model.errors import StateForeign, WrongUsage

if TYPE_CHECKING:
    from runner.model.state_place import StatePlace

_LOCK_TIMEOUT = click.option(
    "--lock-timeout", type=duration, default="0s", metavar="TIME", help="Wait so long for another run to end."
)
_PATH = click.Path(path_type=Path, dir_okay=False)


@click.command("export", cls=Command)
@click.argument("target", type=_PATH)
@manifest_options(argument=False)
@sandbox_option
@_LOCK_TIMEOUT
def export(target: Path, chosen: Chosen, lock_timeout: float) -> int:
    """Write the whole state into a new file TARGET, to keep or to import elsewhere. It holds inputs and outputs.

    \b
    Examples:
      runner state export season.state.json
    """
    from runner.cli.project import Project
    from runner.engine.state.copies import as_json, take_copy
    from runner.engine.state.holding import holder_of
    from runner.engine.state.states import open_store

    project = Project(chosen)
    name, place = project.state_place()
    store, state = open_store(place, name, holder_of("state export", project.file.parent), lock_timeout)
    try:
        copy = take_copy(place, name, state.lineage)
    finally:
        store.close()
    try:
        with open(
            os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(as_json(copy))
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise WrongUsage(f"{target} is there already", "name another file") from error
    count = len(copy.events)
    project.screen.answer(f"{count:,} events written to {target}.", {"version": 1, "events": count})
    return exits.DONE


@click.command("import", cls=Command)
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@manifest_options(argument=False)
@sandbox_option
@_LOCK_TIMEOUT
def import_(source: Path, chosen: Chosen, lock_timeout: float) -> int:
    """Put what `runner state export` wrote into SOURCE back into the manifest's state, which must be empty.

    Never go on with two copies of one state: what one orders, the other does not know.

    \b
    Examples:
      runner state import season.state.json
    """
    from runner.cli.project import Project
    from runner.engine.state.copies import fill, from_json
    from runner.engine.state.holding import holder_of
    from runner.engine.state.states import open_store

    project = Project(chosen)
    name, place = project.state_place()
    copy = from_json(source.read_text(encoding="utf-8"), source)
    if copy.name != name:
        raise StateForeign(
            f"{source} is the state of {copy.name!r}, and this manifest is {name!r}", "name its own manifest"
        )
    store, state = open_store(place, name, holder_of("state import", project.file.parent), lock_timeout)
    try:
        fill(store, state.sequence, copy)
    finally:
        store.close()
    count = len(copy.events)
    project.screen.answer(f"{count:,} events imported.", {"version": 1, "events": count})
    return exits.DONE


@click.command("migrate", cls=Command)
@manifest_options()
@click.option(
    "--from", "old", required=True, metavar="PLACE", help="A file, or env:NAME of a database's URL."
)
@_LOCK_TIMEOUT
def migrate(old: str, chosen: Chosen, lock_timeout: float) -> int:
    """Move the state from PLACE to where the manifest's `state:` says now, from a file to a database or back.

    The old place is kept and refused from then on: it says where the state went.

    \b
    Examples:
      runner state migrate --from .runner/season.db
      runner state migrate --from env:OLD_STATE
    """
    from runner.cli.project import Project
    from runner.engine.state.copies import move
    from runner.engine.state.holding import holder_of

    project = Project(chosen)
    name, new = project.state_place()
    place = _place(old, name)
    if place == new:
        raise WrongUsage(
            "the state stands there already", "set `state:` to the new place, then name the old one"
        )
    holder = holder_of("state migrate", project.file.parent)
    count = move(place, new, name, holder, lock_timeout)
    project.screen.answer(f"{count:,} events moved from {place} to {new}.", {"version": 1, "events": count})
    return exits.DONE


def _place(word: str, name: str) -> "StatePlace":
    from runner.model.state_place import Database, is_database
    from runner.model.text import Secret

    if not word.startswith("env:"):
        if "://" in word:
            raise WrongUsage(
                "a URL on the command line is seen by all on this machine",
                "put it into NAME, and say --from env:NAME",
            )
        return Path(word).absolute()
    value = os.environ.get(word[4:], "")
    if not value:
        raise WrongUsage(f"{word[4:]} is not set", f"export {word[4:]}=postgresql://…")
    return Database(Secret(value, f"env.{word[4:]}"), name) if is_database(value) else Path(value).absolute()
