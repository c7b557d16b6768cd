"""Values of inputs as they can be sent: plain JSON values, and local files as what is streamed."""

import math
from collections.abc import Mapping
from typing import Any

from runner.api.openapi.operation import Operation
from runner.model.errors import RunnerError
from runner.model.http import Upload
from runner.model.text import LocalFile, plain
from runner.model.unknown import Unknown

Where = str | tuple["Where", str | int]
"""An input's name, or a place inside of one: told in words only where something is wrong."""


def sendable(operation: Operation, where: Where, value: Any, *, files: bool) -> Any:
    """The value as plain JSON values without nulls in mappings; a local file becomes what is streamed.

    `where` it stands among the inputs of the operation. RunnerError says of it what cannot be sent.
    """
    kind = type(value)
    if kind is str and value.isascii():
        return value
    if kind is int or kind is bool or value is None:
        return value
    if isinstance(value, Unknown):
        raise unfit(operation, _words(where), f"is not known yet: {value.reason}")
    if isinstance(value, LocalFile):
        if not files:
            raise unfit(operation, _words(where), "is a file, which cannot stand here")
        return _upload(operation, _words(where), value)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:  # the only texts that cannot be written
            reason = "holds half a character, which no text can carry"
            raise unfit(operation, _words(where), reason) from None
        return plain(value)
    if isinstance(value, (dict, Mapping)):
        return {
            str(key): sendable(operation, (where, str(key)), child, files=files)
            for key, child in value.items()
            if child is not None
        }
    if isinstance(value, list | tuple):
        return [sendable(operation, (where, i), child, files=files) for i, child in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise unfit(operation, _words(where), "is no finite number")
    if isinstance(value, int | float):
        return value
    raise unfit(operation, _words(where), f"cannot be written: it is a {kind.__name__}")


def _words(where: Where) -> str:
    if isinstance(where, str):
        return where
    outer, step = where
    return f"{_words(outer)}[{step}]" if isinstance(step, int) else f"{_words(outer)}.{step}"


def _upload(operation: Operation, name: str, file: LocalFile) -> Upload:
    from pathlib import Path

    path = str.__str__(file)
    try:
        size = Path(path).stat().st_size
    except OSError as error:
        raise unfit(operation, name, f"is a file that cannot be read: {path} ({error.strerror})") from error
    return Upload(path, size, file.sha256)


def unfit(operation: Operation, name: str, reason: str) -> RunnerError:
    """What is said of an input that cannot be sent."""
    return RunnerError(f"{operation.id}: `{name}` {reason}")
