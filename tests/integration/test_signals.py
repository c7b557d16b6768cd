"""Asking a run to stop: it ends in order and soon, the journal tells the truth, and the next run carries on."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from applying import SEASON, Ended, Stage
from applying import fault as suffers
from failing import start, until

SERIAL = SEASON.replace("jobs:\n", "providers: {dubformer: {max_in_flight: 1}}\njobs:\n")
MOST = 5.0
SLACK = 3.0
"""What a busy machine may need beyond the five seconds to notice that a process has ended."""

ONE_OPEN = "the call without an answer is unsettled"
ALL_ONCE = "the next apply does the rest"
IN_TIME = "it ends within 5 s"


def begin(season: Stage, *words: str) -> "subprocess.Popen[str]":
    options = ["--sandbox", "--auto-approve", "--speed", str(season.speed)]
    return start("apply", "-f", str(season.file), *options, *words, cwd=season.folder)


def stopped(process: "subprocess.Popen[str]", *signals: signal.Signals) -> tuple[Ended, float]:
    """How a process ends that is sent these signals, and how many seconds it takes."""
    began = time.monotonic()
    for number, one in enumerate(signals):
        if number:
            time.sleep(0.5)  # a person's second Ctrl-C comes after the first
        process.send_signal(one)
    out, err = process.communicate(timeout=60)
    return Ended(process.returncode, out, err), time.monotonic() - began


def asked(season: Stage, operation: str, times: int = 1) -> None:
    name = f"dubformer.{operation}" if operation != "getResult" else "media.getResult"
    until(lambda: season.sandbox.requests().get(name, 0) >= times, f"{times} × {operation}")


def done_by_the_next(season: Stage, *names: str) -> bool:
    season.faults()
    after = season.apply()
    return after.code == 0 and season.paid() == dict.fromkeys(names, 1) and len(season.saved()) == len(names)


@pytest.mark.fault(
    "process",
    "Ctrl-C, SIGTERM or the end of the terminal while an answer is pending for minutes",
    sees="nothing new is sent, what is in flight is recorded…no answer yet: the next apply finds out what became of it",
    kept={"orders": 2, "facts": (IN_TIME, ONE_OPEN, ALL_ONCE)},
)
@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda one: one.name)
def test_a_first_signal_ends_the_run_in_order_and_in_time(stage, fault, name) -> None:
    season = stage(SERIAL, ids=("e1", "e2", "e3"))
    season.faults({**suffers("createProject", delay=120, when="after"), "skip": 1})
    process = begin(season)
    until(lambda: len(season.sandbox.ledger()) == 2, "the second order")

    ended, seconds = stopped(process, name)

    assert ended.code == 130, ended.all
    assert "Nothing is lost. Carry on with: runner apply" in ended.out
    fault.saw(ended.err)
    fault.kept(orders=len(season.sandbox.ledger()))
    fault.fact(IN_TIME, seconds < MOST + SLACK)
    fault.fact(ONE_OPEN, season.phases() == {"dub/e1": "running", "dub/e2": "unsettled"})
    fault.fact(ALL_ONCE, done_by_the_next(season, "e1", "e2", "e3"))


@pytest.mark.fault(
    "process",
    "A second Ctrl-C",
    sees="stopping nothing new is sent, what is in flight is recorded",
    kept={"orders": 2, "facts": ("it ends at once", ONE_OPEN, ALL_ONCE)},
)
def test_a_second_signal_ends_the_run_at_once(stage, fault) -> None:
    season = stage(SERIAL, ids=("e1", "e2", "e3"))
    season.faults({**suffers("createProject", delay=120, when="after"), "skip": 1})
    process = begin(season)
    until(lambda: len(season.sandbox.ledger()) == 2, "the second order")

    ended, seconds = stopped(process, signal.SIGINT, signal.SIGINT)

    assert ended.code == 130, ended.all
    fault.saw(ended.err)
    fault.kept(orders=len(season.sandbox.ledger()))
    fault.fact("it ends at once", seconds < 0.5 + SLACK < MOST)
    fault.fact(ONE_OPEN, season.phases() == {"dub/e1": "running", "dub/e2": "unsettled"})
    fault.fact(ALL_ONCE, done_by_the_next(season, "e1", "e2", "e3"))


@pytest.mark.fault(
    "process",
    "Ctrl-C while an answer is on its way",
    sees="accepted dub/e1 … Interrupted in … 1 still running",
    kept={"orders": 1, "facts": ("the answer that came was recorded", ALL_ONCE)},
)
def test_an_answer_that_comes_soon_is_recorded(stage, fault) -> None:
    season = stage(SERIAL, ids=("e1", "e2"))
    season.faults(suffers("createProject", delay=1, when="after"))
    process = begin(season)
    until(lambda: len(season.sandbox.ledger()) == 1, "the order")

    ended, _ = stopped(process, signal.SIGINT)

    assert ended.code == 130, ended.all
    fault.saw(ended.err + ended.out)
    fault.kept(orders=len(season.sandbox.ledger()))
    fault.fact("the answer that came was recorded", season.phases() == {"dub/e1": "running"})
    fault.fact(ALL_ONCE, done_by_the_next(season, "e1", "e2"))


@pytest.mark.fault(
    "process",
    "SIGTERM while the plan is being made",
    sees="Stopped.",
    kept={"orders": 0, "facts": (IN_TIME, ALL_ONCE)},
)
def test_a_signal_during_planning_stops_before_anything_is_sent(stage, fault) -> None:
    season = stage(ids=("e1",))
    season.faults(suffers("listProjects", delay=120))
    process = begin(season)
    asked(season, "listProjects")

    ended, seconds = stopped(process, signal.SIGTERM)

    assert ended.code == 130, ended.all
    fault.saw(ended.err)
    assert "Traceback" not in ended.err
    fault.kept(orders=len(season.sandbox.ledger()))
    fault.fact(IN_TIME, seconds < MOST + SLACK)
    fault.fact(ALL_ONCE, done_by_the_next(season, "e1"))


@pytest.mark.fault(
    "process",
    "Ctrl-C at the question",
    sees="Do this? [y/N]…Stopped.",
    kept={"orders": 0, "facts": ("the state is free for the next run",)},
)
@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_a_signal_at_the_question_is_a_no(stage, fault, name) -> None:
    season = stage(ids=("e1",))
    person, terminal = pty.openpty()
    words = ["apply", "-f", str(season.file), "--sandbox", "--speed", str(season.speed)]
    process = subprocess.Popen(
        [sys.executable, "-m", "runner.cli.main", *words], cwd=season.folder, env=_environment(),
        stdin=terminal, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    shown = ""
    while "[y/N]" not in shown:
        shown += process.stderr.read(1)

    until(lambda: _sleeps(process.pid), "the process waits for an answer")
    process.send_signal(name)
    rest = process.communicate(timeout=60)[1]
    os.close(person)
    os.close(terminal)

    assert process.returncode == 130
    fault.saw(shown + rest)
    fault.kept(orders=len(season.sandbox.ledger()))
    fault.fact("the state is free for the next run", "Taken over" not in season.apply().err)


def _sleeps(pid: int) -> bool:
    """Whether the process waits in the kernel, where a signal wakes it."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "NO_COLOR": "1"}


