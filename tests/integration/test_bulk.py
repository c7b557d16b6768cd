"""Rows of workbooks: each has its own outcome, and a lost answer to the whole request loses and doubles none."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from applying import ROWS, SHORT, Stage, fault

FIVE = tuple(f"e{number}" for number in range(5))
ONCE = dict.fromkeys(FIVE, 1)


@pytest.fixture
def rows(stage: Callable[..., Stage]) -> Callable[..., Stage]:
    """A season of rows; `extra` stands below `uses`."""

    def make(ids: tuple[str, ...] = FIVE, manifest: str = ROWS, **named: object) -> Stage:
        return stage(manifest.replace("jobs:\n", SHORT), ids=ids, **named)

    return make


def test_rows_travel_in_one_request_and_end_one_by_one(rows) -> None:
    season = rows()

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == ONCE
    assert season.changing() == {"revoice.createBulk": 1}
    assert set(season.phases().values()) == {"ready"}
    assert season.apply().out == "Nothing to do: 5 unchanged.\n"


def test_rows_of_other_settings_travel_in_another_workbook(rows) -> None:
    settings = '      settings: {noOfAlternativeTakes: "${{ each.index % 2 }}"}\n'
    season = rows(manifest=ROWS + settings)

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == ONCE
    assert season.changing() == {"revoice.createBulk": 2}


def test_a_full_workbook_is_sent_and_another_begun(rows) -> None:
    season = rows(manifest=ROWS.replace("bulk: true", "bulk: {size: 2}"))

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == ONCE
    assert season.changing() == {"revoice.createBulk": 3}


def test_a_refused_row_is_its_own_trouble_and_is_sent_again_once_it_is_mended(rows) -> None:
    season = rows(ids=("e1", "fail-row", "e3"))

    ended = season.apply()
    season.change("name: ${{ each.id }}", "name: ${{ each.id | replace('fail-row', 'mended') }}")
    again = season.apply()

    assert ended.code == 1, ended.all
    assert "batch/fail-row" in ended.out
    assert "the row was refused" in ended.out
    assert again.code == 0, again.all
    assert season.paid() == {"e1": 1, "mended": 1, "e3": 1}


@pytest.mark.parametrize(
    "deed",
    [
        {"drop": "after"},
        {"drop": "before"},
        {"status": 500, "when": "after"},
        {"status": 502, "when": "before"},
        {"garbage": True},
        {"truncate": True},
        {"html": 200, "when": "after"},
        {"retry_after": 1},
    ],
    ids=str,
)
def test_a_lost_answer_of_the_request_loses_and_doubles_no_row(rows, deed) -> None:
    season = rows()
    season.faults(fault("createBulk", **deed))

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == ONCE
    assert set(season.phases().values()) == {"ready"}


def test_rows_of_a_lost_request_that_cannot_be_found_are_in_doubt_when_others_can(rows) -> None:
    season = rows(ids=("e1", "fail-row", "e3"))
    season.faults(fault("createBulk", drop="after"))

    ended = season.apply()

    assert ended.code == 5, ended.all
    assert season.paid() == {"e1": 1, "e3": 1}
    assert season.phases()["batch/fail-row"] == "doubt"
    assert season.phases()["batch/e1"] == "ready"
    season.faults()
    season.run("resolve", "batch/fail-row", "--abandon")
    season.change("name: ${{ each.id }}", "name: ${{ each.id | replace('fail-row', 'mended') }}")
    again = season.apply()
    assert again.code == 0, again.all
    assert season.paid() == {"e1": 1, "e3": 1, "mended": 1}


def test_a_name_that_repeats_is_a_problem_before_anything_is_sent(rows) -> None:
    season = rows(manifest=ROWS.replace("name: ${{ each.id }}", "name: the same"))

    ended = season.apply()

    assert ended.code == 3, ended.all
    assert season.paid() == {}


def test_a_row_whose_name_exists_already_is_blocked_and_the_others_are_sent(rows) -> None:
    season = rows()
    season.apply()
    season.lose_state()
    season.write("episodes.csv", "id\n" + "\n".join((*FIVE, "new")))

    blocked = season.apply()
    imported = season.run("import", "--match", "batch/*")
    after = season.apply()

    assert blocked.code == 7, blocked.all
    assert season.paid() == ONCE | {"new": 1}
    assert "5 instances taken over" in imported.out, imported.all
    assert after.code == 0, after.all
    assert season.paid() == ONCE | {"new": 1}


def test_a_group_that_is_left_open_is_taken_up_by_the_next_apply(rows) -> None:
    season = rows(speed=100.0)

    first = season.apply("--no-wait")
    second = season.apply()

    assert first.code == 0, first.all
    assert "5 still running" in first.out
    assert second.code == 0, second.all
    assert season.paid() == ONCE
    assert season.changing() == {"revoice.createBulk": 1}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_group_whose_answer_was_lost_in_a_run_that_ended_is_settled_by_the_next(rows, when) -> None:
    season = rows()
    season.faults(fault("createBulk", drop=when))

    first = season.apply("--no-wait")
    held = set(season.phases().values())
    second = season.apply()

    assert first.code == 0, first.all
    assert held <= {"unsettled", "running"}
    assert second.code == 0, second.all
    assert season.paid() == ONCE


def test_new_rows_join_without_touching_the_old_ones(rows) -> None:
    season = rows()
    season.apply()
    season.write("episodes.csv", "id\n" + "\n".join((*FIVE, "e5", "e6")))

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert "2 rows in at most 1 request" in ended.out
    assert season.paid() == ONCE | {"e5": 1, "e6": 1}


def test_rows_behind_dubs_wait_for_them_and_a_failed_dub_holds_up_nobody(stage) -> None:
    season = stage(
        ROWS.replace(
            "jobs:\n",
            SHORT
            + """\
  dub:
    uses: dubformer.project
    for_each: ${{ data.episodes }}
    with: {name: "dub ${{ each.id }}", source_lang: en, target_lang: fr-FR,
           source_video_url: "https://cdn.example.com/${{ each.id }}.mp4?minutes=1"}
