"""Which inputs of a use are local files that a request streams."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.compile.expressions.errors import FileMissing
from runner.compile.expressions.reads import Reads
from runner.compile.expressions.template import ExpressionError
from runner.model.text import LocalFile
from runner.model.unknown import Unknown

Steps = tuple[str, ...]


def binary_fields(schema: Mapping[str, Any]) -> tuple[Steps, ...]:
    """The inputs that are local files; `*` stands for every item of a list. What is deeper inside is data, whatever
    format the document gives it: no request streams a file there."""
    found: list[Steps] = []
    for name, field in (schema.get("properties") or {}).items():
        items = field.get("items") if isinstance(field, Mapping) else None
        if isinstance(field, Mapping) and field.get("format") == "binary":
            found.append((name,))
        elif isinstance(items, Mapping) and items.get("format") == "binary":
            found.append((name, "*"))
    return tuple(found)


class Files:
    """Local files by the digest of their bytes; each is read once a run, however many items name it."""

    def __init__(self, folder: Path, reads: Reads) -> None:
        self._folder, self._reads = folder, reads
        self._held: dict[str, LocalFile] = {}

    def file(self, path: str) -> LocalFile:
        """The file at a path relative to the manifest, as an absolute path with its digest.

        Raises:
            FileMissing, ExpressionError: it is not there, or cannot be read.
        """
        found = self._held.get(path)
        if found is None:
            found = self._held[path] = self._read(path)
            self._reads.note(path)
        return found

    def _read(self, path: str) -> LocalFile:
        whole = self._folder / path
        try:
            with whole.open("rb") as stream:
                return LocalFile(str(whole), hashlib.file_digest(stream, "sha256").hexdigest())
        except (FileNotFoundError, NotADirectoryError):
            raise FileMissing(path) from None
        except (OSError, ValueError) as error:
            raise ExpressionError(f"`{path}` cannot be read: {error}") from None

    def put(self, value: Any, steps: Steps) -> Any:
        """`value` with the path at `steps` made a LocalFile; what is not there or unknown stays as it is."""
        if value is None or isinstance(value, Unknown):
            return value
        if not steps:
            return self.file(str.__str__(value)) if isinstance(value, str) else value
        if steps[0] == "*" and isinstance(value, list):
            return [self.put(child, steps[1:]) for child in value]
        if isinstance(value, dict) and steps[0] in value:
            return {**value, steps[0]: self.put(value[steps[0]], steps[1:])}
        return value
