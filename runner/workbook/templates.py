"""Templates by their names: those that come with runner, and workbooks of the user's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.api.openapi.parse import parse
from runner.api.openapi.schemas import schema_names, schema_text
from runner.model.errors import InvalidInput
from runner.model.problem import Place, Problem
from runner.workbook.findings import did_you_mean
from runner.workbook.template import Column, Template

_FOLDER = "templates"


def template_names() -> tuple[str, ...]:
    """The names of the templates that come with runner."""
    return tuple(Path(name).stem for name in schema_names(_FOLDER) if name.endswith(".yaml"))


def is_path(name: str) -> bool:
    """Whether a `template:` is a file of the user's: it holds `/` or ends in `.xlsx`."""
    return "/" in name or name.lower().endswith(".xlsx")


def load_template(name: str, folder: Path) -> Template:
    """The template of that name, or the vendor's own workbook at that path, relative to `folder`.

    InvalidInput when there is none, or when the workbook cannot serve; the place names the template's file.
    """
    if is_path(name):
        from runner.workbook.vendor import vendor_template

        return vendor_template(name, folder)
    if name not in template_names():
        hint = did_you_mean(name, template_names(), "template") + "; a file of your own is named by its path"
        raise InvalidInput([Problem("unknown-template", f"there is no template {name!r}", Place(name), hint)])
    file = f"{_FOLDER}/{name}.yaml"
    raw = parse(schema_text(file), file)
    columns = tuple(_column(entry) for entry in raw["columns"])
    return Template(raw["name"], raw["sheet"], columns, raw.get("title", ""), open=raw.get("open", False))


def _column(entry: Mapping[str, Any]) -> Column:
    given: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    return Column(**given)
