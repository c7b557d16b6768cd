"""Paths that a manifest writes to: relative, and inside the folder."""

import re

from runner.compile.expressions.access import kind_of
from runner.compile.expressions.template import ExpressionError
from runner.model.names import folded, unfit

_DEVICE = r"(?i:con|prn|aux|nul|com\d|lpt\d) *(?:[./]|$)"
_PART = f"(?!{_DEVICE})[A-Za-z0-9_@+=,-][A-Za-z0-9_@+=,. -]{{0,254}}"
_PLAIN = re.compile(f"{_PART}(?:/{_PART})*")
"""Paths as most are: no part that begins with a dot or is a device, no backslash, colon or tilde."""


class BadPath(ExpressionError):
    """A path that nothing may be written to."""

    code = "bad-path"


def check_path(value: object) -> str:
    """The path as it stands, when it stays inside the folder that it is relative to.

    Raises:
        BadPath: it is empty, absolute, leads out of the folder, or names a folder.
    """
    if type(value) is str and _PLAIN.fullmatch(value):
        return value
    if not isinstance(value, str):
        raise BadPath(f"a path is a text, and this is {kind_of(value)}")
    text = str.__str__(value)
    parts = text.replace("\\", "/").split("/")
    if not text.strip() or "\0" in text:
        raise BadPath("the path is empty" if not text.strip() else "the path holds a NUL")
    if parts[0] == "" or parts[0].endswith(":") or text.startswith("~"):
        raise BadPath(
            "the path is not relative", "write it relative to the manifest; `--out-dir` moves all files"
        )
    depth = 0
    for part in parts:
        depth += -1 if part == ".." else 0 if part in ("", ".") else 1
        if depth < 0:
            raise BadPath("the path leads out of the manifest's folder", "use `--out-dir` to write elsewhere")
    if parts[-1] in ("", ".", ".."):
        raise BadPath("the path names a folder", "end it with a file's name")
    for part in parts:
        if reason := unfit(part):
            raise BadPath(f"no file can have this path: {reason}", "choose another name")
    return text


def same_path(path: str) -> str:
    """What two paths have in common when they are one file, also on disks that ignore case or accents' ways."""
    if _PLAIN.fullmatch(path):
        return folded(path)
    found: list[str] = []
    for part in path.replace("\\", "/").split("/"):
        if part == ".." and found:
            found.pop()
        elif part not in ("", "."):
            found.append(part)
    return folded("/".join(found))
