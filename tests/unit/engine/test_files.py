"""Files that are written: inside their folder, under names that disks can hold."""

import hashlib
from pathlib import Path

import pytest

from runner.engine.machine.files import (
    Changed,
    UnsafePath,
    inside,
    part_of,
    put_in_place,
    unchanged,
    write_whole,
)
from runner.model.http import Upload


def upload(folder: Path, content: bytes) -> Upload:
    """A local file as it is planned to be written somewhere else."""
    file = folder / "source"
    file.write_bytes(content)
    return Upload(str(file), len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    "path",
    [
        "",
        "   ",
        ".",
        "..",
        "../a",
        "a/../../b",
        "/etc/passwd",
        "a\0b",
        "nul",
        "out/CON.txt",
        "Lpt1.mp4",
        "out/..",
        "link/a.mp4",
        "inner/link/a.mp4",
        "file-link",
        "folder",
    ],
)
def test_what_leads_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "inner").mkdir(parents=True)
    (root / "folder").mkdir()
    outside.mkdir()
    (root / "link").symlink_to(outside)
    (root / "inner" / "link").symlink_to("../../outside")
    (root / "file-link").symlink_to(outside / "x")

    with pytest.raises(UnsafePath):
        inside(root, path)


@pytest.mark.parametrize(
    "path", ["a.mp4", "out/a b/ü.mp4", "a/../b.mp4", ".hidden", "contact.mp4", "日本/字.srt"]
)
def test_what_stays_inside_is_taken(tmp_path: Path, path: str) -> None:
    assert inside(tmp_path, path).is_relative_to(tmp_path.resolve())


def test_a_folder_that_is_itself_a_link_may_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "real")

    assert inside(tmp_path / "root", "a/b.mp4") == (tmp_path / "real").resolve() / "a" / "b.mp4"


def test_a_link_inside_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to(tmp_path / "a")

    assert inside(tmp_path, "b/c.mp4") == tmp_path.resolve() / "a" / "c.mp4"


@pytest.mark.parametrize("length", [1, 248, 249, 250, 255])
def test_a_name_as_long_as_a_disk_can_hold_can_be_written(tmp_path: Path, length: int) -> None:
    target = tmp_path / ("é" * (length // 2) + "a" * (length % 2))

    write_whole(target, upload(tmp_path, b"x"))

    assert target.read_bytes() == b"x"
    assert part_of(target).name.startswith(".")


@pytest.mark.parametrize("now", [b"other", b"longer than planned", b"short", b""])
def test_a_file_that_changed_since_it_was_planned_takes_no_others_place(tmp_path: Path, now: bytes) -> None:
    target = tmp_path / "there"
    target.write_bytes(b"before")
    planned = upload(tmp_path, b"whole")
    Path(planned.path).write_bytes(now)

    with pytest.raises(Changed, match="source has changed since it was planned"):
        write_whole(target, planned)

    assert target.read_bytes() == b"before"
    assert not part_of(target).exists()


def test_a_file_counts_as_unchanged_by_size_then_time_then_content(tmp_path: Path) -> None:
    target = tmp_path / "a"
    part = tmp_path / "part"
    part.write_bytes(b"abc")
    mtime = put_in_place(part, target)
    sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    assert unchanged(target, 3, mtime, "never looked at")
    assert unchanged(target, 3, mtime + 1, sha)
    assert not unchanged(target, 3, mtime + 1, "other")
    assert not unchanged(target, 4, mtime, sha)
    assert not unchanged(tmp_path / "none", 3, mtime, sha)
