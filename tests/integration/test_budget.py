"""Money: what no budget allows is not sent, whatever else goes wrong on the way."""

import json

import pytest
from applying import ROWS, SEASON, SHORT, captured, fault

FIVE = tuple(f"e{number}" for number in range(5))


def with_budget(budget: str, text: str = SEASON) -> str:
    return text.replace("jobs:\n", f"providers: {{dubformer: {{budget: {budget}}}}}\njobs:\n", 1)


def test_so_many_calls_and_the_rest_is_blocked(stage) -> None:
    season = stage(with_budget("{calls: 2}"), ids=FIVE)

    ended = season.apply()
    again = season.apply()

    assert ended.code == 7, ended.all
    assert len(season.paid()) == 2
    assert len(season.saved()) == 2
    assert "the budget of dubformer is 2 calls" in ended.out
    assert again.code == 7, again.all
    assert len(season.paid()) == 2


def test_so_many_minutes_by_estimates(stage) -> None:
    season = stage(with_budget("{minutes: 7}", SEASON + "    cost: {minutes: 3}\n"), ids=FIVE)

    ended = season.apply()

    assert ended.code == 7, ended.all
    assert season.paid() == {"e0": 1, "e1": 1}


def test_without_an_estimate_minutes_are_overshot_by_what_is_in_flight_at_most(stage) -> None:
    season = stage(with_budget("{minutes: 7}").replace("budget:", "max_in_flight: 1, budget:"), ids=FIVE)

    ended = season.apply()

    assert ended.code == 7, ended.all
    assert 3 <= len(season.paid()) <= 4, ended.all
    assert season.apply().code == 7


def test_what_would_tolerate_a_failure_waits_for_what_no_budget_allows(stage) -> None:
    text = with_budget("{minutes: 7}").replace("budget:", "max_in_flight: 1, budget:")
    behind = """\
  batch:
    uses: revoice.batch
    for_each: ${{ data.episodes }}
    with: {projectId: 6f1c2b1e, name: "batch ${{ each.id }}", languageCode: fr-FR,
           scriptPath: "https://files.example.com/${{ jobs.dub[each.key].outputs.id | default('none') }}.docx"}
"""
    season = stage(text + behind, ids=FIVE)

    ended = season.apply()

    made = set(season.paid())
    assert ended.code == 7, ended.all
    assert 3 <= len(made & set(FIVE)) <= 4
    assert made == {name for one in made & set(FIVE) for name in (one, f"batch {one}")}


@pytest.mark.parametrize(
    "deed",
    [{"drop": "before"}, {"drop": "after"}, {"retry_after": 1}, {"status": 500, "when": "before"}],
    ids=str,
)
def test_a_call_that_is_sent_again_or_adopted_counts_once(stage, deed) -> None:
    season = stage(with_budget("{calls: 2}"), ids=FIVE)
    season.faults(fault("createProject", times=2, **deed), idempotency="ignore")

    ended = season.apply()

    assert ended.code == 7, ended.all
    assert len(season.paid()) == 2
    assert set(season.paid().values()) == {1}


def test_what_is_unsettled_keeps_its_reservation_for_the_next_run(stage) -> None:
    season = stage(with_budget("{calls: 2}"), ids=FIVE)
    season.faults(fault("createProject", times=2, drop="before"), idempotency="ignore")
    season.apply("--no-wait")

    ended = season.apply()

    assert ended.code == 7, ended.all
    assert len(season.paid()) == 2


def test_a_refused_call_costs_nothing(stage) -> None:
    season = stage(with_budget("{calls: 2}"), ids=("bad", "e1", "e2"))
    season.change("target_lang: fr-FR", "target_lang: ${{ \"zz-ZZ\" if each.id == 'bad' else 'fr-FR' }}")
    season.apply()

    season.apply()

    assert season.paid() == {"e1": 1, "e2": 1}


def test_a_replacement_counts_beside_what_it_replaces(stage) -> None:
    season = stage(with_budget("{calls: 2}"), ids=("e1",))
    season.apply()
    season.change("fr-FR", "de-DE")
    second = season.apply("--replace", "*")
    season.change("de-DE", "es-ES")

    third = season.apply("--replace", "*")

    assert second.code == 0, second.all
    assert third.code == 7, third.all
    assert season.paid() == {"e1": 2}


