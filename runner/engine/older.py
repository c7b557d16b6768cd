"""A warning where the manifest is older than what was last applied: what was changed since would be undone."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

from runner.compile.checks.work import Work
from runner.engine.state.states import read_history
from runner.model.event import RunStarted
from runner.model.observation import Observations
from runner.model.plan import Plan
from runner.model.problem import Place, Problem
from runner.model.state import State

SHOWN = 12
"""So many digits of a commit are shown."""


def warned(work: Work, state: State, made: Plan, observed: Observations) -> tuple[Plan, Observations]:
    """The plan, and what it was made from, with the warning where there is reason for one.

    It stands with what was observed, so that a saved plan is carried out with the warnings that it was saved with.
    """
    at, commit = _last_applied(work) if state.sequence else ("", "")
    if not commit or not _lies_before(work.manifest.folder, commit):
        return made, observed
    older = Problem(
        "older-commit",
        f"the manifest stands at a commit that is older than {commit[:SHOWN]}, which was applied at {at}: "
        "what was changed since would be undone",
        Place(str(work.manifest.file)),
        "check out a newer commit, unless you mean to go back",
        warning=True,
    )
    return (
        replace(made, warnings=(older, *made.warnings)),
        replace(observed, warnings=(older, *observed.warnings)),
    )


def _last_applied(work: Work) -> tuple[str, str]:
    """When the last apply from a git repository began, and at which commit; empty texts where none did."""
    rows = read_history(work.state_place, work.manifest.name, (RunStarted.kind,))
    for at, _, _, data in reversed(rows):
        fields = json.loads(data)
        if fields.get("command") == "apply" and fields.get("commit"):
            return at, fields["commit"]
    return "", ""


def _lies_before(folder: Path, commit: str) -> bool:
    """Whether the checkout's commit is an ancestor of another; false for itself, and where git cannot tell."""
    head = _git(folder, "rev-parse", "HEAD")
    if head is None or head == commit:
        return False
    return _git(folder, "merge-base", "--is-ancestor", head, commit) is not None


def _git(folder: Path, *words: str) -> str | None:
    """What git prints; None when it fails, is not there, or does not end."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
