"""The two uses that are built in: `workbook.file` (rows → xlsx → URL) and `file.publish` (a local file → URL)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from runner.compile.instances.compiled import BUILTINS, WORKBOOK
from runner.model.errors import InvalidInput
from runner.model.frozen import frozen
from runner.model.graph import Instance
from runner.model.http import Upload
from runner.model.manifest import Manifest
from runner.model.problem import Place, Problem
from runner.model.settings import PublishSettings
from runner.model.text import LocalFile, PublishedUrl

__all__ = ["BUILTINS", "OUTPUTS", "Artifact", "Maker", "builtin_schema"]

_TEXTS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}

WORKBOOK_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["template", "rows"],
    "additionalProperties": False,
    "properties": {
        "template": {
            "type": "string",
            "description": "A template's name, or the path of a vendor's workbook.",
        },
        "rows": {"type": "array", "items": {"type": "object"}, "description": "The rows, one mapping each."},
        "columns": {"type": "object", "description": "Heading → expression over `row`."},
        "ignore": {**_TEXTS, "description": "Fields of the rows that need no column."},
        "name": {"type": "string", "description": "The stem of the file's name; by default the address."},
    },
}

PUBLISH_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["path"],
    "additionalProperties": False,
    "properties": {
        "path": {"type": "string", "format": "binary", "description": "The file to publish."},
        "name": {
            "type": "string",
            "description": "The stem of the published name; by default the file's own.",
        },
    },
}

UNBUILT = "0" * 64
"""Stands for the digest of a workbook that is only checked."""

OUTPUTS = ("url", "path", "sha256", "size", "name")
"""What both give to other jobs."""


def builtin_schema(uses: str) -> dict[str, Any]:
    """JSON Schema 2020-12 of the `with` of a built-in use."""
    return WORKBOOK_SCHEMA if uses == WORKBOOK else PUBLISH_SCHEMA


@frozen
class Artifact:
    """A file to publish under `name`: one that was made here, or a local one.

    `path` is where it is written (relative to the manifest, when it is beside it; empty where it goes to a server),
    `url` where it is read, unsigned; both are empty without `publish:`. `warnings` do not stop it.
    """

    name: str
    content: Upload
    path: str
    url: str
    warnings: tuple[Problem, ...] = ()

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What expressions read as `outputs`."""
        sha256, size = self.content.sha256, self.content.size
        url = PublishedUrl(self.url, sha256)
        return {"url": url, "path": self.path, "sha256": sha256, "size": size, "name": self.name}


def _sound(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The problems, when all of them are warnings; raises InvalidInput with the others."""
    wrong = [problem for problem in problems if not problem.warning]
    if wrong:
        raise InvalidInput(wrong)
    return problems


class Maker:
    """Makes artifacts from evaluated inputs; the same inputs make the same bytes."""

    def __init__(self, manifest: Manifest, publish: PublishSettings | None, building: bool = True) -> None:
        self._manifest, self._publish, self._building = manifest, publish, building
        self._templates: dict[str, Any] = {}

    def is_file(self, template: str) -> bool:
        """Whether a template is a workbook of the user's."""
        from runner.workbook.templates import is_path

        return is_path(template)

    def artifact(
        self, instance: Instance, uses: str, inputs: Mapping[str, Any], used: Sequence[str] = ()
    ) -> Artifact:
        """The file of a built-in use; `used` are fields of rows that need no column of their own.

        Raises:
            InvalidInput: the workbook's template or rows have problems, or the file is not there.
        """
        if uses == WORKBOOK:
            return self._workbook(instance, inputs, used)
        return self._copy(inputs)

    def _workbook(self, instance: Instance, inputs: Mapping[str, Any], used: Sequence[str]) -> Artifact:
        from runner.workbook.build import build, misfits, published_name
        from runner.workbook.rows import Row, place_of

        by_hand = inputs.get("columns") or [{}] * len(inputs["rows"])
        rows = [
            Row(row, place_of(row) or self._where(instance), hand, row)
            for row, hand in zip(inputs["rows"], by_hand, strict=True)
        ]
        ignored = [*used, *(str(name) for name in inputs.get("ignore") or ())]
        template = self._template(str(inputs["template"]), instance)
        stem = str(inputs.get("name") or instance.address)
        if not self._building:
            problems = _sound(misfits(template, rows, ignore=ignored))
            return self._made(published_name(stem, UNBUILT), Upload("", 0, UNBUILT), problems)
        built = build(template, rows, ignore=ignored)
        _sound(built.problems)
        return self._made(published_name(stem, built.sha256), built.content, built.problems)

    def _where(self, instance: Instance) -> Place:
        """Where the rows of an instance stand that have no place of their own."""
        place: Place | None = instance.each.place if instance.each is not None else None
        return place or self._manifest.locate(("jobs", instance.job, "with"))[0]

    def _template(self, name: str, instance: Instance) -> Any:
        from runner.workbook.templates import load_template

        found = self._templates.get(name)
        if found is None:
            try:
                found = self._templates[name] = load_template(name, self._manifest.folder)
            except InvalidInput as error:
                where, _ = self._manifest.locate(("jobs", instance.job, "with"))
                raise InvalidInput(
                    [Problem(one.code, one.message, where, one.hint) for one in error.problems]
                ) from None
        return found

    def _copy(self, inputs: Mapping[str, Any]) -> Artifact:
        from runner.workbook.build import published_name

        file = inputs["path"]
        source = Path(str.__str__(file))
        sha256 = file.sha256 if isinstance(file, LocalFile) else ""
        name = published_name(str(inputs.get("name") or source.stem), sha256, source.suffix)
        return self._made(name, Upload(str(source), source.stat().st_size, sha256))

    def _made(self, name: str, content: Upload, warnings: tuple[Problem, ...] = ()) -> Artifact:
        url = self._publish.base_url + quote(name) if self._publish else ""
        return Artifact(name, content, self._written(name), url, warnings)

    def _written(self, name: str) -> str:
        if self._publish is None or self._publish.directory is None:
            return ""
        path = self._publish.directory / name
        folder = self._manifest.folder
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
