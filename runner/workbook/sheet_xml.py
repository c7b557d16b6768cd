"""Rows as the XML of a sheet (for a vendor's own workbook), and parts as a zip: the same bytes on any machine.

Text is stored inline and marked as text, so that no cell can become a formula. The zip stores instead of
deflating: implementations of deflate differ in their output, and a digest that moved with the machine would
look like changed input to paid work.
"""

import os
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1024 * 1024
_SPECIAL = re.compile(r"[&<>\r]|_x[0-9A-Fa-f]{4}_")
_SAID = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def row_xml(number: int, values: Sequence[Any], columns: Sequence[str], styles: Sequence[str] = ()) -> str:
    """One row: `columns` are letters of columns, `styles` their ` s="…"` attributes; None leaves no cell."""
    cells: list[str] = []
    for index, value in enumerate(values):
        if value is None:
            continue
        style = styles[index] if styles else ""
        at = f'<c r="{columns[index]}{number}"{style}'
        kind = type(value)
        if kind is str:
            said = _SPECIAL.sub(_escaped, value)
            keep = (
                ' xml:space="preserve"' if said[:1].isspace() or said[-1:].isspace() or "\n" in said else ""
            )
            cells.append(f'{at} t="inlineStr"><is><t{keep}>{said}</t></is></c>')
        elif kind is bool:
            cells.append(f'{at} t="b"><v>{int(value)}</v></c>')
        else:
            cells.append(f"{at}><v>{value!r}</v></c>")
    return f'<row r="{number}">{"".join(cells)}</row>'


class UndatedZip(zipfile.ZipFile):
    """A zip that stores its parts, with nothing in it that depends on the day or the machine."""

    def put(self, name: str, chunks: Iterable[bytes]) -> None:
        """Add a part."""
        entry = zipfile.ZipInfo(name, _EPOCH)
        entry.create_system = 0
        with self.open(entry, "w", force_zip64=False) as part:
            for chunk in chunks:
                part.write(chunk)

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        """Add a part, as openpyxl does."""
        self.put(str(zinfo_or_arcname), (data.encode() if isinstance(data, str) else data,))

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        """Add a file as a part, as openpyxl does: here the open one that it wrote into."""
        filename.flush()
        with open(os.dup(filename.fileno()), "rb") as file:
            file.seek(0)
            self.put(str(arcname), iter(lambda: file.read(_CHUNK), b""))


def write_zip(file: IO[bytes], parts: Mapping[str, Iterable[bytes]]) -> None:
    """Write an undated zip of the parts in their order."""
    with UndatedZip(file, "w") as archive:
        for name, chunks in parts.items():
            archive.put(name, chunks)


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    # A spreadsheet program reads _x000D_ as a carriage return: the underscore itself is written that way.
    return _SAID.get(found) or f"_x005F{found}"
