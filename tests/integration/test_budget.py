"""Money: what no budget allows is not sent, whatever else goes wrong on the way."""

import pytest
from applying import ROWS, SEASON, SHORT, fault

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
