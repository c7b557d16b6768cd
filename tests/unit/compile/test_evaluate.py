"""Inputs, conditions, paths and estimates of instances."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest
from folder import Folder

from runner.compile.instances.evaluate import ABSENT, OutputsView, PartialOutputs
from runner.model.errors import InvalidInput
from runner.model.text import FileText, LocalFile
from runner.model.unknown import Unknown


def seen(**known: Mapping[str, Any]) -> OutputsView:
    return known.get


def inputs(folder: Folder, with_: str, outputs: OutputsView | None = None) -> Any:
    expanded = folder.expand(
        f"""
        vars: {{langs: [fr, de, it], none: null, members: [{{u: 1, l: fr}}, {{u: 2, l: null}}]}}
        jobs:
          up: {{uses: dubformer.project}}
          many: {{uses: dubformer.project, for_each: [x, y]}}
          a: {{uses: dubformer.voices, with: {with_}}}
        """
    )
    return expanded.evaluator.inputs(expanded.graph.instances["a"], outputs or seen())


def test_null_is_left_out_of_mappings_and_lists(folder: Folder) -> None:
    assert inputs(
        folder, '{a: null, b: "${{ vars.none }}", c: [1, null, "${{ vars.none }}"], d: {e: null}}'
    ) == {
        "c": [1],
        "d": {},
    }


def test_a_list_is_made_of_data(folder: Folder) -> None:
    made = inputs(
        folder,
        '{l: {$each: "${{ vars.langs }}", $if: "${{ item != \'de\' }}", $item: {code: "${{ item }}"}}}',
    )

    assert made == {"l": [{"code": "fr"}, {"code": "it"}]}


def test_a_list_made_of_data_stands_among_other_items(folder: Folder) -> None:
    assert inputs(folder, '{l: [en, {$each: "${{ vars.langs }}"}, es]}') == {
        "l": ["en", "fr", "de", "it", "es"]
    }


def test_a_list_is_made_of_all_instances_of_a_job(folder: Folder) -> None:
    made = inputs(
        folder,
        '{l: {$each: "${{ jobs.many }}", $item: "${{ item.key }}=${{ item.outputs.id }}"}}',
        seen(**{"many/x": {"id": 1}, "many/y": {"id": 2}}),
    )

    assert made == {"l": ["x=1", "y=2"]}


def test_what_only_apply_can_know_is_unknown_in_its_place(folder: Folder) -> None:
    made = inputs(folder, '{known: 1, later: "id ${{ jobs.up.outputs.id }}"}')

    assert made["known"] == 1
    assert isinstance(made["later"], Unknown)
    assert made["later"].reason == "jobs.up.outputs.id"


def test_work_that_runs_has_some_outputs(folder: Folder) -> None:
    made = inputs(
        folder,
        '{a: "${{ jobs.up.outputs.id }}", b: "${{ jobs.up.outputs.text }}"}',
        seen(up=PartialOutputs(id="p1")),
    )

    assert made["a"] == "p1"
    assert isinstance(made["b"], Unknown)


def test_a_missing_output_of_finished_work_is_an_error_with_its_place(folder: Folder) -> None:
    with pytest.raises(InvalidInput) as caught:
        inputs(folder, '{a: "${{ jobs.up.outputs.txt }}"}', seen(up={"text": "x"}))

    (problem,) = caught.value.problems
    assert problem.message == "`jobs.up.outputs` has no `txt`"
    assert problem.where.line == 8


def test_outputs_of_skipped_work_are_replaced_by_a_default(folder: Folder) -> None:
    made = inputs(
        folder,
        "{a: \"${{ jobs.up.outputs.t | default('x') }}\", b: \"${{ jobs.up.outputs.t or 'y' }}\"}",
        seen(up=ABSENT),
    )

    assert made == {"a": "x", "b": "y"}


def test_an_instance_is_no_value(folder: Folder) -> None:
    with pytest.raises(InvalidInput, match="1 problem") as caught:
        inputs(folder, '{a: "${{ jobs.up }}"}')

    assert caught.value.problems[0].hint == "read `.outputs.FIELD` of it"


def test_a_file_is_read_as_its_text(folder: Folder) -> None:
    folder.write("g.tsv", "a\tb\n")

    made = inputs(folder, "{g: \"${{ file('g.tsv') }}\"}")

    assert isinstance(made["g"], FileText)
    assert made["g"] == "a\tb\n"


def test_all_problems_of_an_instance_are_told_at_once(folder: Folder) -> None:
    with pytest.raises(InvalidInput) as caught:
        inputs(folder, '{a: "${{ vars.x }}", b: "${{ file(\'no.txt\') }}", c: "${{ vars.none | upper }}"}')

    assert [one.code for one in caught.value.problems] == ["unknown-field", "missing-file", "bad-expression"]


def test_a_binary_field_is_a_local_file_with_its_digest(folder: Folder) -> None:
    folder.write("a.wav", "sound")
    expanded = folder.expand("jobs: {a: {uses: file.publish, with: {path: a.wav}}}")

    made = expanded.evaluator.inputs(expanded.graph.instances["a"], seen())

    assert isinstance(made["path"], LocalFile)
    assert made["path"].sha256 == hashlib.sha256(b"sound").hexdigest()
    assert str(made["path"]) == str(folder.path / "a.wav")


@pytest.mark.parametrize(("value", "wanted"), [("yes", True), ("", False), ("1", True)])
def test_a_condition_is_what_its_cell_holds(folder: Folder, value: str, wanted: bool) -> None:
    expanded = folder.expand(
        f'vars: {{v: "{value}"}}\njobs: {{a: {{uses: dubformer.voices, if: "${{{{ vars.v }}}}"}}}}'
    )

    assert expanded.evaluator.condition(expanded.graph.instances["a"], seen()) is wanted


def test_a_condition_that_is_the_text_no_is_an_error(folder: Folder) -> None:
    expanded = folder.expand('vars: {v: no}\njobs: {a: {uses: dubformer.voices, if: "${{ vars.v }}"}}')

    with pytest.raises(InvalidInput) as caught:
        expanded.evaluator.condition(expanded.graph.instances["a"], seen())
    assert "would count as true" in caught.value.problems[0].message


def test_paths_of_parts_are_unknown_until_there_are_parts(folder: Folder) -> None:
    expanded = folder.expand(
        'jobs: {a: {uses: dubformer.voices, save: {audio: ["out/${{ item.name }}.wav", out/all.wav]}}}'
    )
    instance = expanded.graph.instances["a"]

    known = expanded.evaluator.saves(instance, seen(), {"name": "p1"})
    before = expanded.evaluator.saves(instance, seen())

    assert known == {"audio": ("out/p1.wav", "out/all.wav")}
    assert isinstance(before["audio"][0], Unknown)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "C:\\x", "~/x", "out/", "a\\..\\..\\x"])
def test_a_path_that_leaves_the_folder_is_refused(folder: Folder, path: str) -> None:
    expanded = folder.expand(f"jobs: {{a: {{uses: dubformer.voices, save: {{audio: '{path}'}}}}}}")

    with pytest.raises(InvalidInput):
        expanded.evaluator.saves(expanded.graph.instances["a"], seen())


def test_estimates_are_numbers_by_unit(folder: Folder) -> None:
    expanded = folder.expand(
        """
        vars: {s: "90"}
        jobs:
          up: {uses: dubformer.project}
          a:
            uses: dubformer.project
            cost: {minutes: "${{ (vars.s | number) / 60 }}", calls: "${{ jobs.up.outputs.n }}"}
        """
    )

    assert expanded.evaluator.estimate(expanded.graph.instances["a"], seen()) == {"minutes": 1.5}


def test_labels_are_texts(folder: Folder) -> None:
    expanded = folder.expand(
        'jobs: {a: {uses: dubformer.voices, for_each: [x], labels: {ep: "${{ each.key }}", n: 5, ok: true}}}'
    )

    assert expanded.evaluator.labels(expanded.graph.instances["a/x"]) == {"ep": "x", "n": "5", "ok": "true"}
