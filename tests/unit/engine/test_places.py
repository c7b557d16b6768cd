"""Places: whatever is put in the way between the look and the write, nothing is written elsewhere."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.engine.download.partial import Partial, Version
from runner.engine.download.places import Place, place_at
from runner.engine.machine.files import UnsafePath, inside


def place_of(root: Path, path: str) -> Place:
    return place_at(root, inside(root, path))


def write(root: Path, path: str, meanwhile: Callable[[], None] = lambda: None) -> None:
    with place_of(root, path) as place:
        meanwhile()
        partial = Partial(place, "owner")
        partial.begin(Version("a film"))
        partial.finish([b"film"])
        partial.put_in_place()


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    write(tmp_path / "out", "a/b/film.mp4")

    assert (tmp_path / "out/a/b/film.mp4").read_bytes() == b"film"


def test_a_link_that_takes_the_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    (root / "a").mkdir(parents=True)

    def swap() -> None:
        (root / "a").rename(root / "was-a")
        (root / "a").symlink_to(outside)

    write(root, "a/film.mp4", swap)

    assert list(outside.iterdir()) == []
    assert (root / "was-a" / "film.mp4").read_bytes() == b"film"


@pytest.mark.parametrize("name", ["film.mp4", "part"])
def test_a_link_that_takes_the_place_of_the_file_is_replaced_or_refused(tmp_path: Path, name: str) -> None:
    outside, root = tmp_path / "outside.mp4", tmp_path / "root"
    root.mkdir()
    outside.write_bytes(b"mine")

    def swap() -> None:
        with place_of(root, "film.mp4") as place:
            (root / (Partial(place, "owner").name if name == "part" else name)).symlink_to(outside)

    if name == "part":
        with pytest.raises(UnsafePath):
            write(root, "film.mp4", swap)
    else:
        write(root, "film.mp4", swap)

    assert outside.read_bytes() == b"mine"
    assert name == "part" or not (root / "film.mp4").is_symlink()


@pytest.mark.parametrize("kind", ["link", "file", "pipe"])
def test_what_is_no_folder_is_not_walked_through(tmp_path: Path, kind: str) -> None:
    step = tmp_path / "a"
    if kind == "link":
        step.symlink_to("/")
    elif kind == "file":
        step.write_bytes(b"")
    else:
        os.mkfifo(step)

    with pytest.raises(UnsafePath):
        write(tmp_path, "a/film.mp4")


def test_a_pipe_in_the_place_of_the_file_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "film.mp4")

    with place_of(tmp_path, "film.mp4") as place, pytest.raises(UnsafePath):
        place.held()


def test_a_file_is_nobodys_program_and_has_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    former = os.umask(0o027)
    try:
        write(tmp_path, "run.sh")
    finally:
        os.umask(former)

    assert stat.S_IMODE((tmp_path / "run.sh").stat().st_mode) == 0o640


@pytest.mark.parametrize("length", [1, 200, 254, 255])
def test_a_name_as_long_as_a_disk_can_hold_can_be_written(tmp_path: Path, length: int) -> None:
    name = "é" * (length // 2) + "a" * (length % 2)

    write(tmp_path, name)

    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_a_place_that_is_left_lets_go_of_its_folder(tmp_path: Path) -> None:
    before = len(os.listdir("/dev/fd"))

    for number in range(20):
        write(tmp_path, f"a/b/c/{number}.mp4")
    (tmp_path / "d").write_bytes(b"")
    for _ in range(20):
        with pytest.raises(UnsafePath):
            write(tmp_path, "d/e/f.mp4")

    assert len(os.listdir("/dev/fd")) == before
