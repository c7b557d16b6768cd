"""Places: where one file is to stand, with its folder held open.

A path is judged once, and then walked from the output folder down, one folder at a time, following no link. Whoever
puts a link there between the look and the write gains nothing: what is written goes into the folder that was judged.
"""

import hashlib
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from runner.engine.machine.files import CHUNK, UnsafePath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Place:
    """A file's place: `name` in a folder that is held open until `close`. Every method may block: not for an event
    loop. Names given to methods are plain names in that same folder."""

    def __init__(self, folder: int, name: str) -> None:
        self._folder = folder
        self.name = name

    def __enter__(self) -> "Place":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the folder."""
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1

    def another_handle(self) -> int:
        """A handle of the folder for somebody else, who closes it."""
        return os.dup(self._folder)

    def held(self, name: str = "") -> tuple[int, int] | None:
        """Size, and modification time in nanoseconds, of the file that stands there; None when none does.

        Raises UnsafePath for what is no plain file.
        """
        try:
            found = os.stat(name or self.name, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(found.st_mode):
            raise UnsafePath(f"{name or self.name} is no plain file")
        return found.st_size, found.st_mtime_ns

    def stands(self, name: str) -> bool:
        """Whether anything has this name."""
        try:
            os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except OSError:  # nothing that could be read either
            return False
        return True

    def read(self, name: str = "") -> BinaryIO:
        """The file, open for reading; FileNotFoundError, UnsafePath."""
        return self._opened(name or self.name, _LOOK, "rb")

    def write(self, name: str, *, anew: bool = False) -> BinaryIO:
        """The file, open for writing (made when it is not there, and else as it is, or empty where it begins `anew`);
        UnsafePath. Its mode is what the process' umask leaves of rw-rw-rw-."""
        return self._opened(name, _WRITE | os.O_TRUNC if anew else _WRITE, "wb" if anew else "r+b")

    def digest(self, name: str = "") -> str:
        """The SHA-256 of the file."""
        found = hashlib.sha256()
        with self.read(name) as file:
            while piece := file.read(CHUNK):
                found.update(piece)
        return found.hexdigest()

    def rename(self, name: str) -> int:
        """Give a whole, synced file its name, durably; returns its modification time in nanoseconds."""
        os.replace(name, self.name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        os.fsync(self._folder)
        held = self.held()
        if held is None:
            raise FileNotFoundError(f"{self.name} was taken away as it was written")
        return held[1]

    def replace(self, name: str, by: str) -> None:
        """Let one file take another's place; nothing is promised after a power loss."""
        os.replace(by, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def remove(self, name: str) -> None:
        """Take a file away, if it is there."""
        try:
            os.unlink(name, dir_fd=self._folder)
        except FileNotFoundError:
            return

    def free(self) -> int:
        """How many bytes the disk has left for this user."""
        found = os.fstatvfs(self._folder)
        return found.f_bavail * found.f_frsize

    def _opened(self, name: str, flags: int, mode: str) -> BinaryIO:
        try:
            handle = os.open(name, flags, 0o666, dir_fd=self._folder)
        except OSError as error:
            raise _told(error, name) from None
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise UnsafePath(f"{name} is no plain file")
        file: BinaryIO = open(handle, mode)  # type: ignore[assignment]  # noqa: SIM115 — the caller closes it
        return file


def place_at(root: Path, target: Path) -> Place:
    """The place of a target that `inside` found below `root`, with the folders on the way made; raises UnsafePath, or
    OSError."""
    root.mkdir(parents=True, exist_ok=True)
    top = root.resolve()
    folder = os.open(top, _FOLDER)
    try:
        for step in target.relative_to(top).parts[:-1]:
            folder = _stepped(folder, step)
    except BaseException:
        os.close(folder)
        raise
    return Place(folder, target.name)


def _stepped(folder: int, step: str) -> int:
    """The folder below a folder, which is made if need be; the upper one is let go."""
    try:
        below = os.open(step, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        try:
            os.mkdir(step, dir_fd=folder)
            os.fsync(folder)
        except FileExistsError:  # somebody else made it meanwhile: what it is, is seen as it is opened
            pass
        below = _open_made(step, folder)
    except OSError as error:
        raise _told(error, step) from None
    os.close(folder)
    return below


def _open_made(step: str, folder: int) -> int:
    try:
        return os.open(step, _FOLDER, dir_fd=folder)
    except OSError as error:
        raise _told(error, step) from None


def _told(error: OSError, name: str) -> Exception:
    """A link, or something that is no folder, where a folder or a file was seen before."""
    import errno

    if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK, errno.EISDIR, errno.ENXIO):
        return UnsafePath(f"{name} became a link, or is no plain file or folder")
    return error
