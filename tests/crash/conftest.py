"""A season against a faulty sandbox."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from crashing import FAULTS, SPEED, Season, season_of

from runner.sandbox.serve import SandboxSettings, running


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[Season]:
    """A season of five episodes against a sandbox that drops, fails and ignores idempotency keys."""
    faults = tmp_path / "faults.yaml"
    faults.write_text(json.dumps(FAULTS))
    (tmp_path / "published").mkdir()
    settings = SandboxSettings(
        tmp_path / ".runner" / "season.sandbox", speed=SPEED, faults=faults, files=tmp_path / "published"
    )
    with running(settings) as sandbox:
        yield season_of(tmp_path, sandbox, 5, seed=int(time.time()) if os.environ.get("CRASH_RANDOM") else 7)
