"""Files that runner writes: inside their folder, whole or not at all."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from runner.model.http import Upload
from runner.model.names import LONGEST, unfit
from runner.workbook.made import Made

CHUNK = 1024 * 1024


class UnsafePath(Exception):
    """A path that may not be written."""


class Changed(OSError):
    """A file is no longer what it was when its digest was taken."""


def inside(folder: Path, path: str) -> Path:
    """The absolute place of `path` below `folder`; raises UnsafePath when it would leave it, also through links."""
    if "\0" in path or not path.strip():
        raise UnsafePath(f"{path!r} is no path")
    pure = Path(path)
    for step in pure.parts:
        if reason := unfit(step):
            raise UnsafePath(f"{path}: {reason}")
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
    if len(os.fsencode(part)) > LONGEST:
        part = f".{hashlib.sha256(os.fsencode(target.name)).hexdigest()}.part"
    return target.with_name(part)


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


def write_whole(target: Path, content: Upload) -> None:
    """Write a file so that it is there whole or not at all, and stays after a power loss. OSError when it cannot be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(target)
    try:
        with open(part, "wb") as handle:
            for piece in pieces_of(content):
                handle.write(piece)
            handle.flush()
            os.fsync(handle.fileno())
    except OSError:  # a full disk, or other bytes than were promised: nobody needs a part of them
        part.unlink(missing_ok=True)
        raise
    put_in_place(part, target)


def opened(content: Upload) -> BinaryIO:
    """The bytes of a local file, or of one that was made here, from their beginning."""
    return content.open() if isinstance(content, Made) else open(content.path, "rb")


def pieces_of(content: Upload, size: int = CHUNK) -> Iterator[bytes]:
    """The bytes, `size` at a time; the last of them come only if all are those of the digest. Raises Changed where they
    are not, and OSError where they cannot be read."""
    found, left, last = hashlib.sha256(), content.size, b""
    with opened(content) as file:
        while left >= 0 and (piece := file.read(size)):
            if last:
                yield last
            found.update(piece)
            left, last = left - len(piece), piece
    if left or (content.sha256 and content.sha256 != found.hexdigest()):
        raise Changed(f"{Path(content.path).name} has changed since it was planned")
    if last:
        yield last


def unchanged(target: Path, size: int, mtime_ns: int, sha256: str) -> bool:
    """Whether a file is still what was recorded: size, then time, then digest."""
    try:
        held = target.stat()
    except FileNotFoundError:
        return False
    if held.st_size != size:
        return False
    return held.st_mtime_ns == mtime_ns or digest_of(target) == sha256
