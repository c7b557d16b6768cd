"""The check as a whole: what it lets pass, and what it tells once."""

import pytest
from folder import Folder
from python_calamine import CalamineWorkbook

from runner.compile.instances.local import Artifact
from runner.engine.machine.files import opened
from runner.model.errors import InvalidInput
from runner.model.graph import Instance
from runner.model.text import PublishedUrl

DUB = """
vars: {cdn: "https://media.example.com"}
data: {e: {file: e.csv}}
jobs:
  dub:
    uses: dubformer.project
    for_each: ${{ data.e }}
    with:
      name: ${{ each.id }}
      source_lang: en
      target_lang: ${{ each.lang }}
      source_video_url: ${{ vars.cdn }}/${{ each.id }}.mp4
      mixing_mode: ${{ each.mode }}
    save: {video: "out/${{ each.key }}.mp4"}
"""
SCRIPTS = """
publish: {directory: pub, base_url: "https://files.example.com/r/"}
data: {l: {file: l.csv, group_by: Episode}}
jobs:
  script:
    uses: workbook.file
    for_each: [ep01]
    with:
      template: revoice-production
      rows: ${{ data.l[each.key] }}
      columns: {ID: "${{ row['Line ID'] }}"}
      ignore: [Episode]
  batch:
    uses: revoice.batch
    for_each: ${{ jobs.script }}
    with: {projectId: p, name: "${{ each.key }}", scriptPath: "${{ jobs.script[each.key].outputs.url }}"}
"""
LINES = "Episode,Line ID,Character,Text_fr-FR\nep01,0001,Mia,Bonjour\nep01,0002,Mia,=1+1\n"


def episodes(folder: Folder, *modes: str) -> None:
    rows = [f"ep{index:02},fr-FR,{mode}" for index, mode in enumerate(modes, 1)]
    folder.write("e.csv", "\n".join(["id,lang,mode", *rows]) + "\n")


def test_sound_work_has_everything_that_a_plan_takes(folder: Folder) -> None:
    episodes(folder, "voiceover_only", "")

    work = folder.check(DUB).work

    assert work is not None
    assert len(work.graph) == 2
    assert work.settings["dubformer"].max_in_flight == 4


def test_an_empty_cell_leaves_an_optional_input_out(folder: Folder) -> None:
    episodes(folder, "")

    assert folder.problems(DUB) == []


def test_a_wrong_value_names_its_items_and_their_place(folder: Folder) -> None:
    episodes(folder, "voiceover_only", "voiceover_onyl", "voiceover_onyl")

    (problem,) = folder.check(DUB).problems

    assert problem.message == (
        '`mixing_mode` cannot be "voiceover_onyl", for items `ep02`, `ep03` (at e.csv:3:1)'
    )
    assert problem.hint == "did you mean `voiceover_only`?"


def test_a_cause_common_to_all_items_is_told_once(folder: Folder) -> None:
    episodes(folder, *["voiceover_only"] * 50)

    assert folder.problems(DUB.replace("target_lang", "target_lnag")) == [
        "`dubformer.project` has no input `target_lnag` — did you mean `target_lang`?"
    ]


def test_an_item_that_is_not_wanted_is_not_judged(folder: Folder) -> None:
    episodes(folder, "voiceover_only", "nonsense")

    assert folder.problems(DUB + '    if: ${{ each.mode != "nonsense" }}\n') == []


def test_what_is_unknown_fits_anywhere(folder: Folder) -> None:
    problems = folder.problems(
        """
        jobs:
          a: {uses: dubformer.voices}
          b:
            uses: dubformer.project
            with:
              name: n
              source_lang: "${{ jobs.a.outputs.voices }}"
              target_lang: fr-FR
              source_video_url: https://x.example/a.mp4
              mixing_mode: "${{ jobs.a.outputs.voices }}"
        """
    )

    assert problems == []


def test_many_different_problems_of_one_kind_are_counted(folder: Folder) -> None:
    episodes(folder, *[f"mode{number}" for number in range(14)])

    problems = folder.problems(DUB)

    assert len(problems) == 11
    assert "4 more problems of this kind here" in problems


