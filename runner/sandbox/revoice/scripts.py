"""Scripts and bulk workbooks: fetched from loopback, and read as the API's templates describe them.

There is no network beyond loopback here, so a script anywhere else is taken as it is.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.sandbox.ground.loopback import is_loopback
from runner.sandbox.ground.shape import wrong
from runner.sandbox.revoice.catalogue import LANGUAGE_IDS
from runner.sandbox.revoice.rules import SETTINGS, TEXT_ENDINGS, ending

PRODUCTION_SHEET = "Revoiceit_Prod_Template_Script"
_FIELDS = {
    "batch_name": "name",
    "video_path": "videoPath",
    "script_path": "scriptPath",
    "language_code": "languageCode",
}
_SETTING_NAMES = {name.lower(): name for name in SETTINGS}
_MOST_BYTES = 64 * 1024 * 1024
_PATIENCE = 10.0

Rows = list[list[Any]]


class BadScript(Exception):
    """A script or workbook that cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class BulkLine:
    """A row of a bulk workbook: the fields of a batch, and what is wrong with the row, if anything."""

    fields: dict[str, Any]
    problem: str


class Scripts:
    """Fetches; holds one connection pool, made at its first use."""

    def __init__(self) -> None:
        self._client: Any = None

    async def languages(self, url: str, project_type: str) -> list[str]:
        """The languages that a script holds; none where it does not tell. Raises BadScript."""
        if not is_loopback(url):
            return []
        content = await self.fetch(url)
        if ending(url) in TEXT_ENDINGS:
            if not content.strip():
                raise BadScript(f"the script {url} is empty")
            return []
        if project_type == "audio-production":
            return _production_languages(_sheet(content, url, PRODUCTION_SHEET))
        rows = _sheet(content, url)
        if project_type == "line-dubbing":
            _check_source_audio(rows)
        return []

    async def fetch(self, url: str) -> bytes:
        """The bytes at a loopback URL. Raises BadScript when they do not come."""
        import aiohttp

        if self._client is None:
            self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE))
        try:
            async with self._client.get(url, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise BadScript(f"{url} answers {answer.status}")
                content = bytearray()
                async for piece in answer.content.iter_any():
                    content += piece
                    if len(content) > _MOST_BYTES:
                        raise BadScript(f"{url} is larger than {_MOST_BYTES} bytes")
                return bytes(content)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise BadScript(f"{url} cannot be fetched: {type(error).__name__}") from error

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            await self._client.close()


def bulk_lines(content: bytes, url: str) -> list[BulkLine]:
    """The rows of a bulk workbook. Raises BadScript when the workbook itself cannot be used."""
    rows = _sheet(content, url)
    headings = [str(cell).strip().lower() for cell in rows[0]]
    for heading in headings:
        if heading and heading not in _FIELDS and heading not in _SETTING_NAMES:
            raise BadScript(f"the workbook has an unknown column {heading}")
    if "batch_name" not in headings:
        raise BadScript("the workbook has no column batch_name")
    lines = [_bulk_line(dict(zip(headings, row, strict=False))) for _, row in _filled(rows)]
    if not lines:
        raise BadScript("the workbook has no rows")
    return lines


def _bulk_line(cells: Mapping[str, Any]) -> BulkLine:
    fields: dict[str, Any] = {
        field: _text(cells[heading])
        for heading, field in _FIELDS.items()
        if cells.get(heading) not in ("", None)
    }
    settings: dict[str, Any] = {}
    problem = ""
    for heading, name in _SETTING_NAMES.items():
        if cells.get(heading) not in ("", None):
            settings[name] = _setting(name, cells[heading])
            problem = problem or wrong(settings[name], SETTINGS[name], name) or ""
    if settings:
        fields["settings"] = settings
    return BulkLine(fields, problem)


def _setting(name: str, cell: Any) -> Any:
    kind = SETTINGS[name].kind
    text = _text(cell)
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == "integer" and text.isdecimal():
        return int(text)
    return cell if kind != "string" and isinstance(cell, bool | int | float) else text


def _production_languages(rows: Rows) -> list[str]:
    headings = [str(cell).strip().lower() for cell in rows[0]]
    texts = {index: heading[5:] for index, heading in enumerate(headings) if heading.startswith("text_")}
    if "id" not in headings or not texts:
        raise BadScript(f"the sheet {PRODUCTION_SHEET} needs the columns ID and Text_<LANG>")
    unknown = [language for language in texts.values() if language not in LANGUAGE_IDS]
    if unknown:
        raise BadScript(f"unknown language {unknown[0].upper()} in the script")
    id_at = headings.index("id")
    lines = _filled(rows)
    if not lines:
        raise BadScript("the script has no lines")
    for number, row in lines:
        if not _text(row[id_at]) or not any(_text(row[index]) for index in texts):
            raise BadScript(f"line {number} of the script needs an ID and a text")
    return list(texts.values())


def _check_source_audio(rows: Rows) -> None:
    headings = [str(cell).strip().lower() for cell in rows[0]]
    if "source_audio" not in headings:
        raise BadScript("the script needs the column Source_Audio")
    at = headings.index("source_audio")
    for number, row in _filled(rows):
        if not _text(row[at]):
            raise BadScript(f"line {number} of the script needs a Source_Audio")


def _sheet(content: bytes, url: str, name: str | None = None) -> Rows:
    """The rows of a sheet (the first, when no name is given); there is at least one."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        if not workbook.sheet_names:
            raise BadScript(f"the workbook {url} has no sheet")
        if name is not None and name not in workbook.sheet_names:
            raise BadScript(f"the workbook {url} has no sheet {name}")
        rows = workbook.get_sheet_by_name(name or workbook.sheet_names[0]).to_python(skip_empty_area=False)
    except CalamineError as error:
        raise BadScript(f"{url} is not a readable xlsx workbook") from error
    if not rows:
        raise BadScript(f"the workbook {url} is empty")
    return rows


def _filled(rows: Rows) -> list[tuple[int, list[Any]]]:
    """The rows below the headings that hold anything, with their numbers."""
    return [(number, row) for number, row in enumerate(rows[1:], 2) if any(_text(cell) for cell in row)]


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip() if cell is not None else ""
