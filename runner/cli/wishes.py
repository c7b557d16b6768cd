"""What the command line consents to and selects, as a value."""

from typing import Any

from runner.model.errors import WrongUsage
from runner.model.graph import Graph
from runner.model.state import State
from runner.model.wishes import Wishes


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
    """The options of `plan_options` as one value."""
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


def checked(wishes: Wishes, graph: Graph) -> Wishes:
    """The wishes, when each glob names something; raises WrongUsage for one that is most likely misspelt."""
    from runner.compile.plan_select import unmatched

    options: tuple[tuple[str, Any], ...] = (
        ("--replace", wishes.replace),
        ("--target", () if wishes.prune else wishes.targets),  # with --prune also what only the state knows
        ("--exclude", () if wishes.prune else wishes.exclude),
    )
    for option, globs in options:
        for glob in unmatched(graph, globs):
            raise WrongUsage(f"`{option} {glob}` names no instance", _examples(graph))
    return wishes


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
