"""Broken manifests, and exactly what a person is told about each.

With RUNNER_UPDATE_CASES=1 the expected texts are written anew; read what they then say.
"""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.compile.checks.check import check_file
from runner.compile.instances.surroundings import Surroundings
from runner.report.problems import problems_text

BROKEN = Path(__file__).parent / "broken"
CASES = sorted(folder for folder in BROKEN.iterdir() if folder.is_dir())


def optional(file: Path) -> dict[str, Any]:
    """What a JSON file beside the manifest holds; nothing where there is none."""
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def told(case: Path) -> str:
    """What a person reads who validates the manifest in `case` from there; with a file `online`, who plans it."""
    surroundings = Surroundings(env=optional(case / "env.json"), offline=not (case / "online").exists())
    work, problems = check_file(Path("manifest.yaml"), optional(case / "vars.json"), surroundings)
    assert work is None
    unbuilt = replace(surroundings, building=False)
    assert check_file(Path("manifest.yaml"), optional(case / "vars.json"), unbuilt)[1] == problems
    return problems_text(problems, Path.cwd()) + "\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_broken_manifest_is_told_about_exactly_so(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    expected = case / "problems.txt"

    found = told(case)

    if os.environ.get("RUNNER_UPDATE_CASES"):
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_there_are_enough_broken_manifests() -> None:
    assert len(CASES) >= 25
