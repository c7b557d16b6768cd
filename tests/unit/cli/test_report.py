"""`runner report cost`."""

import csv
import io
import json
from pathlib import Path

import pytest


@pytest.fixture
def paid(runner, folder: Path):
    file = folder / "season.yaml"
    file.write_text(file.read_text() + "    labels: {episode: '${{ each.id }}'}\n")
    assert runner("apply", "--sandbox=fresh", "--auto-approve", "--speed", "1200").code == 0
    return runner


def test_the_cost_of_each_episode_is_told_by_its_label(paid) -> None:
    ended = paid("report", "cost", "--sandbox", "--by", "label.episode", "--csv")

    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert [(row["label.episode"], row["provider"], row["calls"], row["source"]) for row in rows] == [
        ("e1", "dubformer", "1", "receipt"),
        ("e2", "dubformer", "1", "receipt"),
    ]


def test_programs_get_the_same(paid) -> None:
    told = json.loads(paid("report", "cost", "--sandbox", "--by", "job", "--json").out)

    assert told["sums"][0]["group"] == {"job": "dub"}
    assert told["sums"][0]["calls"] == 2


def test_nothing_to_group_by_is_wrong_usage(runner) -> None:
    ended = runner("report", "cost", "--by", "episode")

    assert ended.code == 64
    assert "job, address, uses, month or label.NAME" in ended.err


def test_before_the_first_run_nothing_was_paid(runner) -> None:
    assert runner("report", "cost").out == "Nothing was paid yet.\n"
