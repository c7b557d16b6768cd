"""The clock that goes on in suspend, written down for other processes."""

import time
from pathlib import Path

import pytest

from runner.engine.machine import clock


def test_time_that_passes_is_told_to_another_process_of_the_same_boot() -> None:
    gone = clock.passed(clock.stamp("one"), "another")

    assert gone is None or 0 <= gone < 5
    assert (gone is None) == (not Path("/proc/sys/kernel/random/boot_id").exists())


def test_a_stamp_of_another_boot_or_machine_tells_nothing() -> None:
    boot, _, rest = clock.stamp("one").partition(" ")

    assert clock.passed(f"another-{boot} {rest}", "one") is None


@pytest.mark.parametrize("text", ["", "x", "boot 1", "boot x y", " 1 2"])
def test_a_text_that_is_no_stamp_tells_nothing(text: str) -> None:
    assert clock.passed(text, "boot") is None


def test_of_two_clocks_the_one_that_says_more_is_believed() -> None:
    boot, *_ = clock.stamp("one").split(" ")
    day_set_forward = f"{boot} {clock.awake() - 1:.3f} {time.time() - 5000:.3f}"
    slept = f"{boot} {clock.awake() - 1 if clock.awake() > 1 else 0:.3f} {time.time() + 5000:.3f}"

    assert (clock.passed(day_set_forward, "one") or 0) >= 4999
    assert 0 <= (clock.passed(slept, "one") or 0) < 60


def test_a_stamp_of_the_future_of_this_boot_tells_nothing() -> None:
    boot, *_ = clock.stamp("one").split(" ")

    assert clock.passed(f"{boot} {clock.awake() + 1000:.3f} {time.time():.3f}", "one") is None
