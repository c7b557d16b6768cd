"""JUnit XML, read back by an XML parser."""

from xml.etree import ElementTree

from runner.model.plan import Change, Plan, Verb
from runner.model.problem import Place, Problem
from runner.model.progress import RunResult, Trouble
from runner.report.junit import Case, junit_xml, of_plan, of_problems, of_result


def read(cases: list[Case]) -> ElementTree.Element:
    return ElementTree.fromstring("".join(junit_xml("runner season", cases)))


def plan_of(**verbs: Verb) -> Plan:
    changes = {
        f"dub/{key}": Change(
            f"dub/{key}", "dub", "dubformer.project", verb, "why", command="runner resolve x" * (key == "d")
        )
        for key, verb in verbs.items()
    }
    return Plan("season", changes)


def test_a_plan_fails_where_it_is_blocked_and_only_there() -> None:
    made = read(of_plan(plan_of(a=Verb.CREATE, b=Verb.BLOCKED, c=Verb.SKIP, d=Verb.BLOCKED, e=Verb.NONE)))

    assert made.attrib == {
        "name": "runner season",
        "tests": "5",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
    }
    assert [case.get("name") for case in made.iter("testcase")] == [f"dub/{key}" for key in "abcde"]
    assert [failure.get("message") for failure in made.iter("failure")] == ["why"]


def test_what_waits_for_approval_fails_with_its_command() -> None:
    change = Change(
        "dub", "dub", "acme.dub", Verb.CREATE, "new", command="runner approve 'dub'", approval="needed"
    )

    found = read(of_plan(Plan("season", {"dub": change})))

    assert [failure.text for failure in found.iter("failure")] == ["runner approve 'dub'"]


def test_a_run_tells_what_became_of_each_instance_of_the_plan() -> None:
    troubles = (
        Trouble("dub/a", "refused", "no such voice"),
        Trouble("dub/b", "skipped", "waits for dub/a"),
        Trouble("gone", "doubt", "?", "runner resolve gone"),
    )

    cases = of_result(plan_of(a=Verb.CREATE, b=Verb.CREATE, c=Verb.CREATE), RunResult(troubles=troubles))

    assert [(case.name, case.outcome) for case in cases] == [
        ("dub/a", "failure"),
        ("dub/b", "skipped"),
        ("dub/c", "passed"),
        ("gone", "error"),
    ]


def test_text_that_xml_cannot_hold_is_replaced_and_markup_is_not_markup() -> None:
    (case,) = read([Case("s", 'a"<b>&\x00\ud800', "failure", "two\nlines", "]]>")]).iter("testcase")

    assert case.get("name") == 'a"<b>&��'
    assert case[0].get("message") == "two\nlines"
    assert case[0].text == "]]>"


def test_problems_are_failed_cases_and_a_valid_manifest_is_one_that_passed() -> None:
    wrong = of_problems("a.yaml", [Problem("x", "wrong", Place("a.yaml", 2, 1))])

    assert [(case.name, case.outcome) for case in wrong] == [("a.yaml:2:1: wrong", "failure")]
    assert [case.outcome for case in of_problems("a.yaml", [])] == ["passed"]
