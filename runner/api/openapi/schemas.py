"""The one door to `schemas/`: in the wheel it lies at `runner/schemas`, in a checkout beside the package."""

from functools import lru_cache
from pathlib import Path

import runner


def schema_text(name: str) -> str:
    """The text of a shipped file, named from `schemas/` on (`providers/revoice.openapi.yaml`).

    KeyError when there is no such file, or when the name leads out of `schemas/`.
    """
    root = _root()
    file = (root / name).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        raise KeyError(name)
    return file.read_text(encoding="utf-8")


def schema_names(folder: str) -> tuple[str, ...]:
    """The names of the files in a folder of `schemas/`, sorted, each fit for `schema_text`; empty when there
    is none."""
    root = _root()
    inside = (root / folder).resolve()
    if not inside.is_relative_to(root) or not inside.is_dir():
        return ()
    return tuple(sorted(file.relative_to(root).as_posix() for file in inside.iterdir() if file.is_file()))


@lru_cache(maxsize=1)
def _root() -> Path:
    package = Path(runner.__file__).resolve().parent
    shipped = package / "schemas"
    return shipped if shipped.is_dir() else package.parent / "schemas"
