"""Which manifest a command speaks of."""

import re
from collections.abc import Iterable
from pathlib import Path

from runner.cli.screen import here
from runner.model.errors import WrongUsage

_TOP = re.compile(r"^(version|jobs)\s*:", re.MULTILINE)


def find_manifest(given: Path | None) -> Path:
    """The named file, or the only manifest in the working directory; absolute. WrongUsage where there is no one."""
    if given is not None:
        return given.absolute()
    found = sorted(file for file in Path.cwd().iterdir() if _is_manifest(file))
    if len(found) == 1:
        return found[0]
    if not found:
        raise WrongUsage(
            "there is no manifest here: no YAML file has both `version` and `jobs` at its top",
            "name one with `-f FILE`, and what is wrong with it is told",
        )
    names = ", ".join(here(file) for file in found)
    raise WrongUsage(f"there are several manifests here: {names}", "name one with `-f FILE`")


def manifests_of(named: Iterable[Path]) -> list[Path]:
    """The manifests that are named, each once and in order; a folder stands for those in it. WrongUsage for none."""
    found: dict[Path, None] = {}
    for path in named:
        inside = sorted(file for file in path.iterdir() if _is_manifest(file)) if path.is_dir() else [path]
        if not inside:
            raise WrongUsage(f"there is no manifest in {path}", "name a file, or another folder")
        found.update(dict.fromkeys(inside))
    return list(found)


def _is_manifest(file: Path) -> bool:
    """A YAML file whose top level has `version` and `jobs`, seen without parsing it."""
    if file.suffix not in (".yaml", ".yml") or not file.is_file():
        return False
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return False
    return {match[1] for match in _TOP.finditer(text)} == {"version", "jobs"}
