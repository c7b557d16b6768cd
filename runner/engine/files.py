"""Files that runner writes: inside their folder, whole or not at all."""

import hashlib
import os
from pathlib import Path

from runner.model.names import LONGEST, unfit

CHUNK = 1024 * 1024


class UnsafePath(Exception):
    """A path that may not be written."""


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


def write_whole(target: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, and stays after a power loss."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(target)
    with open(part, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    put_in_place(part, target)


def unchanged(target: Path, size: int, mtime_ns: int, sha256: str) -> bool:
    """Whether a file is still what was recorded: size, then time, then digest."""
    try:
        held = target.stat()
    except FileNotFoundError:
        return False
    if held.st_size != size:
        return False
    return held.st_mtime_ns == mtime_ns or digest_of(target) == sha256
