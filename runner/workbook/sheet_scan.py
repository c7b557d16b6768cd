"""What a fast reader of xlsx hides: formulas without a stored value, error cells, cells absurdly far away.

It searches the sheet's XML for a few patterns instead of parsing it, so it costs little beside the reading.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from runner.model.frozen import frozen
from runner.workbook.grid import column_number

MOST_BYTES = 1 << 30
MOST_CELLS = 20_000_000

_UNSTORED = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^>]*/>)\s*"
    rb"(?P<v><(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_ERROR = re.compile(rb"t=[\"']e[\"'][^>]*>(?:<(?:\w+:)?f\b.*?)?<(?:\w+:)?v>([^<]*)<", re.DOTALL)
_REFERENCE = re.compile(rb"\sr=[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_TEXT_RESULT = re.compile(rb"\st=[\"']str[\"']")
_WIDE = re.compile(rb"\sr=[\"']([A-Z]{2,3})\d")
_COLUMN = re.compile(rb"\sr=[\"']([A-Z]{1,3})\d")
_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*?r=[\"'](\d+)[\"']")
_LONGEST_CELL = 40_000  # bytes; a formula has at most 8,192 characters


@frozen
class Oddity:
    """A cell without a value: `error` is what it shows (`#REF!`), or empty: a formula never computed."""

    row: int
    column: int
    error: str = ""


@frozen
class Scan:
    """`far` is set where the sheet spans more cells than can be held, as (rows, columns)."""

    oddities: tuple[Oddity, ...] = ()
    far: tuple[int, int] | None = None


def scan_sheet(archive: zipfile.ZipFile, sheet: str) -> Scan:
    """Looks at one sheet. KeyError, BadZipFile or ParseError where the file is not a proper workbook."""
    data = archive.read(part_of(archive, sheet))
    far = _far(data)
    if far is not None:
        return Scan(far=far)
    return Scan((*_unstored(data), *_errors(data)))


def too_big(archive: zipfile.ZipFile) -> bool:
    """Whether unpacking would take more than can be meant."""
    return sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES


def _unstored(data: bytes) -> Iterator[Oddity]:
    if b"<f" not in data and b":f" not in data:
        return
    for match in _UNSTORED.finditer(data):
        start = max(0, match.start() - _LONGEST_CELL)
        at = max(data.rfind(b"<c ", start, match.start()), data.rfind(b":c ", start, match.start()))
        tag = data[at : data.find(b">", at)]
        if match["v"] is not None and _TEXT_RESULT.search(tag):
            continue  # the formula was computed, and its result is the empty text
        yield _oddity(tag)


def _errors(data: bytes) -> Iterator[Oddity]:
    for match in _ERROR.finditer(data):
        at = data.rfind(b"<", max(0, match.start() - 200), match.start())
        yield _oddity(data[at : match.start() + 20], match[1].decode("utf-8", "replace"))


def _oddity(tag: bytes, error: str = "") -> Oddity:
    reference = _REFERENCE.search(tag)
    if reference is None:
        return Oddity(0, 0, error)
    return Oddity(int(reference[2]), column_number(reference[1].decode()), error)


def _far(data: bytes) -> tuple[int, int] | None:
    """The span of a sheet that is too large: one stray cell makes a reader allocate everything before it."""
    at = max(data.rfind(b"<row "), data.rfind(b":row "))
    last = _ROW.search(data, max(0, at - 20)) if at >= 0 else None
    rows = int(last[1]) if last else 0
    if rows * 26 <= MOST_CELLS and not _WIDE.search(data):
        return None
    columns = max((column_number(found.decode()) for found in set(_COLUMN.findall(data))), default=1)
    return (rows, columns) if rows * columns > MOST_CELLS else None


def part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """The name of the part that holds a sheet."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    for element in book.iter():
        if element.tag.endswith("}sheet") and element.get("name") == sheet:
            identity = next((value for name, value in element.items() if name.endswith("}id")), "")
            return posixpath.normpath(posixpath.join("xl", targets[identity])).lstrip("/")
    raise KeyError(sheet)
