"""Files that are made here: in memory while small, then in a file that has no name."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from runner.engine.machine.files import write_whole
from runner.model.errors import RunnerError
from runner.workbook.made import IN_MEMORY, Made, Nameless, made
from runner.workbook.new_book import new_workbook

SMALL = b"few"
LARGE = bytes(range(256)) * 8 * 1024  # 2 MiB


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where temporary files are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def holding(content: bytes) -> Made:
    def write(file: IO[bytes]) -> None:
        file.write(content)

    return made(write)


@pytest.mark.parametrize("content", [b"", SMALL, b"x" * IN_MEMORY, b"x" * (IN_MEMORY + 1), LARGE])
def test_what_was_written_is_read_each_time_from_its_beginning(content: bytes) -> None:
    file = holding(content)

    assert [file.open().read() for _ in range(2)] == [content, content]
    assert file.size == len(content)


def test_what_is_written_anew_at_an_earlier_place_counts() -> None:
    def write(file: IO[bytes]) -> None:
        file.write(LARGE)
        file.seek(10)
        file.write(b"patched")

    file = made(write)

    assert file.open().read() == LARGE[:10] + b"patched" + LARGE[17:]


def test_several_may_read_at_once_and_each_has_a_place_of_its_own() -> None:
    file = holding(LARGE)
    one, other = file.open(), file.open()

    found = [one.read(1000), other.read(300_000), one.read(1000), other.read(1000)]

    assert found == [LARGE[:1000], LARGE[:300_000], LARGE[1000:2000], LARGE[300_000:301_000]]


@pytest.mark.parametrize("content", [SMALL, LARGE])
def test_a_reader_can_go_to_any_place(content: bytes) -> None:
    reader = holding(content).open()

    size = reader.seek(0, os.SEEK_END)
    after = reader.read()
    reader.seek(-2, os.SEEK_END)
    last = reader.read()
    reader.seek(1)
    reader.seek(1, os.SEEK_CUR)

    assert (size, after, last, reader.tell(), reader.read(1)) == (
        len(content),
        b"",
        content[-2:],
        2,
        content[2:3],
    )


def test_a_large_file_stands_nowhere_by_name(temporary: Path) -> None:
    file = holding(LARGE)

    assert list(temporary.iterdir()) == []
    assert isinstance(file.held, Nameless)


def test_its_room_is_given_back_when_nobody_holds_it() -> None:
    file = holding(LARGE)
    assert isinstance(file.held, Nameless)
    number = file.held.number
    before = os.fstat(number).st_ino

    del file

    assert inode(number) != before


def inode(number: int) -> int | None:
    """The file that is open under this number, which somebody else may have taken meanwhile."""
    try:
        return os.fstat(number).st_ino
    except OSError:
        return None


def test_whoever_still_reads_reads_to_the_end() -> None:
    reader = holding(LARGE).open()

    assert reader.read() == LARGE


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(
            "held = made(lambda file: file.write(bytes(5_000_000))); die()", id="a file that is held"
        ),
        pytest.param(
            "made(lambda file: new_workbook(file, 'S', ['A'], (['x' * 9999] if n < 999 else die() for n in count())))",
            id="a workbook on its way",
        ),
    ],
)
def test_nothing_is_left_behind_by_a_kill(temporary: Path, script: str) -> None:
    known = (
        "import os; from itertools import count; from runner.workbook.made import made;"
        "from runner.workbook.new_book import new_workbook;"
        f"die = lambda: os.kill(os.getpid(), {signal.SIGKILL:d});"
    )
    there = {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(temporary)}

    done = subprocess.run([sys.executable, "-c", known + script], env=there, capture_output=True, check=False)

    assert done.returncode == -signal.SIGKILL, done.stderr
    assert list(temporary.iterdir()) == []


def test_no_room_for_temporary_files_is_told(temporary: Path) -> None:
    temporary.rmdir()

    with pytest.raises(RunnerError) as caught:
        holding(LARGE)

    assert str(caught.value).startswith(
        "a temporary file could not be written: No such file or directory; make room"
    )


@pytest.mark.parametrize("room", [100, 1_000_000, 1_505_000])
def test_a_workbook_that_finds_too_little_room_is_told_and_leaves_nothing(temporary: Path, room: int) -> None:
    with (
        little_room(room),
        pytest.raises(RunnerError, match="a temporary file could not be written: File too large"),
    ):
        made(lambda file: new_workbook(file, "Script", ["ID"], (["x" * 30_000] for _ in range(50))))

    assert list(temporary.iterdir()) == []


@contextmanager
def little_room(size: int) -> Iterator[None]:
    """No file of this process may grow beyond this size, as on a disk that is full."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


def test_a_large_file_is_never_whole_in_memory(tmp_path: Path) -> None:
    piece, pieces = bytes(100_000), 160

    def write(file: IO[bytes]) -> None:
        for _ in range(pieces):
            file.write(piece)

    tracemalloc.start()
    try:
        write_whole(tmp_path / "a", made(write))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (tmp_path / "a").stat().st_size == len(piece) * pieces
    assert most < len(piece) * pieces / 2
