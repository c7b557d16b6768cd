"""The lock beside a state file: one holder, told of by name, and let go by the kernel."""

from pathlib import Path

import pytest

from runner.engine.state.lock import Holder, Lock
from runner.model.errors import StateLocked

ME = Holder("here", 1, "apply", "2026-01-01T00:00:00Z")


def test_a_second_lock_is_refused_until_the_first_is_released(tmp_path: Path) -> None:
    first, second = Lock(tmp_path / "state.db"), Lock(tmp_path / "state.db")
    first.take(ME, 0.0)

    with pytest.raises(StateLocked, match="'apply' on here"):
        second.take(ME, 0.0)
    first.release()

    assert second.take(ME, 0.0) is None
    second.release()


def test_a_lock_that_was_waited_for_on_a_removed_file_is_taken_on_the_new_one(tmp_path: Path) -> None:
    first, waiting, third = (Lock(tmp_path / "state.db") for _ in range(3))
    first.take(ME, 0.0)

    def meanwhile(_: float) -> None:
        first.file.unlink()
        first.release()

    waiting.take(ME, 10.0, wait=meanwhile)

    with pytest.raises(StateLocked):
        third.take(ME, 0.0)
    waiting.release()


@pytest.mark.parametrize("text", ["{", "[]", '{"host": 1, "of a newer runner": 2}', "\x00"])
def test_what_the_file_says_of_its_holder_only_informs(tmp_path: Path, text: str) -> None:
    lock = Lock(tmp_path / "state.db")
    lock.file.write_text(text)

    assert lock.take(ME, 0.0) is None
    lock.release()
