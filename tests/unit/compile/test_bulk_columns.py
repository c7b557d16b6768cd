"""Rows of a bulk job that differ in settings: in workbooks of their own, or in columns of one."""

from typing import Any

import pytest
from folder import Folder
from python_calamine import CalamineWorkbook

from runner.compile.checks.work import Work
from runner.compile.planning.plan import plan
from runner.compile.planning.workbooks import workbooks
from runner.engine.machine.files import opened
from runner.model.observation import Observations
from runner.model.state import State
from runner.model.wishes import Wishes

BATCH = """
publish: {directory: pub, base_url: "https://files.example.com/"}
data: {e: {file: e.csv}}
jobs:
  batch:
    uses: revoice.batch
    bulk: BULK
    for_each: ${{ data.e }}
    with:
      projectId: ${{ each.project }}
      name: ${{ each.id }}
      scriptPath: https://x.example/${{ each.id }}.xlsx
      settings: {noOfAlternativeTakes: "${{ each.takes | int }}", importText: "${{ each.text == 'yes' or none }}"}
"""
ROWS = "id,project,takes,text\nep01,P,1,yes\nep02,P,2,\nep03,P,2,\nep04,Q,1,yes\n"


def work_of(folder: Folder, bulk: str) -> Work:
    folder.write("e.csv", ROWS)
    work = folder.check(BATCH.replace("BULK", bulk)).work
    assert work is not None
    return work


def sheets(work: Work) -> list[list[list[Any]]]:
    """The rows of each workbook that the manifest makes."""
    return [
        CalamineWorkbook.from_filelike(opened(book.content)).get_sheet_by_index(0).to_python()
        for book in workbooks(work, lambda address: None).built
    ]


def most(work: Work) -> int:
    (bulk,) = plan(work, State(), Observations(), Wishes()).bulk
    return bulk.most


def test_rows_that_differ_in_settings_have_workbooks_of_their_own(folder: Folder) -> None:
    work = work_of(folder, "true")

    names = [[row[0] for row in sheet[1:]] for sheet in sheets(work)]

    assert names == [["ep01"], ["ep02", "ep03"], ["ep04"]]
    assert most(work) == 3


def test_settings_in_columns_let_them_share_one_as_far_as_the_project_is_the_same(folder: Folder) -> None:
    work = work_of(folder, "{columns: [settings]}")

    first, second = sheets(work)

    head = ["batch_name", "video_path", "script_path", "LANGUAGE_CODE", "noOfAlternativeTakes", "importText"]
    assert first == [
        head,
        ["ep01", "", "https://x.example/ep01.xlsx", "", 1.0, True],
        ["ep02", "", "https://x.example/ep02.xlsx", "", 2.0, ""],
        ["ep03", "", "https://x.example/ep03.xlsx", "", 2.0, ""],
    ]
    assert [row[0] for row in second[1:]] == ["ep04"]
    assert most(work) == 2


def test_columns_and_a_size_go_together(folder: Folder) -> None:
    assert most(work_of(folder, "{columns: [settings], size: 2}")) == 3


@pytest.mark.parametrize(
    ("name", "hint"), [("projectId", "known: `settings`"), ("setings", "did you mean `settings`?")]
)
def test_what_has_no_columns_is_told(folder: Folder, name: str, hint: str) -> None:
    folder.write("e.csv", ROWS)

    problems = folder.problems(BATCH.replace("BULK", f"{{columns: [settings, {name}]}}"))

    assert problems == [f"rows of `revoice.batch` that differ in `{name}` cannot share a workbook — {hint}"]


def test_every_template_of_a_provider_is_there_for_the_check() -> None:
    from runner.api.catalogue import Catalogue
    from runner.api.vocabulary.lifedata import Resource
    from runner.compile.checks.bulk import movable

    catalogue = Catalogue()
    held = [
        kind.bulk
        for name in catalogue.names()
        for kind in catalogue.provider(name).resources.values()
        if isinstance(kind, Resource) and kind.bulk is not None
    ]
    assert [movable(spec) for spec in held] == [("settings",)]