""",
        )
        .replace("for_each: ${{ data.episodes }}\n    with:\n", "for_each: ${{ jobs.dub }}\n    with:\n")
        .replace(
            "languageCode: fr-FR",
            "languageCode: fr-FR\n      videoPath: ${{ jobs.dub[each.key].outputs.output_video_url }}",
        ),
        ids=("e1", "fail", "e3"),
    )
    began = time.monotonic()

    ended = season.apply()

    assert ended.code == 1, ended.all
    assert season.paid() == {"dub e1": 1, "dub fail": 1, "dub e3": 1, "e1": 1, "e3": 1}, ended.all
    assert time.monotonic() - began < 20


TWIN = """\
  single:
    uses: revoice.batch
    with: {projectId: 6f1c2b1e, name: e1, scriptPath: "https://files.example.com/e1.docx", languageCode: fr-FR}
"""


@pytest.mark.fault(
    "people",
    "a single call and a row of a workbook under one name, and the single's answer is lost",
    sees="a call under its name is under way for single",
    kept={"orders": 5, "facts": ("the next apply sends the row", "each has its own thing there")},
)
def test_a_row_whose_name_a_single_call_has_under_way_is_held_back(rows, fault) -> None:
    season = rows(manifest=ROWS + TWIN)
    season.faults({"match": {"operation": "createBatch"}, "times": 1, "do": {"drop": "before"}})

    ended = season.apply()

    fault.saw(ended.all)
    assert ended.code == 7, ended.all
    fault.kept(orders=sum(season.paid().values()))
    again = season.apply()
    fault.fact("the next apply sends the row", (again.code, season.paid()["e1"]) == (0, 2))
    ids = {season.state().instances[address].id for address in ("single", "batch/e1")}
    fault.fact("each has its own thing there", len(ids) == 2)


def test_a_secret_that_rows_share_stands_in_the_journal_by_its_reference_alone(rows) -> None:
    project = "projectId: ${{ file('project.txt', secret=true) }}"
    season = rows(manifest=ROWS.replace("projectId: 6f1c2b1e", project))
    season.write("project.txt", "6f1c2b1e")
    season.faults({"match": {"operation": "createBulk"}, "times": 1, "do": {"drop": "after"}})

    first = season.apply("--no-wait")
    with closing(sqlite3.connect(f"file:{season.database}?mode=ro", uri=True)) as journal:
        held = [
            *journal.execute("SELECT data FROM events WHERE kind = 'group-intended'"),
            *journal.execute("SELECT data FROM groups"),
        ]
    second = season.apply()

    assert first.code == 0, first.all
    assert len(held) == 2
    assert "6f1c2b1e" not in str(held)
    assert "file:project.txt" in str(held)
    assert second.code == 0, second.all
    assert season.paid() == ONCE
