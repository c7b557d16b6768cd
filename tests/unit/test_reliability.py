"""docs/reliability.md says what the tests show."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_fault_table_is_the_one_that_the_tests_declare() -> None:
    made = subprocess.run(
        [sys.executable, "tests/support/fault_table.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert made.stdout == (ROOT / "docs/reliability.md").read_text("utf-8"), "type `make docs`"
