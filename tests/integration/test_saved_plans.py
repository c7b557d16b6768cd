"""Saved plans: carried out exactly, once, and only while nothing that they were made from has moved."""

import json

import pytest
from applying import SEASON, captured, episodes
from jsonschema import Draft202012Validator

from runner.api.openapi.schemas import schema_text

LOOKING = """\
version: 1
name: season
jobs:
  voices: {uses: dubformer.voices}
  dub:
    uses: dubformer.project
    with:
      name: ${{ (jobs.voices.outputs.voices["fr-FR"] | first).name }}
      source_lang: en
      target_lang: fr-FR
      source_video_url: https://cdn.example.com/e1.mp4?minutes=3
"""


def saved(season, *words: str) -> dict:
    ended = season.run("plan", "--out", str(season.folder / "plan.json"), *words)
    assert ended.code in (0, 2), ended.all
    return json.loads((season.folder / "plan.json").read_text())


def carried(season, *words: str):
    return captured(["apply", str(season.folder / "plan.json"), "--speed", str(season.speed), *words])


def test_exactly_the_saved_plan_is_carried_out_without_asking(stage) -> None:
    season = stage(SEASON, ids=("e1", "e2", "e3"))
    saved(season, "--limit", "1")

    ended = carried(season)

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 1}


def test_a_saved_plan_has_the_published_shape(stage) -> None:
    plan = saved(stage(SEASON))

    Draft202012Validator(json.loads(schema_text("plan.schema.json"))).validate(plan)
    assert sorted(plan["saved"]["basis"]["files"]) == ["episodes.csv"]
    assert plan["saved"]["file"] == "season.yaml"


def test_a_saved_plan_shows_and_carries_out_what_moved(stage) -> None:
    season = stage(SEASON, ids=("e1", "e2"))
    season.apply("--limit", "1")
    season.change("  dub:\n", "  voice:\n")
    season.change("jobs:\n", "moved: [{from: dub, to: voice}]\njobs:\n")

    plan = saved(season)
    ended = carried(season)

    assert plan["moved"] == [{"from": "dub/e1", "to": "voice/e1"}]
    assert ended.code == 0, ended.all
    assert "  dub/e1 → voice/e1" in ended.out
    assert (season.paid(), sorted(season.state().instances)) == ({"e1": 1, "e2": 1}, ["voice/e1", "voice/e2"])


def test_a_plan_that_was_applied_is_refused(stage) -> None:
    season = stage(SEASON)
    saved(season)
    carried(season)

    again = carried(season)

    assert again.code == 6
    assert "this plan was applied before: 20" in again.err
    assert season.paid() == {"e1": 1, "e2": 1}


def test_one_byte_of_a_data_file_is_enough_and_the_file_is_named(stage) -> None:
    season = stage(SEASON)
    saved(season)
    with (season.folder / "episodes.csv").open("a") as table:
        table.write("\n")

    ended = carried(season)

    assert ended.code == 6
    assert "this plan is stale: episodes.csv has changed" in ended.err
    assert season.paid() == {}


def test_a_changed_manifest_is_named(stage) -> None:
    season = stage(SEASON)
    saved(season)
    season.change("minutes=3", "minutes=4")

    ended = carried(season)

    assert ended.code == 6
    assert "the manifest, or a var given for it, has changed" in ended.err


def test_a_state_that_moved_on_is_named_with_who_moved_it(stage) -> None:
    season = stage(SEASON, ids=("e1", "e2"))
    saved(season)
    season.apply("--limit", "1")

    ended = carried(season)

    assert ended.code == 6
    assert "the state has moved on since this plan was made: `runner apply` at 20" in ended.err
    assert season.paid() == {"e1": 1}


