"""Runs that are cut short: by a limit, by a clock, by a person, by another run."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from applying import SEASON, Stage

IDS = ("e1", "e2", "e3")
ONCE = dict.fromkeys(IDS, 1)


def begin(season: Stage, *words: str) -> "subprocess.Popen[str]":
    """An apply in a process of its own, against the sandbox of this one."""
    command = [sys.executable, "-m", "runner.cli.main", "apply", "--sandbox", "--auto-approve", *words]
    return subprocess.Popen(
        [*command, "-f", str(season.file), "--speed", str(season.speed)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(process: "subprocess.Popen[str]", word: str, times: int = 1) -> None:
    """Until the process has said this word so often on stderr."""
    assert process.stderr is not None
    while times:
        line = process.stderr.readline()
        assert line, f"it ended without saying {word}"
        times -= word in line


def test_a_limit_sends_the_first_and_the_next_apply_does_the_rest(stage) -> None:
    season = stage(ids=IDS)

    first = season.apply("--limit", "1")
    paid = season.paid()
    second = season.apply()

    assert (first.code, second.code) == (0, 0), first.all
    assert paid == {"e1": 1}
    assert season.paid() == ONCE


def test_without_waiting_the_count_of_what_runs_is_told(stage) -> None:
    season = stage(ids=IDS, speed=100.0)

    first = season.apply("--no-wait")
    paid = season.paid()
    second = season.apply()

    assert first.code == 0, first.all
    assert "3 still running" in first.out
    assert paid == ONCE
    assert second.code == 0, second.all
    assert season.paid() == ONCE
    assert len(season.saved()) == 3


@pytest.mark.parametrize("when", ["before", "after"])
def test_without_waiting_a_lost_answer_is_left_to_the_next_run(stage, when) -> None:
    season = stage(ids=IDS)
    season.faults(
        {"match": {"operation": "createProject"}, "times": 3, "do": {"drop": when}}, idempotency="ignore"
    )

    first = season.apply("--no-wait")
    second = season.apply()

    assert first.code == 0, first.all
    assert second.code == 0, second.all
    assert season.paid() == ONCE


def test_a_run_ends_when_its_time_is_over_and_the_next_carries_on(stage) -> None:
    season = stage(ids=IDS, speed=50.0)

    first = season.apply("--max-time", "1s")
    second = season.apply()

    assert first.code == 0, first.all
    assert "3 still running" in first.out
    assert second.code == 0, second.all
    assert season.paid() == ONCE


def test_a_timeout_ends_the_wait_and_not_the_work(stage) -> None:
    season = stage(SEASON + "    timeout: 300ms\n", ids=("e1",), speed=50.0)

    first = season.apply()
    season.change("timeout: 300ms", "timeout: 1h")
    second = season.apply()

    assert first.code == 1, first.all
    assert "goes on there" in first.out
    assert second.code == 0, second.all
    assert "running there as" in second.out
    assert season.paid() == {"e1": 1}


def test_an_interrupted_run_ends_at_once_and_the_next_orders_nothing_twice(stage) -> None:
    season = stage(ids=IDS, speed=60.0)
    running = begin(season)
    wait_for(running, "accepted")
    since = time.monotonic()
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)

    took = time.monotonic() - since
    code = running.returncode
    after = season.apply("--max-time", "20s")

    assert code == 130
    assert took < 5
    assert after.code == 0, after.all
    assert season.paid() == ONCE


def test_an_interruption_while_answers_are_awaited_loses_none(stage) -> None:
    season = stage(ids=IDS)
    season.faults(
        {"match": {"operation": "createProject"}, "times": 3, "do": {"delay": 1.5, "when": "after"}},
        idempotency="ignore",
    )
    running = begin(season)
    wait_for(running, "sending", times=3)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=30)

    phases = set(season.phases().values())
    after = season.apply()

    assert running.returncode == 130
    assert phases == {"running"}
    assert after.code == 0, after.all
    assert season.paid() == ONCE


@pytest.mark.parametrize("way", ["a signal", "the clock"])
def test_when_a_run_ends_what_waits_for_its_slot_is_left_to_the_next(stage, way) -> None:
    one = "providers: {dubformer: {max_in_flight: 1}}\njobs:\n"
    season = stage(SEASON.replace("jobs:\n", one), ids=IDS)
    season.faults(
        {"match": {"operation": "createProject"}, "times": 1, "do": {"delay": 1.5, "when": "after"}}
    )
    running = begin(season, *(["--max-time", "900ms"] if way == "the clock" else []))
    wait_for(running, "sending")
    if way == "a signal":
        running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)

    paid = season.paid()
    after = season.apply()

    assert running.returncode == (130 if way == "a signal" else 0), out + err
    assert len(paid) == 1
    assert "failed" not in out
    assert "1 still running" in out
    assert after.code == 0, after.all
    assert season.paid() == ONCE


def test_a_second_process_is_told_who_holds_the_state_and_sends_nothing(stage) -> None:
    season = stage(ids=IDS, speed=60.0)
    running = begin(season)
    wait_for(running, "accepted", times=3)

    ended = season.apply()
    held = re.search(rf"process {running.pid}\b", ended.all)
    seen = season.run("status")
    running.kill()
    running.communicate(timeout=30)

    assert ended.code == 4, ended.all
    assert held, ended.all
    assert seen.code == 0, seen.all
    assert season.paid() == ONCE


def test_a_lock_timeout_waits_for_the_other_run_to_end(stage) -> None:
    season = stage(ids=IDS, speed=150.0)
    running = begin(season)
    wait_for(running, "accepted")

    ended = season.apply("--lock-timeout", "30s")
    running.communicate(timeout=30)

    assert running.returncode == 0
    assert ended.code == 0, ended.all
    assert ended.out == "Nothing to do: 3 unchanged.\n"
    assert season.paid() == ONCE
