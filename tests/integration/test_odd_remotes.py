"""Remotes that behave oddly: slow lists, storms of 429, things deleted there, names that several share."""

import pytest
from applying import SEASON, fault

TWINS = SEASON + SEASON[SEASON.index("  dub:") :].replace("  dub:", "  twin:").replace(
    "fr-FR", "de-DE"
).replace("out/", "out/twin/")
MANY = tuple(f"e{number:02}" for number in range(30))


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_list_that_shows_things_late_does_not_lead_to_a_second_order(stage, when) -> None:
    season = stage(ids=("e1",))
    season.faults(fault("createProject", drop=when), idempotency="ignore", lists={"lag": 100})

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 1}


def test_a_storm_of_429_delays_and_loses_nothing(stage) -> None:
    season = stage(ids=MANY)
    season.faults(
        {"match": {"operation": "createProject"}, "every": 2, "times": 10, "do": {"retry_after": 0}}
    )

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == dict.fromkeys(MANY, 1)


@pytest.mark.parametrize("deed", [{"drop": "after"}, {"drop": "before"}, {"garbage": True}], ids=str)
def test_things_of_one_name_are_told_apart(stage, deed) -> None:
    season = stage(TWINS)
    season.faults(fault("createProject", times=3, **deed), idempotency="ignore")

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 2, "e2": 2}
    rows = {(row["name"], row["request"]["target_lang"]): row["id"] for row in season.sandbox.ledger()}
    held = {address: one.id for address, one in season.state().instances.items()}
    assert held == {
        f"{job}/{name}": rows[name, lang]
        for job, lang in (("dub", "fr-FR"), ("twin", "de-DE"))
        for name in ("e1", "e2")
    }


def test_what_was_deleted_there_ends_the_wait_and_is_not_paid_again_without_consent(stage) -> None:
    season = stage(ids=("e1", "e2"), speed=200.0)
    season.apply("--no-wait")
    gone = season.state().instances["dub/e1"].id
    season.ask("DELETE", f"/api/v1/projects/{gone}")

    ended = season.apply()
    again = season.apply()

    assert ended.code == 1, ended.all
    assert gone in ended.out
    assert again.code == 1, again.all
    assert season.paid() == {"e1": 1, "e2": 1}
    anew = season.apply("--replace", "dub/e1")
    assert anew.code == 0, anew.all
    assert season.paid() == {"e1": 2, "e2": 1}


def test_one_provider_that_lets_nobody_in_leaves_the_other_alone(stage) -> None:
    season = stage(
        SEASON
        + """\
  batch:
    uses: revoice.batch
    for_each: ${{ data.episodes }}
    with: {projectId: 6f1c2b1e, name: "batch ${{ each.id }}", languageCode: fr-FR,
           scriptPath: "https://files.example.com/${{ each.id }}.docx"}
"""
    )
    season.faults(fault("createToken", times=100, status=401))

    ended = season.apply()
    season.faults()
    again = season.apply()

    assert ended.code == 7, ended.all
    assert season.saved() == {"out/e1.mp4", "out/e2.mp4"}
    assert again.code == 0, again.all
    assert season.paid() == {"e1": 1, "e2": 1, "batch e1": 1, "batch e2": 1}


def test_a_session_that_ends_early_is_renewed_and_nothing_is_sent_twice(stage) -> None:
    season = stage(
        """\
version: 1
name: season
data: {episodes: {file: episodes.csv}}
jobs:
  batch:
    uses: revoice.batch
    for_each: ${{ data.episodes }}
    with: {projectId: 6f1c2b1e, name: "${{ each.id }}", languageCode: fr-FR,
           scriptPath: "https://files.example.com/${{ each.id }}.docx"}
"""
    )
    season.faults(fault("createBatch", status=401), fault("listBatches", status=401))

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 1, "e2": 1}


def test_reads_that_fail_now_and_then_trouble_nobody(stage) -> None:
    season = stage(ids=MANY[:10])
    season.faults(
        {"match": {"operation": "getProject"}, "every": 3, "do": {"status": 502}},
        {"match": {"operation": "listProjects"}, "skip": 2, "every": 2, "do": {"drop": "before"}},
        {"match": {"operation": "getResult"}, "every": 4, "do": {"drop": "before"}},
    )

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert len(season.saved()) == 10
    assert season.paid() == dict.fromkeys(MANY[:10], 1)


def test_a_renamed_job_is_not_paid_for_twice(stage) -> None:
    season = stage()
    season.apply()
    season.change("  dub:", "  voiced:")

    ended = season.apply()

    assert ended.code == 7, ended.all
    assert "runner state mv" in ended.out
    assert season.paid() == {"e1": 1, "e2": 1}
