"""Whether recorded files still stand, asked of very many at once and of one by itself."""

import hashlib
from pathlib import Path

import pytest

from runner.engine.download.files_there import FilesThere
from runner.engine.running.results import file_stands
from runner.model.state import FileState

DIGEST = hashlib.sha256(b"film").hexdigest()
PATHS = [
    "out/a.mp4", "a.mp4", "out/b.mp4", "out//a.mp4", "./out/a.mp4", "out/../a.mp4", "out/./a.mp4", "../a.mp4",
    "out/gone.mp4", "nowhere/a.mp4", "out/link.mp4", "out/folder", "linked/a.mp4", "leads/out.mp4", "away/a.mp4",
    "out/con.mp4", "out/..", "out/.", "out/", "", " ", "out/a\0.mp4", "/etc/passwd", "out/Ü.mp4", "out/changed.mp4",
    "out/touched.mp4", "out/ a.mp4",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "season"
    for place in ("out/folder", "elsewhere", "leads"):
        (made / place).mkdir(parents=True)
    for name in (
        "a.mp4",
        "out/a.mp4",
        "out/b.mp4",
        "out/Ü.mp4",
        "out/touched.mp4",
        "out/ a.mp4",
        "elsewhere/a.mp4",
    ):
        (made / name).write_bytes(b"film")
    (made / "out/changed.mp4").write_bytes(b"mist")
    (made / "out/link.mp4").symlink_to(made / "a.mp4")
    (made / "linked").symlink_to(made / "elsewhere")
    (tmp_path / "a.mp4").write_bytes(b"film")
    (made / "away").symlink_to(tmp_path)
    return made


@pytest.mark.parametrize("order", [1, -1])
def test_it_is_told_of_many_files_as_of_each_by_itself(folder: Path, order: int) -> None:
    there = FilesThere(folder)
    written = folder / "out/a.mp4"
    files = [
        FileState("video", path, 4, DIGEST, done, written.stat().st_mtime_ns if "touched" not in path else 1)
        for path in PATHS[::order]
        for done in (True, False)
    ]

    found = {(file.path, file.done): there(file) for file in files}

    assert found == {(file.path, file.done): file_stands(folder, file) for file in files}
    assert found["out/a.mp4", True]
    assert found["out/touched.mp4", True]
    assert not found["out/changed.mp4", True] or written.stat().st_mtime_ns == 1


def test_a_file_of_another_size_does_not_stand(folder: Path) -> None:
    there = FilesThere(folder)

    assert not there(FileState("video", "out/a.mp4", 5, DIGEST, True, 0))
    assert not there(FileState("video", "out/b.mp4", 5, DIGEST, True, 0))