@pytest.mark.fault(
    "process",
    "Ctrl-C while files come in",
    sees="Interrupted in … Nothing is lost. Carry on with: runner apply",
    kept={"orders": 1, "files": 0, "facts": (IN_TIME, ALL_ONCE)},
)
def test_a_signal_during_a_download_leaves_no_half_of_a_file(stage, fault) -> None:
    season = stage(ids=("e1",))
    season.faults(suffers("getResult", slow=240))
    process = begin(season)
    asked(season, "getResult")

    ended, seconds = stopped(process, signal.SIGINT)

    assert ended.code == 130, ended.all
    fault.saw(ended.out)
    whole = [name for name in season.saved() if not name.endswith(".part")]
    fault.kept(orders=len(season.sandbox.ledger()), files=len(whole))
    fault.fact(IN_TIME, seconds < MOST + SLACK)
    fault.fact(ALL_ONCE, done_by_the_next(season, "e1"))


@pytest.mark.fault(
    "process",
    "Ctrl-C while it is looked for what became of a call",
    sees="dub/e1 … no answer yet: the next apply finds out what became of it",
    kept={"orders": 1, "facts": (IN_TIME, ALL_ONCE)},
)
def test_a_signal_during_settling_leaves_it_to_the_next_run(stage, fault) -> None:
    season = stage(ids=("e1",))
    season.faults(
        suffers("createProject", drop="after"),
        {**suffers("listProjects", times=1000, status=503), "skip": 2},
        idempotency="ignore",
    )
    process = begin(season)
    asked(season, "listProjects", 4)

    ended, seconds = stopped(process, signal.SIGINT)

    assert ended.code == 130, ended.all
    fault.saw(ended.err)
    fault.kept(orders=len(season.sandbox.ledger()))
    fault.fact(IN_TIME, seconds < MOST + SLACK)
    fault.fact(ALL_ONCE, done_by_the_next(season, "e1"))


