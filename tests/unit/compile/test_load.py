"""From a file to a Manifest."""

from pathlib import Path
from typing import Any

import pytest

from runner.compile.text.load import Loaded, load
from runner.model.manifest import BulkSettings, Manifest

SMALL = "jobs: {dub: {uses: dubformer.project}}\n"


def written(folder: Path, text: str) -> Path:
    file = folder / "season.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def loaded(folder: Path, text: str, **variables: Any) -> Loaded:
    return load(written(folder, text), variables)


def manifest(folder: Path, text: str, **variables: Any) -> Manifest:
    found = loaded(folder, text, **variables)
    assert found.problems == ()
    assert found.manifest is not None
    return found.manifest


def complaints(found: Loaded) -> list[str]:
    return [f"{problem.where.line}: {problem.message} — {problem.hint}" for problem in found.problems]


def test_the_smallest_manifest_has_every_default(tmp_path: Path) -> None:
    made = manifest(tmp_path, SMALL)

    job = made.jobs["dub"]
    assert (made.name, made.folder) == ("season", tmp_path)
    assert (job.uses, job.on_change, job.on_failure, job.retries, job.if_) == (
        "dubformer.project", "confirm", "isolate", 3, True,
    )  # fmt: skip
    assert (job.timeout, job.bulk, job.needs, job.save) == (None, None, {}, {})


def test_a_job_holds_what_was_written(tmp_path: Path) -> None:
    text = """
jobs:
  script: {uses: workbook.file}
  dub:
    uses: revoice.batch
    with: {name: "${{ each.id }}"}
    for_each: ${{ data.episodes }}
    if: ${{ each.wanted }}
    needs: {script: submitted}
    save: {video: out/a.mp4, audio: [out/a.wav, out/a.mp3]}
    bulk: {size: 20, wait: 500ms}
    cost: {minutes: 1.5}
    on_change: keep
    on_failure: stop
    timeout: 12h
    retries: 0
    redo: 2
    mark: append
    approve: true
    labels: {episode: 3}
"""
    job = manifest(tmp_path, text).jobs["dub"]

    assert job.with_ == {"name": "${{ each.id }}"}
    assert (job.for_each, job.if_) == ("${{ data.episodes }}", "${{ each.wanted }}")
    assert job.needs == {"script": "submitted"}
    assert job.save == {"video": ("out/a.mp4",), "audio": ("out/a.wav", "out/a.mp3")}
    assert job.bulk == BulkSettings(20, 0.5)
    assert (job.cost, job.labels) == ({"minutes": 1.5}, {"episode": 3})
    assert (job.on_change, job.on_failure, job.timeout) == ("keep", "stop", 43200.0)
    assert (job.retries, job.redo, job.mark_append, job.approve) == (0, 2, True, True)


def test_a_list_of_needs_means_ready(tmp_path: Path) -> None:
    text = "jobs: {a: {uses: x.y}, b: {uses: x.y, needs: [a]}}"

    assert manifest(tmp_path, text).jobs["b"].needs == {"a": "ready"}


@pytest.mark.parametrize(
    ("bulk", "meant"), [("true", BulkSettings()), ("false", None), ("{}", BulkSettings())]
)
def test_bulk_may_be_a_flag_or_a_mapping(tmp_path: Path, bulk: str, meant: BulkSettings | None) -> None:
    assert manifest(tmp_path, f"jobs: {{a: {{uses: x.y, bulk: {bulk}}}}}").jobs["a"].bulk == meant


@pytest.mark.parametrize(
    "items",
    [
        "[a, b]",
        "{a: {x: 1}, b: 2}",
        "{in: [a], key: '${{ item }}', where: '${{ item }}'}",
        "{in: '${{ data.a }}', key: id}",
        "{file: a.csv, key: id, where: '${{ item.x }}', sheet: '*', header: {find: ID}}",
        "{product: {a: [1], b: '${{ jobs.c }}', c: {in: [1]}, d: {file: a.csv}}, exclude: [{a: 1}]}",
        "'${{ jobs.b }}'",
    ],
)
def test_for_each_has_many_forms(tmp_path: Path, items: str) -> None:
    assert loaded(tmp_path, f"jobs: {{a: {{uses: x.y, for_each: {items}}}}}").problems == ()


def test_places_for_anchors_are_let_through(tmp_path: Path) -> None:
    text = "x-clip: &clip {n: 1}\njobs: {a: {uses: x.y, with: {<<: *clip, m: 2}}}"

    assert manifest(tmp_path, text).jobs["a"].with_ == {"n": 1, "m": 2}


def test_a_manifest_knows_the_place_of_each_of_its_values(tmp_path: Path) -> None:
    place, line = manifest(tmp_path, "jobs:\n  a:\n    uses: x.y\n").locate(("jobs", "a", "uses"))

    assert (place.line, place.column, line) == (3, 11, "    uses: x.y")


