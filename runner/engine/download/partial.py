"""The temporary file of a download, and the note beside it that proves what it holds.

The note names whose file it is, the version that its bytes belong to (a validator that the server gave) and the
SHA-256 of its first so many bytes. After a break, a kill or a power loss the bytes are taken over when all of that is
so, and up to there only. The note proves by content, so nothing is synced for its sake.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import BinaryIO

from runner.engine.download.places import Place
from runner.engine.machine.files import CHUNK, UnsafePath
from runner.model.names import LONGEST

NOTE_EVERY = 8 * 1024 * 1024
"""How many new bytes a note may be behind: what a kill costs at most."""

_LONGEST_NOTE = 16 * 1024


@dataclass(frozen=True, slots=True)
class Version:
    """Which bytes they are: `resource` is a digest of the URL without its query, `validator` what `If-Range` names
    (empty: they cannot be gone on with), `total` the size of the whole (None: not told), `digests` those of the whole
    that the server gave (algorithm → hex)."""

    resource: str
    validator: str = ""
    total: int | None = None
    digests: tuple[tuple[str, str], ...] = ()


NOTHING = Version("")


class Partial:
    """A file on its way, up to `size`. `owner` tells downloads apart that save to one path. Every method but `begin`
    may block."""

    def __init__(self, place: Place, owner: str) -> None:
        self.size = 0
        self.version = NOTHING
        self._place = place
        self._owner = owner
        self._digest = hashlib.sha256()
        self._file: BinaryIO | None = None
        self._taken_over = False
        self._noted = 0
        self._has_note = True  # for all that is known before somebody has looked
        self.name = _part_name(place.name, owner)
        self._note = _part_name(place.name, owner, ".json")

    def find(self) -> "Partial":
        """Take over what an earlier attempt left and proved; returns itself."""
        self._has_note = self._place.stands(self._note)
        if not self._has_note:
            return self
        try:
            with self._place.read(self._note) as file:
                note = json.loads(file.read(_LONGEST_NOTE))
            self._believe(note)
        except (OSError, UnsafePath, ValueError, KeyError, TypeError, RecursionError):
            self._forget()  # none that can be read, or that holds: from the first byte
        return self

    def begin(self, version: Version) -> None:
        """Start with the first byte of a version; what was there is given up as soon as something is written."""
        self._forget()
        self.version = version

    def write(self, pieces: Iterable[bytes]) -> None:
        """Append; a note is made now and then."""
        file = self._open()
        for piece in pieces:
            file.write(piece)
            self._digest.update(piece)
            self.size += len(piece)
        if self.size - self._noted >= NOTE_EVERY:
            self._make_note()

    def finish(self, pieces: Iterable[bytes] = ()) -> str:
        """Append the last pieces and make the whole durable; returns its SHA-256."""
        self.write(pieces)
        file = self._open()
        if self._taken_over:
            file.truncate()
        file.flush()
        os.fsync(file.fileno())
        self._close()
        return self._digest.hexdigest()

    def digests(self, algorithms: Iterable[str]) -> dict[str, str]:
        """Other digests of what is there."""
        found = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        with self._place.read(self.name) as file:
            while piece := file.read(CHUNK):
                for one in found.values():
                    one.update(piece)
        return {name: one.hexdigest() for name, one in found.items()}

    def put_in_place(self) -> int:
        """Give the whole file its name; returns its modification time in nanoseconds."""
        mtime = self._place.rename(self.name)
        self._remove_note()
        return mtime

    def rest(self) -> None:
        """Let go of the file: kept where a later attempt can go on with it, and else removed."""
        if self.version.validator and self.size:
            self._make_note()
            self._close()
        else:
            self.discard()

    def discard(self) -> None:
        """Remove the file and its note."""
        self._close()
        self._forget()
        self._place.remove(self.name)
        self._remove_note()

    def room(self) -> int:
        """How many bytes the disk has left."""
        return self._place.free()

    def _believe(self, note: dict[str, object]) -> None:
        size, version = note["size"], note["version"]
        if note["owner"] != self._owner or not isinstance(size, int) or not isinstance(version, dict):
            raise ValueError("another's")
        left = size
        with self._place.read(self.name) as file:
            while left and (piece := file.read(min(CHUNK, left))):
                self._digest.update(piece)
                left -= len(piece)
        if left or size <= 0 or self._digest.hexdigest() != note["sha256"]:
            raise ValueError("not what was noted")
        found = Version(**version)
        digests = tuple((str(name), str(value)) for name, value in found.digests)
        self.version, self.size, self._noted = replace(found, digests=digests), size, size

    def _make_note(self) -> None:
        if not self.version.validator or self._file is None:
            return
        self._file.flush()
        note = {
            "owner": self._owner,
            "version": asdict(self.version),
            "size": self.size,
            "sha256": self._digest.hexdigest(),
        }
        fresh = _part_name(self._place.name, self._owner, ".new")
        with self._place.write(fresh) as file:
            file.truncate(0)
            file.write(json.dumps(note).encode())
        self._place.replace(self._note, fresh)
        self._noted, self._has_note = self.size, True

    def _open(self) -> BinaryIO:
        if self._file is None:
            self._file = self._place.write(self.name, anew=not self.size)
            self._taken_over = self.size > 0
            if self.size:
                self._file.seek(self.size)
            else:  # another version, perhaps: no note may speak for its bytes
                self._remove_note()
        return self._file

    def _remove_note(self) -> None:
        if self._has_note:
            self._place.remove(self._note)
            self._has_note = False

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except (
                OSError
            ):  # a full disk refuses what was still to be written; who cares gets told by `finish`
                return

    def _forget(self) -> None:
        self._digest = hashlib.sha256()
        self.size = self._noted = 0
        self.version = NOTHING
        self._close()


def _part_name(name: str, owner: str, ending: str = "") -> str:
    """A hidden name beside the file's own; as short as it must be where that is long."""
    tail = f".{owner[:12]}.part{ending}"
    made = f".{name}{tail}"
    if len(os.fsencode(made)) > LONGEST:
        made = f".{hashlib.sha256(os.fsencode(name)).hexdigest()}{tail}"
    return made
