"""Ctrl-C in the middle of a run."""

import os
import signal
import subprocess
import sys
from pathlib import Path


def begin(folder: Path, *words: str) -> "subprocess.Popen[str]":
    """Starts an apply in a process of its own."""
    command = [sys.executable, "-m", "runner.cli.main", "apply", "--sandbox", "--auto-approve", *words]
    root = str(Path(__file__).parents[3])
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": root},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_interrupted_run_ends_with_130_and_the_next_carries_on(runner, folder: Path) -> None:
    running = begin(folder, "--speed", "1")
    assert running.stderr is not None
    accepted = 0
    while accepted < 2:
        accepted += "accepted" in running.stderr.readline()
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=30)

    after = runner("apply", "--sandbox", "--auto-approve", "--speed", "1200")

    assert running.returncode == 130
    assert "Nothing is lost. Carry on with: runner apply -f season.yaml --sandbox" in out
    assert "Plan: 2 to resume." in after.out
    assert after.code == 0


def test_without_waiting_the_run_ends_well_and_says_how_much_is_running(runner, folder: Path) -> None:
    first = runner("apply", "--sandbox", "--auto-approve", "--speed", "1", "--no-wait")
    second = runner("apply", "--sandbox", "--auto-approve", "--speed", "1200")

    assert first.code == 0, first.out + first.err
    assert "2 still running" in first.out
    assert second.code == 0
    assert "2 files saved" in second.out


def test_a_run_that_was_killed_is_taken_over_and_named(runner, folder: Path) -> None:
    running = begin(folder, "--speed", "1")
    assert running.stderr is not None
    while "accepted" not in running.stderr.readline():
        continue
    locked = runner("apply", "--sandbox", "--auto-approve")
    running.kill()
    running.communicate(timeout=30)

    after = runner("apply", "--sandbox", "--auto-approve", "--speed", "1200")

    assert locked.code == 4
    assert f"(process {running.pid}" in locked.err
    assert f"(process {running.pid}" in after.err
    assert after.code == 0
