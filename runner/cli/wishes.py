"""What the command line consents to and selects, as a value."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from runner.model.errors import WrongUsage
from runner.model.graph import Graph
from runner.model.state import State
from runner.model.wishes import Wishes

if TYPE_CHECKING:
    from runner.compile.checks.work import Work


def wishes_of(
    *,
    limit: int | None,
    targets: tuple[str, ...],
    exclude: tuple[str, ...],
    retry_failed: bool,
    replace: tuple[str, ...],
    new_state: bool,
    prune: bool,
    only_failed: bool,
    labels: tuple[str, ...],
) -> Wishes:
    """The options of `plan_options` as one value.

    Raises WrongUsage where `--prune` comes with what cannot choose among things that left: they have no labels any
    more, and are nobody's first items. Whoever narrows down what is done must not delete all that left.
    """
    if prune and (labels or only_failed or limit is not None):
        option = "--label" if labels else "--only-failed" if only_failed else "--limit"
        raise WrongUsage(
            f"`{option}` cannot choose among what left the manifest",
            "narrow `--prune` by --target or --exclude",
        )
    return Wishes(
        replace=replace,
        retry_failed=retry_failed,
        limit=limit,
        targets=targets,
        exclude=exclude,
        new_state=new_state,
        prune=prune,
        only_failed=only_failed,
        labels=tuple(_label(word) for word in labels),
    )


def _label(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not name or not equals:
        raise WrongUsage(f"`--label {word}` names no label", "write `--label NAME=VALUE`")
    return name, value


def checked(wishes: Wishes, work: "Work", known: Collection[str]) -> None:
    """Raises WrongUsage for a glob or a label that names nothing: most likely it is misspelt.

    `known`: the addresses of the state, which `--prune` also chooses among.
    """
    from runner.compile.planning.select import unmatched

    graph = work.graph
    also = known if wishes.prune else ()
    options = (
        ("--replace", wishes.replace, ()),
        ("--target", wishes.targets, also),
        ("--exclude", wishes.exclude, also),
    )
    for option, globs, beside in options:
        for glob in unmatched(graph, globs, beside):
            raise WrongUsage(f"`{option} {glob}` names no instance", _examples(graph))
    for name, value in wishes.labels:
        carried = {work.evaluator.labels(instance).get(name) for instance in graph} - {None}
        if value not in carried:
            there = ", ".join(sorted(map(str, carried))[:5])
            raise WrongUsage(
                f"no instance carries the label {name}={value}",
                f"labels are written into jobs; {name} is {there}" if there else f"no job has a label {name}",
            )


def held_addresses(state: State, glob: str) -> tuple[str, ...]:
    """The addresses of the state that a glob names; raises WrongUsage when there is none."""
    from runner.model.wishes import Globs

    globs = Globs([glob])
    found = tuple(address for address in state.instances if address in globs)
    if not found:
        raise WrongUsage(f"`{glob}` names nothing that the state knows", "`runner status --verbose` lists it")
    return found


def _examples(graph: Graph) -> str:
    """A few addresses, one of each of the first jobs."""
    first = [addresses[0] for addresses in graph.jobs.values() if addresses][:3]
    return f"addresses look like {', '.join(first)}" if first else ""
