"""One item's trouble stays its own; what failed is made anew only with consent."""

from applying import SEASON
from seasons import AGAIN, DUB, HEAD

TEN = tuple(f"e{number}" for number in range(10))

REFUSED = DUB.replace(
    "target_lang: fr-FR", 'target_lang: ${{ "fr-FR" if each.id != "refused" else "zz-ZZ" }}'
)
CHAINED = f"{HEAD}jobs:\n{REFUSED}{AGAIN}"


def test_of_ten_one_fails_and_one_is_refused_and_the_others_finish(stage) -> None:
    season = stage(CHAINED, ids=(*TEN[:8], "fail", "refused"))

    ended = season.apply()

    assert ended.code == 1, ended.all
    assert season.saved() == {f"out/{id}.mp4" for id in TEN[:8]}
    assert season.paid() == dict.fromkeys((*TEN[:8], "fail"), 1) | {f"again {id}": 1 for id in TEN[:8]}
    phases = season.phases()
    assert (phases["dub/fail"], phases["dub/refused"]) == ("failed", "refused")
    assert "again/fail" not in phases


def test_what_waits_for_trouble_is_told_once(stage) -> None:
    season = stage(CHAINED, ids=("e1", "fail"))

    ended = season.apply()

    assert ended.code == 1, ended.all
    assert ended.out.count("again/fail") == 2, ended.all  # in the plan, and at the end


def test_a_failure_waits_for_consent_and_the_command_in_the_hint_gives_it(stage) -> None:
    season = stage(ids=("e1", "fail"))
    season.apply()
    season.change("https://cdn.example.com/${{ each.id }}", "https://cdn.example.com/good-${{ each.index }}")

    blocked = season.apply()
    paid = season.paid()
    ended = season.apply("--retry-failed", "--replace", "dub/e1")

    assert blocked.code == 7, blocked.all
    assert paid == {"e1": 1, "fail": 1}
    assert "--retry-failed" in blocked.out
    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 2, "fail": 2}
    held = season.state().instances["dub/fail"]
    assert (held.generation, held.phase.value, len(held.former)) == (2, "ready", 1)


def test_retry_failed_leaves_finished_work_alone(stage) -> None:
    season = stage(ids=("e1", "fail"))
    season.apply()

    ended = season.apply("--retry-failed")

    assert ended.code == 1, ended.all
    assert season.paid() == {"e1": 1, "fail": 2}


def test_redo_consents_to_so_many_replacements(stage) -> None:
    season = stage(SEASON + "    redo: 1\n", ids=("fail",))

    codes = [season.apply().code for _ in range(3)]

    assert codes == [1, 1, 7]
    assert season.paid() == {"fail": 2}


def test_a_refused_item_is_sent_again_by_the_next_apply_once_it_is_mended(stage) -> None:
    season = stage(ids=("e1", "e2"))
    season.change("target_lang: fr-FR", "target_lang: ${{ \"zz-ZZ\" if each.id == 'e1' else 'fr-FR' }}")
    first = season.apply()
    season.change("zz-ZZ", "fr-FR")

    second = season.apply()

    assert first.code == 1, first.all
    assert second.code == 0, second.all
    assert season.paid() == {"e1": 1, "e2": 1}


def test_replace_makes_a_new_generation_whose_file_replaces_the_old_one(stage) -> None:
    season = stage()
    season.apply()
    old = {name: (season.folder / name).read_bytes() for name in season.saved()}
    season.change("target_lang: fr-FR", "target_lang: de-DE")

    blocked = season.apply()
    ended = season.apply("--replace", "dub/e1")

    assert blocked.code == 7, blocked.all
    assert ended.code == 7, ended.all
    assert season.paid() == {"e1": 2, "e2": 1}
    assert (season.folder / "out/e1.mp4").read_bytes() != old["out/e1.mp4"]
    assert (season.folder / "out/e2.mp4").read_bytes() == old["out/e2.mp4"]
    held = season.state().instances["dub/e1"]
    assert (held.generation, len(held.former)) == (2, 1)


def test_a_lost_answer_of_a_replacement_is_not_mistaken_for_the_former_one(stage) -> None:
    season = stage(ids=("e1",))
    season.apply()
    former = season.state().instances["dub/e1"].id
    season.change("minutes=3", "minutes=4")
    season.faults(
        {"match": {"operation": "createProject"}, "times": 1, "do": {"drop": "before"}}, idempotency="ignore"
    )

    ended = season.apply("--replace", "dub/*")

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 2}
    assert season.state().instances["dub/e1"].id != former


def test_on_failure_stop_sends_nothing_new_and_loses_nothing_that_runs(stage) -> None:
    season = stage(
        SEASON.replace("jobs:\n", "providers: {dubformer: {max_in_flight: 1}}\njobs:\n")
        + "    on_failure: stop\n",
        ids=("e1", "refused", *(f"later{number}" for number in range(30))),
    )
    season.change("target_lang: fr-FR", "target_lang: ${{ \"zz-ZZ\" if each.id == 'refused' else 'fr-FR' }}")

    ended = season.apply()

    assert ended.code == 1, ended.all
    assert "e1" in season.paid()
    assert len(season.paid()) < 20
    assert season.saved() == {f"out/{id}.mp4" for id in season.paid()}
    assert "on_failure: stop" in ended.out
    season.change("zz-ZZ", "fr-FR")
    assert season.apply().code == 0
    assert set(season.paid().values()) == {1}
