"""Plans, runs and problems as JUnit XML: one test case an instance, as CI systems show them.

The shape that Jenkins and GitLab read: https://github.com/testmoapp/junitxml
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from runner.model.gate import NEEDED
from runner.model.plan import Change, Plan, Verb
from runner.model.problem import Problem
from runner.model.progress import RunResult, Trouble
from runner.report.problems import shown_place

PASSED, FAILURE, ERROR, SKIPPED = "passed", "failure", "error", "skipped"

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Case:
    """A test case: `suite` is a job or a file; `message` says why it did not pass, `text` what to do."""

    suite: str
    name: str
    outcome: str = PASSED
    message: str = ""
    text: str = ""


def of_plan(plan: Plan) -> list[Case]:
    """What is blocked or waits for approval fails, doubt is an error, what is skipped is skipped; all else passes."""
    return [_planned(change) for change in plan]


def of_result(plan: Plan, result: RunResult) -> list[Case]:
    """The instances of the plan with what became of them, and the troubles that belong to none of them."""
    troubles = {trouble.address: trouble for trouble in result.troubles}
    found = [
        _troubled(change.job, troubles[change.address]) if change.address in troubles else _planned(change)
        for change in plan
    ]
    return found + [_troubled("runner", one) for one in result.troubles if one.address not in plan.changes]


def of_problems(manifest: str, problems: Iterable[Problem], base: Path | None = None) -> list[Case]:
    """A failed case for each problem, at its place; a single one that passes where there is none."""
    found = [
        Case(
            manifest,
            f"{shown_place(problem.where, base)}: {problem.message}",
            SKIPPED if problem.warning else FAILURE,
            problem.message,
            problem.hint,
        )
        for problem in problems
    ]
    return found or [Case(manifest, "is valid")]


def junit_xml(name: str, cases: Iterable[Case]) -> Iterator[str]:
    """The document, in pieces; `name` is the whole's."""
    suites: dict[str, list[Case]] = {}
    for case in cases:
        suites.setdefault(case.suite, []).append(case)
    every = [case for suite in suites.values() for case in suite]
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"<testsuites name={_attribute(name)}{_counts(every)}>\n"
    for suite, members in suites.items():
        yield f"  <testsuite name={_attribute(suite)}{_counts(members)}>\n"
        yield from map(_case_xml, members)
        yield "  </testsuite>\n"
    yield "</testsuites>\n"


def _planned(change: Change) -> Case:
    if change.verb is Verb.BLOCKED:
        outcome = ERROR if change.in_doubt else FAILURE
        return Case(change.job, change.address, outcome, change.reason, change.command)
    if change.approval == NEEDED:
        return Case(change.job, change.address, FAILURE, change.reason, change.command)
    if change.verb is Verb.SKIP:
        return Case(change.job, change.address, SKIPPED, change.reason)
    return Case(change.job, change.address)


def _troubled(job: str, trouble: Trouble) -> Case:
    outcome = {"skipped": SKIPPED, "doubt": ERROR, "error": ERROR}.get(trouble.kind, FAILURE)
    return Case(job, trouble.address, outcome, f"{trouble.kind}: {trouble.reason}", trouble.command)


def _case_xml(case: Case) -> str:
    head = f"    <testcase classname={_attribute(case.suite)} name={_attribute(case.name)}"
    if case.outcome == PASSED:
        return f"{head}/>\n"
    text = escape(_clean(case.text))
    return f"{head}><{case.outcome} message={_attribute(case.message)}>{text}</{case.outcome}></testcase>\n"


def _counts(cases: Iterable[Case]) -> str:
    cases = list(cases)
    counts: Mapping[str, int] = {
        "tests": len(cases),
        "failures": sum(case.outcome == FAILURE for case in cases),
        "errors": sum(case.outcome == ERROR for case in cases),
        "skipped": sum(case.outcome == SKIPPED for case in cases),
    }
    return "".join(f' {name}="{count}"' for name, count in counts.items())


def _attribute(text: str) -> str:
    return quoteattr(_clean(text), {"\n": "&#10;"})


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return _NOT_XML.sub("�", text)
