"""Files that are made here, until they are put where they belong: few bytes in memory, many in a file without a name.

Such a file takes its room from the disk instead of from memory. Nobody else can change what was digested, and nothing
of it is left behind, however the process ends.
"""

import hashlib
import io
import os
from collections.abc import Callable
from typing import IO, Any, BinaryIO

from runner.model.errors import RunnerError
from runner.model.frozen import frozen
from runner.model.http import Upload

IN_MEMORY = 1024 * 1024
"""Bytes up to which a file is held in memory."""


class Nameless:
    """An open file that has no name; it is closed, and its room given back, when nobody holds it any more."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.close(self.number)


@frozen
class Made(Upload):
    """A file that was made here, and has no path."""

    held: bytes | Nameless

    def open(self) -> BinaryIO:
        """The bytes from their beginning; several may read at once."""
        if isinstance(self.held, bytes):
            return io.BytesIO(self.held)
        return io.BufferedReader(_Reader(self.held, self.size))


NOTHING = Made("", 0, "", b"")
"""Stands where no file was made."""


def made(write: Callable[[IO[bytes]], None]) -> Made:
    """The file that `write` writes, digested. RunnerError when there is no room for it."""
    from tempfile import SpooledTemporaryFile

    try:
        with SpooledTemporaryFile(IN_MEMORY) as file:
            write(file)
            return _digested(file)
    except OSError as error:  # the folder for temporary files is full, or cannot be written
        why = f"a temporary file could not be written: {error.strerror or error}"
        raise RunnerError(f"{why}; make room for it, or name another folder in TMPDIR") from error


def _digested(file: IO[bytes]) -> Made:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size <= IN_MEMORY:
        content = file.read()
        return Made("", size, hashlib.sha256(content).hexdigest(), content)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    return Made("", size, sha256, Nameless(os.dup(file.fileno())))


class _Reader(io.RawIOBase):
    """Reads a nameless file at a position of its own."""

    def __init__(self, file: Nameless, size: int) -> None:
        self._file, self._size, self._at = file, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = os.pread(self._file.number, len(buffer), self._at)
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = (0, self._at, self._size)[whence] + offset
        return self._at
