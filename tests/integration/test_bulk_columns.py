"""Rows of one bulk request with settings of their own, from the manifest to the API."""

import json

SEASON = """\
version: 1
name: season
data: {episodes: {file: episodes.csv}}
publish: {directory: published, base_url: "https://files.example.com/"}
jobs:
  batch:
    uses: revoice.batch
    bulk: {columns: [settings]}
    for_each: ${{ data.episodes }}
    with:
      projectId: 6f1c2b1e
      name: ${{ each.id }}
      scriptPath: https://x.example/${{ each.id }}.docx
      languageCode: fr-FR
      settings: {noOfAlternativeTakes: "${{ each.id[1:] | int % 3 }}", automaticInference: "${{ each.id == 'e1' }}"}
"""


def test_one_request_carries_rows_of_different_settings_and_each_batch_has_its_own(stage) -> None:
    season = stage(SEASON, ids=("e1", "e2", "e3"))

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.sandbox.requests()["revoice.createBulk"] == 1
    rows = {row["name"]: json.dumps(row["request"], sort_keys=True) for row in season.sandbox.ledger()}
    assert set(rows) == {"e1", "e2", "e3"}
    assert '"automaticInference": true' in rows["e1"]
    assert '"automaticInference": false' in rows["e2"]
    assert [f'"noOfAlternativeTakes": {takes}' in rows[f"e{n}"] for n, takes in ((1, 1), (2, 2), (3, 0))] == [
        True
    ] * 3


def test_a_lost_answer_of_such_a_request_is_settled_without_a_second_one(stage) -> None:
    season = stage(SEASON, ids=("e1", "e2", "e3"))
    season.faults({"match": {"operation": "createBulk"}, "times": 1, "do": {"drop": "after"}})

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 1, "e2": 1, "e3": 1}