def test_all_problems_come_in_one_pass_in_the_order_of_their_places(tmp_path: Path) -> None:
    text = """\
jobs:
  dub:
    uses: dubformer.project
    uses: dubformer.project
    timeout: 12
    with: {a: ${{ b }}}
    on_change: replase
  cast: {}
vras: {}
"""
    found = loaded(tmp_path, text)

    assert [problem.where.line for problem in found.problems] == [4, 5, 6, 7, 8, 9]
    assert found.manifest is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("jobs: {a: {use: x.y}}", ["1: job `a` has no `uses` — add `uses: …`, a name like `dubformer.project`",
                                   "1: unknown key `use` in job `a` — did you mean `uses`?"]),
        ("jobs: {a: {uses: x.y, timeout: 12}}",
         ["1: `timeout` must be a duration like 500ms, 30s, 5m, 12h or 21d, not the number `12` — "
          "add the unit: `12s`, `12m` or `12h`"]),
        ("jobs: {a: {uses: x.y, needs: b}}",
         ["1: `needs` must be a list of jobs, or a mapping of jobs to `submitted`, `ready` or `settled`, "
          "not the text `b` — write `[b]`"]),
        ("jobs: {a: {uses: x.y, on_failure: isolated}}",
         ["1: `on_failure` must be `isolate` or `stop`, not the text `isolated` — did you mean `isolate`?"]),
        ("jobs: {a: {uses: x.y, approve: yes}}",
         ["1: `approve` must be `true` or `false`, not the text `yes` — write `true`"]),
        ("jobs: {a: {uses: x.y, retries: '3'}}",
         ["1: `retries` must be a whole number from 0 on, not the text `3` — write `3` without quotes"]),
        ("jobs: {a: {uses: x.y, for_each: data.rows}}",
         ["1: `for_each` must be a list, a mapping or an expression `${{ … }}`, not the text `data.rows` — "
          "write `${{ data.rows }}`"]),
        ("jobs: {a: {uses: '${{ vars.u }}'}}",
         ["1: `uses` must be a name like `dubformer.project`; an expression cannot stand here — "
          "write the value itself"]),
        ("jobs: {Dub-1: {uses: x.y}}",
         ["1: `Dub-1` is no name: small letters, digits and `_` after a first letter — write `dub_1`"]),
        ("jobs: {a: {uses: x.y, depends_on: [b]}}",
         ["1: unknown key `depends_on` in job `a` — did you mean `needs`?"]),
        ("jobs: {a: {uses: x.y, save: {video: [1]}}}",
         ["1: item 1 of `video` must be a path, not the number `1` — put it in quotes"]),
        ("providers: {p: {auth: {token: 12}}}\njobs: {a: {uses: x.y}}",
         ["1: `token` must be text, not the number `12` — put it in quotes"]),
        ("jobs:", ["1: `jobs` must be a mapping of job names to jobs, not nothing — "
                   "write a value behind the key, or remove the key"]),
        ("jobs: {}", ["1: `jobs` must be a mapping of job names to jobs, not an empty mapping — "]),
        ("", ["0: the file is empty — begin with `version: 1` and `jobs:`"]),
        ("# later", ["0: the file holds nothing but comments — begin with `version: 1` and `jobs:`"]),
        ("- a", ["1: expected a mapping with `jobs`, found a list — begin with `version: 1` and `jobs:`"]),
        ("version: 2\njobs: {a: {uses: x.y}}",
         ["1: `version` must be 1, the only version there is, not the number `2` — "]),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_told_in_plain_words(tmp_path: Path, text: str, told: list[str]) -> None:
    assert complaints(loaded(tmp_path, text)) == told


def test_further_problems_can_be_looked_for_where_a_default_may_stand_in(tmp_path: Path) -> None:
    found = loaded(tmp_path, "jobs: {a: {uses: x.y, timeout: 12, on_change: never, with: {b: 1}}}")

    assert found.manifest is None
    assert found.partial is not None
    assert (found.partial.jobs["a"].timeout, found.partial.jobs["a"].with_) == (None, {"b": 1})


def test_they_are_not_looked_for_where_a_default_would_make_sound_things_look_wrong(tmp_path: Path) -> None:
    assert loaded(tmp_path, "jobs: {a: {uses: x.y, wiht: {b: 1}}}").partial is None


def test_a_missing_file_is_a_problem_that_names_a_near_one(tmp_path: Path) -> None:
    written(tmp_path, SMALL)

    (problem,) = load(tmp_path / "saeson.yaml").problems

    assert problem.message == "there is no such file"
    assert problem.hint == f"did you mean `{tmp_path / 'season.yaml'}`?"


def test_a_folder_is_no_manifest(tmp_path: Path) -> None:
    assert [problem.message for problem in load(tmp_path).problems] == ["this is a folder, not a manifest"]


def test_a_file_that_is_not_utf8_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_bytes("name: für\n".encode("latin-1"))

    (problem,) = load(file).problems

    assert (str(problem.where), problem.source) == (f"{file}:1:8", "name: f\ufffdr")


def test_a_huge_file_is_not_even_read(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    with file.open("wb") as sparse:
        sparse.truncate(40 * 1024 * 1024)

    assert [problem.code for problem in load(file).problems] == ["too-large"]


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())

    assert load(file).problems == ()


def test_the_name_comes_from_the_file_when_none_is_given(tmp_path: Path) -> None:
    file = tmp_path / "My season (1).yaml"
    file.write_text(SMALL, encoding="utf-8")

    found = load(file).manifest

    assert found is not None
    assert found.name == "My-season-1"


def test_a_long_list_of_items_is_not_walked_by_the_schema(tmp_path: Path) -> None:
    rows = "".join(f"    - {{id: e{number}, any: [1, {{x: null}}]}}\n" for number in range(20_000))

    made = manifest(tmp_path, f"vars:\n  rows:\n{rows}{SMALL}")

    assert len(made.vars["rows"]) == 20_000
