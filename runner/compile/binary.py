"""Which inputs of a use are local files that a request streams."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.compile.expression_errors import FileMissing
from runner.compile.expressions import ExpressionError
from runner.model.text import LocalFile
from runner.model.unknown import Unknown

Steps = tuple[str, ...]


def binary_fields(schema: Mapping[str, Any]) -> tuple[Steps, ...]:
    """The paths of fields with `format: binary`; `*` stands for every item of a list."""
    found: dict[Steps, None] = {}
    _walk(schema, schema.get("$defs", {}), (), found, frozenset())
    return tuple(found)


def _walk(
    schema: Any, shared: Mapping[str, Any], steps: Steps, found: dict[Steps, None], above: frozenset[str]
) -> None:
    if not isinstance(schema, Mapping):
        return
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in above:
        _walk(shared.get(reference.rpartition("/")[2]), shared, steps, found, above | {reference})
    if schema.get("format") == "binary":
        found[steps] = None
    for name, child in (schema.get("properties") or {}).items():
        _walk(child, shared, (*steps, name), found, above)
    _walk(schema.get("items"), shared, (*steps, "*"), found, above)
    for word in ("allOf", "anyOf", "oneOf"):
        for child in schema.get(word) or ():
            _walk(child, shared, steps, found, above)


class Files:
    """Local files by the digest of their bytes; each is read once a run, however many items name it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, LocalFile] = {}

    def file(self, path: str) -> LocalFile:
        """The file at a path relative to the manifest, as an absolute path with its digest.

        Raises:
            FileMissing, ExpressionError: it is not there, or cannot be read.
        """
        found = self._held.get(path)
        if found is None:
            found = self._held[path] = self._read(path)
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