def test_a_workbook_is_known_before_anybody_is_paid(folder: Folder) -> None:
    folder.write("l.csv", LINES)
    work = folder.check(SCRIPTS).work
    assert work is not None

    made = work.evaluator.artifact(work.graph.instances["script/ep01"], lambda _: None)
    inputs = work.evaluator.inputs(work.graph.instances["batch/ep01"], lambda _: None)

    assert isinstance(made, Artifact)
    assert made.name == f"script-ep01-{made.content.sha256[:12]}.xlsx"
    assert inputs["scriptPath"] == f"https://files.example.com/r/{made.name}"
    assert isinstance(inputs["scriptPath"], PublishedUrl)
    assert inputs["scriptPath"].sha256 == made.content.sha256


def test_the_same_rows_make_the_same_workbook_and_its_cells_are_text(folder: Folder) -> None:
    folder.write("l.csv", LINES)

    first, second = folder.check(SCRIPTS).work, folder.check(SCRIPTS).work
    assert first is not None
    assert second is not None
    one, other = (
        work.evaluator.artifact(work.graph.instances["script/ep01"], lambda _: None)
        for work in (first, second)
    )

    assert isinstance(one, Artifact)
    assert isinstance(other, Artifact)
    assert one.content == other.content
    cells = CalamineWorkbook.from_filelike(opened(one.content)).get_sheet_by_index(0).to_python()
    headings = {heading: index for index, heading in enumerate(cells[0])}
    assert [row[headings["ID"]] for row in cells[1:]] == ["0001", "0002"]
    assert cells[2][headings["Text_FR-FR"]] == "=1+1"


def test_a_row_that_meets_no_column_is_told_with_its_line(folder: Folder) -> None:
    folder.write("l.csv", LINES.replace("Character", "Charactre"))

    problems = folder.check(SCRIPTS).problems

    assert [(str(one.where).rsplit("/", 1)[-1], one.code) for one in problems][:1] == [
        ("l.csv:2:1", problems[0].code)
    ]
    assert "Charactre" in problems[0].message


def test_an_artifact_that_cannot_be_made_says_why(folder: Folder) -> None:
    folder.write("l.csv", LINES)
    work = folder.check(SCRIPTS).work
    assert work is not None

    with pytest.raises(InvalidInput) as refused:
        work.evaluator.artifact(Instance("script/ep09", "script", each=None), lambda _: None)

    assert "each" in refused.value.problems[0].message


def test_two_instances_with_one_path_are_told(folder: Folder) -> None:
    episodes(folder, "", "")

    problems = folder.problems(DUB.replace('${{ each.key }}.mp4"}', 'all.mp4"}'))

    assert problems == [
        "several instances would write to `out/all.mp4`, first `dub/ep01`, for item `dub/ep02` — "
        "put `${{ each.key }}` into it"
    ]


def test_rows_of_a_bulk_request_have_names_of_their_own(folder: Folder) -> None:
    problems = folder.problems(
        """
        publish: {directory: published, base_url: "https://files.example.com/"}
        jobs:
          batch:
            uses: revoice.batch
            bulk: true
            for_each: [ep01, ep02]
            with: {projectId: p, name: "Episode ", scriptPath: "https://x.example/${{ each.key }}.xlsx"}
        """
    )

    assert problems == [
        '`name` of several rows is "Episode ", first of `batch/ep01`, for item `ep02` — '
        "results are matched by it: make it different in each, with `${{ each.key }}`"
    ]


def test_the_budget_of_a_run_is_evaluated(folder: Folder) -> None:
    work = folder.check(
        'vars: {most: 5}\nbudget: {minutes: "${{ vars.most * 2 }}"}\njobs: {a: {uses: dubformer.voices}}'
    ).work

    assert work is not None
    assert work.budget == {"minutes": 10.0}


def test_a_label_that_cannot_be_read_is_a_problem_of_validate(folder: Folder) -> None:
    episodes(folder, "voiceover_only", "")

    checked = folder.check(DUB + '    labels: {season: "1", episode: "${{ each.number }}"}\n')

    assert checked.work is None
    assert [(problem.code, "number" in problem.message) for problem in checked.problems[:1]] == [
        ("unknown-field", True)
    ]
