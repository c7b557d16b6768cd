"""Edits of an applied manifest, and exactly the plan that each of them gives.

With RUNNER_UPDATE_CASES=1 the expected texts are written anew; read what they then say.
"""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from gitops import apply_base, edit_of, planned

GITOPS = Path(__file__).parent / "gitops"
CASES = sorted(folder for folder in GITOPS.iterdir() if (folder / "edit.yaml").is_file())


@pytest.fixture(scope="session")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder in which a base was applied, once a session."""

    @cache
    def folder_of(base: str) -> Path:
        folder = tmp_path_factory.mktemp("applied") / "season"
        apply_base(folder, base)
        return folder

    return folder_of


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_edit_gives_exactly_this_plan(case: Path, applied: Callable[[str], Path], tmp_path: Path) -> None:
    expected = case / "plan.txt"

    found = planned(applied(edit_of(case).base), case, tmp_path / "season")

    if os.environ.get("RUNNER_UPDATE_CASES"):
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_there_are_enough_edits() -> None:
    assert len(CASES) >= 20
