"""A folder for a test's manifest."""

from pathlib import Path

import pytest
from folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
