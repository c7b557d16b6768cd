"""Files that runner writes: inside their folder, whole or not at all."""

import hashlib
import os
import unicodedata
from pathlib import Path

CHUNK = 1024 * 1024
LONGEST_NAME = 255
"""Bytes of a file's name that usual disks can hold."""
_DEVICES = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"com{n}" for n in range(1, 10)),
    *(f"lpt{n}" for n in range(1, 10)),
}


class UnsafePath(Exception):
    """A path that may not be written."""


def inside(folder: Path, path: str) -> Path:
    """The absolute place of `path` below `folder`; raises UnsafePath when it would leave it, also through links."""
    if "\0" in path or not path.strip():
        raise UnsafePath(f"{path!r} is no path")
    pure = Path(path)
    if any(part.split(".")[0].strip().lower() in _DEVICES for part in pure.parts):
        raise UnsafePath(f"{path} names a device")
    root = folder.resolve()
    target = (folder / pure).parent.resolve() / pure.name
    if pure.name in ("", ".", "..") or not target.is_relative_to(root) or target == root:
        raise UnsafePath(f"{path} is outside {folder}")
    if target.is_symlink() or target.is_dir():
        raise UnsafePath(f"{path} is a link or a folder")
    return target


def part_of(target: Path) -> Path:
    """The temporary name that a file has until it is whole; as short as it must be where the file's own is long."""
    part = f".{target.name}.part"
    if len(os.fsencode(part)) > LONGEST_NAME:
        part = f".{hashlib.sha256(os.fsencode(target.name)).hexdigest()}.part"
    return target.with_name(part)


def folded(target: Path) -> str:
    """A path as disks see it that tell neither case nor ways to write an accent apart."""
    return unicodedata.normalize("NFC", str(target)).casefold()


def digest_of(file: Path) -> str:
    """The SHA-256 of a file."""
    found = hashlib.sha256()
    with open(file, "rb") as handle:
        while piece := handle.read(CHUNK):
            found.update(piece)
    return found.hexdigest()


def put_in_place(part: Path, target: Path) -> int:
    """Give a whole, synced temporary file its name, durably; returns its modification time in nanoseconds."""
    os.replace(part, target)
    sync_folder(target.parent)
    return target.stat().st_mtime_ns


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(target: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, and stays after a power loss."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(target)
    with open(part, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    put_in_place(part, target)


class PartFile:
    """A temporary file that is written piece by piece, and counts what it was given."""

    def __init__(self, part: Path) -> None:
        self._file = open(part, "wb")  # noqa: SIM115 — closed by `finish` or `abandon`
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, piece: bytes) -> None:
        self._digest.update(piece)
        self._file.write(piece)
        self.size += len(piece)

    def finish(self) -> str:
        """Make it durable; returns its SHA-256."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._digest.hexdigest()

    def abandon(self) -> None:
        """Let go of a file that did not get whole; what it holds stays where it is and is never named."""
        self._file.close()


def stat_of(target: Path) -> tuple[int, int]:
    """Size, and modification time in nanoseconds."""
    held = target.stat()
    return held.st_size, held.st_mtime_ns


def unchanged(target: Path, size: int, mtime_ns: int, sha256: str) -> bool:
    """Whether a file is still what was recorded: size, then time, then digest."""
    try:
        held = target.stat()
    except FileNotFoundError:
        return False
    if held.st_size != size:
        return False
    return held.st_mtime_ns == mtime_ns or digest_of(target) == sha256
