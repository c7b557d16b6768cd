import os
from pathlib import Path

import pytest

from runner.api.openapi.schemas import schema_names, schema_text


def test_a_shipped_text_is_found_from_any_working_directory(tmp_path: Path) -> None:
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        text = schema_text("x-runner.schema.json")
    finally:
        os.chdir(before)
    assert '"$defs"' in text


def test_the_names_of_a_folder_are_fit_to_be_read() -> None:
    names = schema_names("providers")
    assert "providers/dubformer.openapi.yaml" in names
    assert all(schema_text(name) for name in names)


@pytest.mark.parametrize("name", ["no-such.yaml", "../pyproject.toml", "providers"])
def test_what_is_not_shipped_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        schema_text(name)


def test_a_folder_that_is_not_there_has_no_names() -> None:
    assert schema_names("nowhere") == ()
    assert schema_names("../runner") == ()