def test_another_environment_is_noticed(stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDN", "https://cdn.example.com")
    season = stage(SEASON.replace("https://cdn.example.com", "${{ env.CDN }}"))
    saved(season)
    monkeypatch.setenv("CDN", "https://elsewhere.example.com")

    ended = carried(season)

    assert ended.code == 6
    assert "the inputs of dub/e1, dub/e2 are not those of the plan" in ended.err


def test_a_file_that_went_since_is_not_fetched_behind_the_plans_back(stage) -> None:
    season = stage(SEASON, ids=("e1",))
    season.apply()
    season.write("episodes.csv", episodes("e1", "e2"))
    saved(season)
    (season.folder / "out/e1.mp4").unlink()

    ended = carried(season)

    assert ended.code == 6
    assert (
        "dub/e1: none (done) in the plan, download (out/e1.mp4 is not here as it was saved) now" in ended.err
    )


def test_what_lookups_answered_then_is_what_is_sent(stage) -> None:
    season = stage(LOOKING)
    plan = saved(season)
    season.faults({"match": {"operation": "getVoices"}, "times": 9, "do": {"status": 500}})

    ended = carried(season)

    name = plan["saved"]["observed"]["lookups"]["voices"]["voices"]["fr-FR"][0]["name"]
    assert ended.code == 0, ended.all
    assert season.paid() == {name: 1}


def test_options_beside_a_saved_plan_are_refused(stage) -> None:
    season = stage(SEASON)
    saved(season)

    assert carried(season, "--limit", "1").code == 64
    assert carried(season, "--var", "a=b").code == 64


def test_vars_given_to_plan_hold_for_its_apply(stage) -> None:
    season = stage(
        SEASON.replace("jobs:\n", "vars: {target: fr-FR}\njobs:\n").replace(
            "target_lang: fr-FR", "target_lang: ${{ vars.target }}"
        ),
        ids=("e1",),
    )
    saved(season, "--var", "target=de-DE")

    assert carried(season).code == 0
    assert season.state().instances["dub/e1"].inputs["target_lang"] == "de-DE"


def test_a_secret_among_the_vars_is_not_saved(stage) -> None:
    season = stage(
        "version: 1\nname: season\nvars: {key: ''}\nproviders: {dubformer: {auth: {token: '${{ vars.key }}'}}}\n"
        + SEASON[SEASON.index("data:") :],
        ids=("e1",),
    )
    file = season.folder / "plan.json"

    ended = captured(
        [
            "plan",
            "-f",
            str(season.folder / "season.yaml"),
            "--offline",
            "--out",
            str(file),
            "--var",
            "key=canary",
        ]
    )

    assert (ended.code, file.exists()) == (64, False), ended.all
    assert "the var key is a secret, and no plan holds one" in ended.err
    assert "${{ env.KEY }}" in ended.err


def test_a_saved_plan_is_shown_as_it_was_made(stage) -> None:
    season = stage(SEASON)
    planned = season.run("plan", "--out", str(season.folder / "plan.json"))
    season.write("episodes.csv", episodes("other"))

    shown = captured(["show", str(season.folder / "plan.json")])

    assert shown.code == 0
    assert shown.out == planned.out


def test_the_commands_of_a_shown_plan_name_its_manifest(stage) -> None:
    season = stage(SEASON, ids=("e1",))
    season.create_by_hand("e1")
    planned = season.run("plan", "--out", str(season.folder / "plan.json"), "--out-dir", "media")

    shown = captured(["show", str(season.folder / "plan.json")])

    assert "runner import -f " in shown.out
    assert shown.out == planned.out


def test_a_plan_is_known_by_what_it_holds_whatever_its_name(stage) -> None:
    season = stage(SEASON, ids=("e1",))
    file = str(season.folder / "season.plan")
    season.run("plan", "--out", file)

    ended = captured(["apply", file, "--speed", str(season.speed)])

    assert (ended.code, season.paid()) == (0, {"e1": 1}), ended.all


def test_a_plan_that_lies_elsewhere_says_where_its_manifest_was_sought(stage, tmp_path) -> None:
    season = stage(SEASON, ids=("e1",))
    saved(season)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (season.folder / "plan.json").rename(elsewhere / "plan.json")

    ended = captured(["apply", str(elsewhere / "plan.json")])

    assert (ended.code, season.paid()) == (6, {})
    assert "and nothing is there — put it where `runner plan --out` wrote it" in ended.err


def test_a_file_that_is_no_plan_is_told(stage) -> None:
    season = stage(SEASON)
    plan = season.folder / "plan.json"
    plan.write_text('{"saved": {}, "version": 1}')

    ended = carried(season)

    assert ended.code == 3
    assert "its saved plan cannot be read" in ended.err


def test_no_signed_address_stands_in_a_plan(stage) -> None:
    signed = "https://cdn.example.com/e.mp4?X-Amz-Expires=60&X-Amz-Signature=abcdef0123"
    season = stage(
        SEASON.replace("https://cdn.example.com/${{ each.id }}.mp4?minutes=3", signed), ids=("e1",)
    )
    season.apply()
    season.change("X-Amz-Signature=abcdef0123", "X-Amz-Signature=fedcba3210")

    plan = season.run("plan", "--out", str(season.folder / "plan.json"), "--json")

    text = (season.folder / "plan.json").read_text()
    assert "dub/e1" in text
    assert "fedcba3210" not in text + plan.out
    assert "abcdef0123" not in text + plan.out
