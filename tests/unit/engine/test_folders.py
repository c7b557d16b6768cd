"""Folders: judged once, and again as soon as their path leads elsewhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.engine.download.folders import MOST, Folders
from runner.engine.machine.files import UnsafePath


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def folders(root: Path) -> Iterator[Folders]:
    made = Folders(root)
    yield made
    made.close()


def write(folders: Folders, path: str, content: bytes = b"film") -> Path:
    place, target = folders.place(path)
    with place, place.write(place.name) as file:
        file.write(content)
    return target


def test_files_of_one_folder_stand_side_by_side(folders: Folders, root: Path) -> None:
    targets = [write(folders, f"a/b/{name}.mp4") for name in "xyz"]

    assert targets == [root.resolve() / "a/b" / f"{name}.mp4" for name in "xyz"]
    assert sorted(file.name for file in (root / "a/b").iterdir()) == ["x.mp4", "y.mp4", "z.mp4"]


def test_a_link_in_the_place_of_a_known_folder_leads_nowhere(
    folders: Folders, root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    write(folders, "a/x.mp4")
    (root / "a").rename(root / "was-a")
    (root / "a").symlink_to(outside)

    with pytest.raises(UnsafePath):
        folders.place("a/y.mp4")
    assert list(outside.iterdir()) == []


def test_a_link_above_a_known_folder_leads_nowhere(folders: Folders, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside" / "b").mkdir(parents=True)
    write(folders, "a/b/x.mp4")
    (root / "a").rename(root / "was-a")
    (root / "a").symlink_to(tmp_path / "outside")

    with pytest.raises(UnsafePath):
        folders.place("a/b/y.mp4")


def test_a_known_folder_that_was_moved_away_is_made_again(folders: Folders, root: Path) -> None:
    write(folders, "a/x.mp4")
    (root / "a").rename(root / "was-a")

    write(folders, "a/y.mp4")

    assert [file.name for file in (root / "a").iterdir()] == ["y.mp4"]


@pytest.mark.parametrize("name", ["..", ".", "", "con.mp4", "a\0b"])
def test_a_name_that_is_unfit_is_refused_in_a_known_folder_too(folders: Folders, name: str) -> None:
    write(folders, "a/x.mp4")

    with pytest.raises(UnsafePath):
        folders.place(f"a/{name}")


def test_a_link_in_a_known_folder_is_no_place_for_a_file(
    folders: Folders, root: Path, tmp_path: Path
) -> None:
    write(folders, "a/x.mp4")
    (root / "a" / "y.mp4").symlink_to(tmp_path / "mine")

    with pytest.raises(UnsafePath, match=r"a/y\.mp4 is a link or a folder"):
        folders.place("a/y.mp4")


def test_few_folders_are_held_open(folders: Folders, root: Path) -> None:
    for number in range(MOST + 10):
        write(folders, f"{number}/x.mp4")
    before = len(list(Path("/proc/self/fd").iterdir()))

    for number in range(MOST + 10):
        write(folders, f"{number}/y.mp4")

    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert all(len(list((root / str(number)).iterdir())) == 2 for number in range(MOST + 10))