def test_free_calls_do_not_count(stage) -> None:
    season = stage(
        with_budget("{calls: 1}")
        + """\
  fix:
    uses: dubformer.translation
    for_each: ${{ jobs.dub }}
    with:
      id: ${{ jobs.dub[each.key].outputs.id }}
      target_script: [{start_ms: 100, end_ms: 900, text: "Encore", speaker_id: 1}]
      target_speakers: [{speaker_id: 1, voice_key: "soundalike", style: feminine}]
""",
        ids=("e1",),
    )

    ended = season.apply()
    season.change("Encore", "Again")
    again = season.apply()

    assert ended.code == 0, ended.all
    assert again.code == 0, again.all
    assert season.changing()["dubformer.createTranslation"] == 2


def test_rows_of_workbooks_count_as_calls(stage) -> None:
    text = ROWS.replace("jobs:\n", SHORT).replace("{revoice: {", "{revoice: {budget: {calls: 3}, ")
    season = stage(text, ids=FIVE)

    ended = season.apply()

    assert ended.code == 7, ended.all
    assert len(season.paid()) == 3
    assert season.apply().code == 7
    assert len(season.paid()) == 3


def test_a_budget_of_the_run_is_there_again_in_the_next_one(stage) -> None:
    season = stage(SEASON.replace("jobs:\n", "budget: {calls: 2}\njobs:\n"), ids=FIVE)

    codes = [season.apply().code for _ in range(3)]

    assert codes == [7, 7, 0]
    assert season.paid() == dict.fromkeys(FIVE, 1)


def test_money_by_prices_is_held_and_receipts_correct_the_estimates(stage) -> None:
    text = with_budget("{EUR: 4}", SEASON + "    cost: {minutes: 4}\n")
    season = stage(text.replace("budget:", "prices: {minutes: 0.5, currency: EUR}, budget:"), ids=FIVE)

    first = season.apply()  # two by their estimates of 2 EUR; each is really 1.5
    again = season.apply()
    told = season.run("report", "cost")

    assert (first.code, again.code) == (7, 7), first.all + again.all
    assert "Budget: dubformer: 4 EUR; this plan about 4; not enough for 3 more calls" in first.out
    assert season.paid() == {"e0": 1, "e1": 1}
    assert "4 EUR, 3 spent, 1 left; not enough for 3 more calls" in again.out
    assert "6 minutes  about 3 EUR" in told.out


def test_what_the_plan_shows_is_what_apply_does(stage) -> None:
    season = stage(with_budget("{minutes: 7}", SEASON + "    cost: {minutes: 3}\n"), ids=FIVE)
    planned = json.loads(season.run("plan", "--json").out)

    season.apply()

    shown = {one["address"].removeprefix("dub/") for one in planned["changes"] if one["verb"] == "create"}
    assert set(season.paid()) == shown == {"e0", "e1"}
    assert planned["budgets"][0]["planned"] == 6
    assert planned["budgets"][0]["blocked"] == 3


def test_a_saved_plan_is_carried_out_within_its_budget(stage) -> None:
    season = stage(with_budget("{calls: 2}"), ids=FIVE)
    file = season.folder / "plan.json"
    season.run("plan", "--out", str(file))

    shown = captured(["show", str(file)])
    ended = captured(["apply", str(file), "--auto-approve"])

    assert "Budget: dubformer: 2 calls; this plan 2; not enough for 3 more calls" in shown.out
    assert ended.code == 7, ended.all
    assert len(season.paid()) == 2


def test_without_credit_what_is_missing_is_said_and_the_other_provider_goes_on(stage) -> None:
    text = SEASON + "    cost: {minutes: 3}\n"
    season = stage(text.replace("jobs:\n", "providers: {dubformer: {max_in_flight: 1}}\njobs:\n"), ids=FIVE)
    season.faults(balance=7)

    ended = season.apply()
    told = season.apply("--json")

    assert "Missing: dubformer: 3 calls not made, as there is no credit left" in ended.out
    assert "; about 9 minutes needed; balance 1: about 8 more" in ended.out
    assert "Once there is credit, carry on with: runner apply" in ended.out
    (missing,) = json.loads(told.out.splitlines()[-1])["missing"]
    assert (missing["calls"], missing["amount"], missing["balance"]) == (3, 9, 1)
