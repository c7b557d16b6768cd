"""`--var` and `--vars` over the manifest's own vars."""

from pathlib import Path
from typing import Any

import pytest

from runner.compile.text.load import load
from runner.compile.text.variables import override, read_variables

DECLARED = {
    "project": "6f1c",
    "count": 2,
    "wanted": True,
    "languages": ["fr-FR"],
    "more": {"a": 1},
    "free": None,
}


def told(given: dict[str, Any]) -> list[str]:
    return [f"{problem.message} — {problem.hint}" for problem in override(DECLARED, given)[1]]


@pytest.mark.parametrize(
    ("name", "given", "meant"),
    [
        ("project", "00123", "00123"),
        ("project", "5", "5"),
        ("count", "3", 3),
        ("wanted", "false", False),
        ("languages", "[de-DE, no]", ["de-DE", "no"]),
        ("more", "{b: 2}", {"b": 2}),
        ("free", "no", "no"),
        ("languages", ["it-IT"], ["it-IT"]),
    ],
)
def test_a_given_text_is_read_as_the_kind_that_the_manifest_declares(
    name: str, given: Any, meant: Any
) -> None:
    values, problems = override(DECLARED, {name: given})

    assert problems == []
    assert values == {**DECLARED, name: meant}


def test_an_unknown_name_is_a_problem_that_names_a_near_one() -> None:
    assert told({"langauges": "[a]"}) == ["the manifest has no var `langauges` — did you mean `languages`?"]


def test_a_value_of_another_kind_is_a_problem_that_shows_how_to_write_it() -> None:
    assert told({"languages": "fr-FR"}) == [
        "var `languages` is a list in the manifest, not text — write `--var 'languages=[fr-FR]'`"
    ]


def test_given_vars_stand_in_the_manifest_and_in_its_digest(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text("vars: {project: a}\njobs: {b: {uses: x.y}}\n", encoding="utf-8")

    plain, other = load(file).manifest, load(file, {"project": "007"}).manifest

    assert plain is not None
    assert other is not None
    assert other.vars == {"project": "007"}
    assert other.digest != plain.digest


def test_a_file_of_vars_is_a_mapping(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("project: 00123\nlanguages: [no]\n", encoding="utf-8")
    bad.write_text("- project\n", encoding="utf-8")

    assert read_variables(good) == ({"project": "00123", "languages": ["no"]}, ())
    assert [problem.message for problem in read_variables(bad)[1]] == [
        "a file of vars is a mapping of names to values"
    ]
    assert [problem.message for problem in read_variables(tmp_path / "no.yaml")[1]] == [
        "there is no such file"
    ]
