"""Which files beside the manifest were read for it, so that a saved plan can tell which of them has moved."""

import hashlib
from pathlib import Path


class Reads:
    """Paths relative to the manifest, in the order in which they were first read."""

    __slots__ = ("_folder", "_paths")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: dict[str, None] = {}

    def note(self, path: str) -> None:
        """This file was read."""
        self._paths[str.__str__(path)] = None

    def digests(self) -> dict[str, str]:
        """Path → sha256 of the file as it stands now; empty where it cannot be read any more."""
        return {path: self._digest(path) for path in self._paths}

    def _digest(self, path: str) -> str:
        try:
            with (self._folder / path).open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            return ""
