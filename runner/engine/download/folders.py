"""The folders that files are saved in: judged once, and held open for the files to come.

A season has a hundred thousand files in few folders. A folder whose path still leads to what was judged needs no second
judgement; one that was moved, or that a link took the place of, is judged anew.
"""

import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from runner.engine.download.places import Place, place_at
from runner.engine.machine.files import UnsafePath, inside
from runner.model.names import unfit

MOST = 64
"""Folders that are held open at a time."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A folder that was judged: where it is, and the folder itself."""

    path: Path
    handle: int
    identity: tuple[int, int]


class Folders:
    """Places below `root`. May be asked by several threads; its methods may block."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._gate = threading.Lock()

    def place(self, path: str) -> tuple[Place, Path]:
        """The place of a path below the root, and what the path leads to; folders on the way are made.

        The caller closes the place. Raises UnsafePath, or OSError.
        """
        before, slash, name = path.rpartition("/")
        with self._gate:
            known = self._known(before + slash)
        if known is None or name in ("", ".", "..") or unfit(name):
            target = inside(self._root, path)
            place = place_at(self._root, target)
            with self._gate:
                self._hold(before + slash, target.parent, place)
            return place, target
        folder, there = known
        place = Place(folder, name)
        try:
            place.held()
        except UnsafePath:
            place.close()
            raise UnsafePath(f"{path} is a link or a folder") from None
        return place, there / name

    def close(self) -> None:
        """Let go of every folder."""
        with self._gate:
            while self._held:
                os.close(self._held.popitem()[1].handle)

    def _known(self, folder: str) -> tuple[int, Path] | None:
        """A handle of its own for a folder that its path leads to still, as judged; None: it is to be judged."""
        held = self._held.get(folder)
        if held is None:
            return None
        try:
            there = os.stat(held.path)
        except OSError:  # it has gone, or the way to it
            there = None
        if there is None or (there.st_dev, there.st_ino) != held.identity:
            os.close(self._held.pop(folder).handle)
            return None
        self._held.move_to_end(folder)
        return os.dup(held.handle), held.path

    def _hold(self, folder: str, path: Path, place: Place) -> None:
        if folder in self._held:
            return
        handle = place.another_handle()
        found = os.fstat(handle)
        self._held[folder] = _Held(path, handle, (found.st_dev, found.st_ino))
        if len(self._held) > MOST:
            os.close(self._held.popitem(last=False)[1].handle)
