"""Which of very many recorded files still stand: a folder is looked up once, and each file with one call."""

import stat
from os import lstat
from pathlib import Path

from runner.engine.machine.files import UnsafePath, digest_of, inside
from runner.model.names import unfit
from runner.model.state import FileState


class FilesThere:
    """Answers as `results.file_stands` does, for the time of one plan: folders that turn into links are not noticed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[str, str] = {}

    def __call__(self, file: FileState) -> bool:
        """Whether a recorded file is still there as it was recorded: by its size, then time, then digest."""
        if not file.done:
            return False
        above, _, name = file.path.rpartition("/")
        place = self._places.get(above)
        if place is None or name in ("", ".", "..") or "\0" in name or unfit(name):
            try:
                target = str(inside(self._folder, file.path))
            except UnsafePath:
                return False
            if name not in ("", ".", ".."):
                self._places[above] = target[: -len(name)]
        else:
            target = place + name
        try:
            held = lstat(target)
        except FileNotFoundError:
            return False
        if stat.S_ISLNK(held.st_mode) or stat.S_ISDIR(held.st_mode) or held.st_size != file.size:
            return False
        return held.st_mtime_ns == file.mtime_ns or digest_of(Path(target)) == file.sha256
