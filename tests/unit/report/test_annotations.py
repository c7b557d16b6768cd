"""GitHub's workflow commands."""

from pathlib import Path

from runner.model.plan import Change, Plan, Verb
from runner.model.problem import Place, Problem
from runner.model.progress import RunResult, Trouble
from runner.report.annotations import MOST, annotations
from runner.report.remarks import ERROR, WARNING, Remark, of_plan, of_problems, of_result


def test_a_problem_stands_at_its_file_line_and_column() -> None:
    problem = Problem("unknown-use", "there is none", Place("/w/a.yaml", 3, 5), "mend it")

    assert annotations(of_problems([problem]), Path("/w")) == [
        "::error file=a.yaml,title=unknown-use,line=3,col=5::there is none — mend it"
    ]


def test_a_cell_is_named_in_the_message() -> None:
    problem = Problem("bad-cell", "no number", Place("lines.xlsx", sheet="Dialogue", cell="H8"), warning=True)

    assert annotations(of_problems([problem])) == [
        "::warning file=lines.xlsx,title=bad-cell::[Dialogue]!H8: no number"
    ]


def test_what_is_no_file_is_not_told_as_one() -> None:
    problem = Problem("media-unchecked", "could not be checked", Place("media.example.com"), warning=True)

    assert annotations(of_problems([problem])) == ["::warning title=media-unchecked::could not be checked"]


def test_separators_and_lines_in_texts_are_escaped() -> None:
    remark = Remark(ERROR, "a, b: c", "100%\nof it")

    assert annotations([remark]) == ["::error title=a%2C b%3A c::100%25%0Aof it"]


def test_of_many_the_first_are_told_and_the_rest_is_counted() -> None:
    lines = annotations([Remark(WARNING, f"w{number}", "x") for number in range(40)])

    assert len(lines) == MOST
    assert lines[-1].startswith("::warning title=and 31 more::w9; w10; ")


def test_a_plan_remarks_what_is_blocked_and_what_is_paid_anew() -> None:
    changes = {
        "dub/a": Change(
            "dub/a", "dub", "dubformer.project", Verb.BLOCKED, "needs consent", command="runner accept dub/a"
        ),
        "dub/b": Change("dub/b", "dub", "dubformer.project", Verb.REPLACE, "changed", paid=True),
        "dub/c": Change("dub/c", "dub", "dubformer.project", Verb.CREATE, "new", paid=True),
    }

    found = of_plan(Plan("season", changes), lambda address: Place("m.yaml", 7))

    assert [(one.level, one.title) for one in found] == [
        ("warning", "dub/a is blocked"),
        ("notice", "dub/b is paid for anew"),
    ]
    assert found[0].where == Place("m.yaml", 7)


def test_what_was_only_skipped_is_not_remarked() -> None:
    troubles = (Trouble("dub/a", "refused", "no"), Trouble("fix/a", "skipped", "waits for dub/a"))

    assert [one.title for one in of_result(RunResult(troubles=troubles), lambda address: None)] == [
        "dub/a: refused"
    ]
