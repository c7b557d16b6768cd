"""What a run tells while it works."""

import io
import json

from runner.model.plan import Change, Plan, Verb
from runner.model.progress import Progress
from runner.report.progress import JsonReporter, LineReporter, LiveReporter, Tally, reporter, totals
from runner.report.words import Look

ACCEPTED = Progress("dub/e1", "accepted", "P-1", "2026-01-02T03:04:05.678Z")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pipe_gets_one_line_an_event() -> None:
    lines: list[str] = []

    LineReporter(lines.append).report(ACCEPTED)

    assert lines == ["03:04:05 accepted    dub/e1  P-1"]


def test_a_program_gets_one_object_a_line() -> None:
    lines: list[str] = []

    JsonReporter(lines.append).report(ACCEPTED)

    assert json.loads(lines[0]) == {
        "type": "event",
        "at": "2026-01-02T03:04:05.678Z",
        "address": "dub/e1",
        "what": "accepted",
        "detail": "P-1",
    }


def test_a_job_counts_each_instance_once_where_it_stands_last() -> None:
    tally = Tally({"dub": 3})

    for what in ("sending", "accepted", "running", "saved", "ready"):
        tally.count(Progress("dub/e1", what))
    tally.count(Progress("dub/e2", "running"))
    tally.count(Progress("dub/e3", "failed"))

    assert tally.ended("dub") == (1, 1)
    assert tally.words("dub") == "1 running, 1 failed"


def test_only_what_the_run_works_on_is_counted() -> None:
    changes = [
        Change("dub/e1", "dub", "dubformer.project", Verb.CREATE, "new"),
        Change("dub/e2", "dub", "dubformer.project", Verb.NONE, "done"),
        Change("dub/e3", "dub", "dubformer.project", Verb.BLOCKED, "in doubt"),
    ]

    assert totals(Plan("m", {change.address: change for change in changes})) == {"dub": 1}


def test_a_terminal_shows_bars_and_the_last_events() -> None:
    terminal = Terminal()
    plan = Plan("m", {"dub/e1": Change("dub/e1", "dub", "dubformer.project", Verb.CREATE, "new")})

    watching = reporter(plan, Look(colour=False), lambda _: None, terminal)
    with watching:
        watching.report(Progress("dub/e1", "ready", "done"))

    assert isinstance(watching, LiveReporter)
    assert "1/1" in terminal.getvalue()
    assert "ready       dub/e1  done" in terminal.getvalue()


def test_no_terminal_means_plain_lines() -> None:
    lines: list[str] = []

    with reporter(Plan("m", {}), Look(), lines.append, io.StringIO()) as watching:
        watching.report(ACCEPTED)

    assert lines == ["03:04:05 accepted    dub/e1  P-1"]