@pytest.mark.fault(
    "process",
    "Nobody reads the output any more (`runner apply --json | head -1`)",
    sees='{"type": "plan"',
    kept={"facts": ("at most the next call is sent, and it exits with 130", ALL_ONCE)},
)
def test_a_run_that_nobody_hears_is_stopped_in_order(stage, fault) -> None:
    """That nobody hears may be noticed as late as when the second call is told of, which is then on its way."""
    season = stage(SERIAL, ids=("e1", "e2", "e3"))
    season.faults(suffers("createProject", delay=6, when="after"))
    process = begin(season, "--json")
    assert process.stdout is not None

    first = process.stdout.readline()
    until(lambda: len(season.sandbox.ledger()) == 1, "the first order")
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=60)

    assert "Traceback" not in err, err
    fault.saw(first)
    few = len(season.sandbox.ledger()) <= 2
    fault.fact("at most the next call is sent, and it exits with 130", few and process.returncode == 130)
    fault.fact(ALL_ONCE, done_by_the_next(season, "e1", "e2", "e3"))


def test_a_plan_that_nobody_reads_is_not_done(stage) -> None:
    season = stage(ids=("e1",))
    process = begin(season)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None

    _, err = process.communicate(timeout=60)

    assert process.returncode == 1, err
    assert "Traceback" not in err
    assert season.paid() == {}


def test_closed_standard_streams_take_no_file_of_ours_in_their_place(stage) -> None:
    season = stage(ids=("e1",))
    words = f"apply -f {season.file} --sandbox --auto-approve --speed {season.speed}"

    done = subprocess.run(
        ["sh", "-c", f"exec {sys.executable} -m runner.cli.main {words} <&- >&- 2>&-"],
        cwd=season.folder, env=_environment(), check=False, timeout=60,
    )  # fmt: skip

    assert done.returncode == 0
    assert season.phases() == {"dub/e1": "ready"}
    assert season.apply().out == "Nothing to do: 1 unchanged.\n"


def test_whoever_waits_for_the_lock_can_be_stopped(stage) -> None:
    season = stage(ids=("e1",))
    season.faults(suffers("createProject", delay=120, when="after"))
    first = begin(season)
    until(lambda: len(season.sandbox.ledger()) == 1, "the order")
    second = begin(season, "--lock-timeout", "10m")
    assert second.stderr is not None
    line = second.stderr.readline()

    ended, seconds = stopped(second, signal.SIGINT)
    first.kill()
    first.communicate(timeout=60)

    assert line.startswith("Waiting for 'apply' on ")
    assert f"(process {first.pid}" in line
    assert ended.code == 130
    assert seconds < MOST


ONLY_ASKED = "what was not asked for stands there, and stays known"


@pytest.mark.fault(
    "process",
    "Ctrl-C or SIGTERM while `destroy` waits for an answer",
    sees="stopping nothing new is sent, what is in flight is recorded",
    kept={"facts": (IN_TIME, ONLY_ASKED, "the next destroy deletes the rest")},
)
@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_a_first_signal_ends_a_destroy_in_order_and_in_time(stage, fault, name) -> None:
    season = stage(SERIAL, ids=("e1", "e2", "e3"))
    season.apply()
    season.faults({**suffers("deleteProject", delay=120, when="after"), "skip": 1})
    words = ["-f", str(season.file), "--sandbox", "--auto-approve"]
    process = start("destroy", *words, cwd=season.folder)
    asked(season, "deleteProject", 2)

    ended, seconds = stopped(process, name)

    assert ended.code == 130, ended.all
    assert "Carry on with: runner destroy" in ended.out
    fault.saw(ended.err)
    fault.fact(IN_TIME, seconds < MOST + SLACK)
    fault.fact(
        ONLY_ASKED,
        len(season.state().instances) == 2 and season.sandbox.requests()["dubformer.deleteProject"] == 2,
    )
    season.faults()
    again = season.run("destroy", "--auto-approve")
    fault.fact("the next destroy deletes the rest", again.code == 0 and season.state().instances == {})


def test_a_cancel_that_is_stopped_records_what_came_of_it(stage) -> None:
    season = stage(SERIAL, ids=("e1",), speed=1.0)
    season.apply("--no-wait")
    season.faults(suffers("deleteProject", delay=1, when="after"))
    words = ["dub/e1", "-f", str(season.file), "--sandbox", "--auto-approve"]
    process = start("cancel", *words, cwd=season.folder)
    asked(season, "deleteProject")

    ended, seconds = stopped(process, signal.SIGTERM)

    assert ended.code == 130, ended.all
    assert "dub/e1 is cancelled all the same" in ended.err
    assert seconds < MOST + SLACK
    assert season.state().instances["dub/e1"].status == "cancelled"
