"""docs/coverage.md is what the inventories, the documents and the contract tests say, without an empty cell."""

from pathlib import Path

import coverage_table
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"
PROVIDERS = ["blurb", "dubformer", "respeecher", "rev", "revoice"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_operation_and_no_field_of_a_text_is_left_out(provider: str) -> None:
    empty = [row for row in coverage_table.rows(provider) if not all((row[0], row[2], row[3], row[4]))]

    assert empty == []


def test_every_text_has_its_inventory() -> None:
    assert sorted(file.stem for file in (coverage_table.TESTS / "inventory").glob("*.yaml")) == PROVIDERS


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == coverage_table.table(), "run `make docs`"
