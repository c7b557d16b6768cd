"""Problems as they are printed."""

from pathlib import Path

from runner.model.problem import Place, Problem
from runner.report.problems import problem_json, problem_text, problems_text

UNKNOWN_KEY = Problem(
    "unknown-key",
    "unknown key `jbos`",
    Place("/work/season.yaml", 12, 3),
    "did you mean `jobs`?",
    "  jbos:",
)


def test_a_problem_shows_its_place_its_mend_and_its_line() -> None:
    assert problem_text(UNKNOWN_KEY, Path("/work")) == (
        "season.yaml:12:3: unknown key `jbos` — did you mean `jobs`?\n  12 |   jbos:\n     |   ^"
    )


def test_the_caret_stands_under_its_character_behind_tabs() -> None:
    problem = Problem("yaml", "a tab", Place("m.yaml", 1, 3), source="\t\tx: 1")

    assert problem_text(problem).splitlines()[-1] == "    | \t\t^"


def test_a_cell_is_named_by_its_sheet() -> None:
    problem = Problem("formula", "no stored value", Place("s.xlsx", sheet="Dialogue", cell="H8"))

    assert problem_text(problem) == "s.xlsx[Dialogue]!H8: no stored value"


def test_the_number_of_problems_and_warnings_ends_the_list() -> None:
    warning = Problem("old", "is old", Place("m.yaml"), warning=True)

    assert problems_text([UNKNOWN_KEY, warning]).splitlines()[-2:] == [
        "m.yaml: warning: is old",
        "1 problem, 1 warning",
    ]


def test_for_programs_what_does_not_apply_is_left_out() -> None:
    problem = Problem("no-name", "`name` is missing", Place("m.yaml", 1, 1))

    assert problem_json(problem) == {
        "code": "no-name",
        "severity": "error",
        "message": "`name` is missing",
        "file": "m.yaml",
        "line": 1,
        "column": 1,
    }
