"""Plans and runs as Markdown: whole where they fit, honest about the rest where they do not."""

import pytest

from runner.model.plan import Change, Cost, FieldDiff, Plan, Verb
from runner.model.problem import Place, Problem
from runner.model.progress import RunResult, Trouble
from runner.report.markdown import MOST, outcome_markdown, plan_markdown, problems_markdown


def change(number: int, verb: Verb = Verb.CREATE, **more: object) -> Change:
    made: dict[str, object] = {"reason": "new", "paid": True, **more}
    return Change(f"dub/e{number:06}", "dub", "dubformer.project", verb, **made)  # type: ignore[arg-type]


def plan_of(*changes: Change, **more: object) -> Plan:
    return Plan("season", {one.address: one for one in changes}, **more)  # type: ignore[arg-type]


def test_counts_and_costs_beside_the_balance_come_first() -> None:
    plan = plan_of(
        change(1, cost=Cost(1272, "minutes")), balances={"dubformer": Cost(12, "minutes", estimate=False)}
    )

    lines = plan_markdown(plan).splitlines()

    assert lines[0] == "### `season`: Plan: 1 to create."
    cost = "- Cost: dubformer: 1 paid call, about 1,272 minutes; balance 12 minutes: not enough, about 1,260 missing"
    assert lines[2] == cost


def test_what_is_blocked_comes_first_and_stands_open_with_what_to_type() -> None:
    plan = plan_of(
        change(1), change(2, Verb.BLOCKED, reason="needs consent", command="runner accept dub/e000002")
    )

    text = plan_markdown(plan)

    assert text.index("blocked (1)") < text.index("create (1)")
    assert "<details open><summary>blocked (1)</summary>" in text
    assert "runner accept dub/e000002" in text


def test_what_waits_for_approval_comes_first_and_only_once() -> None:
    gated = change(
        2, reason="new; waits for approval", command="runner approve 'dub/e000002'", approval="needed"
    )

    text = plan_markdown(plan_of(change(1), gated))

    assert "### `season`: Plan: 2 to create; 1 waits for approval." in text
    assert "<details open><summary>waits for approval (1)</summary>" in text
    assert "<details><summary>create (1)</summary>" in text
    assert text.count("dub/e000002") == 2  # the change, and the command


def test_a_replacement_shows_what_changed_as_a_diff() -> None:
    diff = (FieldDiff("glossary_content:3", "Ella", "Ellen"),)

    text = plan_markdown(plan_of(change(1, Verb.REPLACE, diff=diff)))

    assert "-       Ella\n+       Ellen\n" in text


@pytest.mark.parametrize("count", [1, 10, 2_000, 20_000])
def test_it_never_exceeds_the_most_and_counts_what_it_left_out(count: int) -> None:
    plan = plan_of(*[change(number, reason="x" * (number % 90)) for number in range(count)])

    text = plan_markdown(plan)

    shown = text.count("+ create dub/")
    assert len(text) <= MOST
    assert text.count("<details") == text.count("</details>")
    assert text.count("```") % 2 == 0
    assert shown == count or f"_{count - shown:,} entries left out: `runner plan --verbose`" in text


@pytest.mark.parametrize("most", range(400, 1_200, 37))
def test_every_size_holds_whatever_is_cut(most: int) -> None:
    plan = plan_of(
        *[change(number, Verb(verb)) for number, verb in enumerate(["create", "blocked", "call"] * 9)]
    )

    assert len(plan_markdown(plan, most=most)) <= most


def test_a_fence_is_longer_than_any_in_what_it_holds() -> None:
    text = plan_markdown(plan_of(change(1, reason="has ``` inside")))

    assert "````diff\n" in text


def test_names_cannot_become_markup() -> None:
    assert "\\<b\\>" in outcome_markdown("season", RunResult(paid={"<b>": {"calls": 1}}))


def test_a_run_tells_its_troubles_by_kind() -> None:
    troubles = (
        Trouble("dub/a", "refused", "no such voice"),
        Trouble("dub/b", "doubt", "?", "runner resolve dub/b"),
    )

    text = outcome_markdown("season", RunResult(troubles=troubles, done=3, seconds=2.0))

    assert "### `season`: Finished in 2.0 s: 3 done, 2 troubles." in text
    assert "<summary>refused (1)</summary>" in text
    assert "runner resolve dub/b" in text


def test_problems_are_told_with_their_lines() -> None:
    problem = Problem("unknown-use", "there is none", Place("a.yaml", 3, 5), "mend it", "  uses: nobody")

    text = problems_markdown("a.yaml", [problem])

    assert text.startswith("### `a.yaml`: 1 problem\n")
    assert "a.yaml:3:5: there is none — mend it" in text
    assert problems_markdown("a.yaml", []) == "### `a.yaml`: valid\n"
