"""Edits of an applied manifest: a season that was applied once, copied for each case, edited, and planned again."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from applying import SPEED, Ended, captured

from runner.engine.state.approvals import approved_by_me
from runner.sandbox.serve import SandboxSettings, running

BASES = Path(__file__).parents[1] / "cases" / "gitops"
NAME = "season"


@dataclass(frozen=True)
class Edit:
    """What a case changes, and what it types then.

    `replace`: file → [before, after] pairs; `write`: file → its text; `remove`: files and folders; `type`: what
    is typed before the plan; `plan`: further words for `plan`; `base`: the manifest that is edited.
    """

    about: str
    replace: dict[str, list[list[str]]] = field(default_factory=dict)
    write: dict[str, str] = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)
    type: list[list[str]] = field(default_factory=list)
    plan: list[str] = field(default_factory=list)
    base: str = "base"

    def make(self, folder: Path) -> None:
        """Edits the files of a copy."""
        for name, pairs in self.replace.items():
            text = (folder / name).read_text("utf-8")
            for before, after in pairs:
                assert before in text, f"{name} does not hold {before!r}"
                text = text.replace(before, after)
            (folder / name).write_text(text, "utf-8")
        for name, text in self.write.items():
            (folder / name).write_text(text, "utf-8")
        for name in self.remove:
            path = folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def edit_of(case: Path) -> Edit:
    held: dict[str, Any] = yaml.safe_load((case / "edit.yaml").read_text("utf-8"))
    return Edit(**held)


def apply_base(folder: Path, base: str) -> None:
    """A season, applied once on the sandbox, in this folder."""
    shutil.copytree(BASES / base, folder, dirs_exist_ok=True)
    with _world(folder):
        ended = _typed(folder, ["apply", "--auto-approve", "--speed", str(SPEED)])
        assert ended.code == 0, ended.all


def planned(applied: Path, case: Path, folder: Path) -> str:
    """What is typed and printed in this case, the folder of this machine taken out."""
    shutil.copytree(applied, folder, dirs_exist_ok=True)
    edit = edit_of(case)
    edit.make(folder)
    told = [f"# {edit.about}\n"]
    with _world(folder):
        for words in [*edit.type, ["plan", *edit.plan]]:
            ended = _typed(folder, words)
            told.append(f"$ runner {' '.join(words)}\n{_told(ended)}(exit {ended.code})\n")
    return "\n".join(told).replace(str(folder), "FOLDER").replace(_me(), "SOMEBODY")


def _me() -> str:
    """Who approves on this machine."""
    return approved_by_me("", 1, "").by


def _typed(folder: Path, words: list[str]) -> Ended:
    return captured([*words, "-f", str(folder / "season.yaml"), "--sandbox"])


def _told(ended: Ended) -> str:
    """What was printed, but for the warnings about a host that test machines reach or do not reach."""
    lines = (ended.out + ended.err).splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("media.example.com: warning:"))


@contextmanager
def _world(folder: Path) -> Iterator[None]:
    """The remote side, kept beside the state as `--sandbox` keeps it."""
    settings = SandboxSettings(
        folder / ".runner" / f"{NAME}.sandbox", speed=SPEED, files=folder / "published"
    )
    with running(settings):
        yield
