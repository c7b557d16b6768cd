"""Exit codes and their precedence."""

import pytest

from runner.cli import exits
from runner.model import errors
from runner.model.plan import Change, Plan, Verb
from runner.model.progress import RunResult, Trouble

DOUBT = "runner resolve dub/e1 --adopt ID | --resend | --abandon"


def plan_of(**verbs: Verb) -> Plan:
    return Plan("m", {key: Change(key, "dub", "d.p", verb, "why") for key, verb in verbs.items()})


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidInput([]), 3),
        (errors.StateLocked("held"), 4),
        (errors.StateForeign("other"), 4),
        (errors.PlanStale("moved"), 6),
        (errors.WrongUsage("no"), 64),
        (errors.Interrupted("stop"), 130),
        (errors.RunnerError("broke"), 1),
    ],
)
def test_every_error_has_its_code(error: errors.RunnerError, code: int) -> None:
    assert exits.of_error(error) == code


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        ((), 0),
        (("skipped",), 0),
        (("failed", "skipped"), 1),
        (("timeout",), 1),
        (("blocked", "failed"), 7),
        (("approval", "failed"), 7),
        (("failed", "doubt", "blocked"), 5),
    ],
)
def test_of_several_troubles_the_first_in_precedence_counts(kinds: tuple[str, ...], code: int) -> None:
    assert exits.of_result(RunResult(tuple(Trouble("dub/e1", kind, "why") for kind in kinds))) == code


def test_an_interrupted_run_ends_with_130_whatever_else_happened() -> None:
    assert exits.of_result(RunResult((Trouble("dub/e1", "doubt", "why"),), interrupted=True)) == 130


def test_what_was_blocked_by_a_doubt_counts_as_doubt() -> None:
    assert exits.of_result(RunResult((Trouble("dub/e1", "blocked", "why", DOUBT),))) == 5


def test_changes_count_only_when_details_are_wanted() -> None:
    assert exits.of_plan(plan_of(a=Verb.CREATE)) == 0
    assert exits.of_plan(plan_of(a=Verb.CREATE), detailed=True) == 2
    assert exits.of_plan(plan_of(a=Verb.NONE), detailed=True) == 0


def test_a_blocked_plan_says_so_before_its_changes() -> None:
    assert exits.of_plan(plan_of(a=Verb.CREATE, b=Verb.BLOCKED), detailed=True) == 7


@pytest.mark.parametrize(
    ("approval", "code"), [("needed", exits.BLOCKED), ("later", exits.DONE), ("given", exits.DONE)]
)
def test_a_plan_ends_as_blocked_where_somebody_can_approve_something_now(approval: str, code: int) -> None:
    change = Change("dub", "dub", "acme.dub", Verb.CREATE, "new", approval=approval)

    assert exits.of_plan(Plan("season", {"dub": change})) == code
