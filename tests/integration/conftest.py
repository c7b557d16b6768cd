"""Every test has a folder of its own, and a sandbox that lives as long as the test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from applying import Stage, served, staged

Staging = Callable[..., Stage]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Staging]:
    """Makes the stage of a manifest: `stage(MANIFEST, ids=("e1", …))`."""
    monkeypatch.setenv("NO_COLOR", "1")
    with ExitStack() as stack:
        yield lambda *words, **named: stack.enter_context(staged(tmp_path, *words, **named))


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Staging]:
    """Makes the stage of a manifest that stands in a file already: `serving(folder, file, name)`."""
    monkeypatch.setenv("NO_COLOR", "1")
    with ExitStack() as stack:

        def serve(*words: Any, **named: Any) -> Stage:
            return stack.enter_context(served(*words, **named))

        yield serve
