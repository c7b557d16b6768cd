"""Bodies of `multipart/form-data` (RFC 7578). Files are streamed by the transport, never read into memory."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from runner.api.openapi.operation import MediaType, Operation
from runner.api.openapi.parameters import scalar_text
from runner.model.http import Upload

# Not asked of the machine, whose own table would make other bytes of the same inputs elsewhere.
_MEDIA = {
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".json": "application/json",
    ".xml": "application/xml",
    ".pdf": "application/pdf",
    ".zip": "application/zip",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def multipart(
    operation: Operation, form: MediaType, fields: Mapping[str, Any]
) -> tuple[str, tuple[bytes | Upload, ...]]:
    """The content type with its boundary, and the pieces. The boundary is made of the content, so that the
    same fields are the same bytes, and no content can hold it."""
    parts = [part for name, value in fields.items() for part in _parts(form, name, value)]
    boundary = _boundary(parts)
    pieces: list[bytes | Upload] = []
    text = f"--{boundary}".encode()
    for header, content in parts:
        text += b"\r\n" + header
        if isinstance(content, Upload):
            pieces += [text, content]
            text = b""
        else:
            text += content
        text += f"\r\n--{boundary}".encode()
    pieces.append(text + b"--\r\n")
    return f"multipart/form-data; boundary={boundary}", tuple(pieces)


def _parts(form: MediaType, name: str, value: Any) -> list[tuple[bytes, bytes | Upload]]:
    """The parts of a field: one for each item of a list."""
    encoding = form.encoding.get(name)
    declared = str(encoding.get("contentType", "")) if isinstance(encoding, Mapping) else ""
    made: list[tuple[bytes, bytes | Upload]] = []
    for child in value if isinstance(value, list) else [value]:
        disposition = f'Content-Disposition: form-data; name="{_quoted(name)}"'
        if isinstance(child, Upload):
            file = PurePath(child.path).name
            media = file_media(file, declared)
            head = f'{disposition}; filename="{_quoted(file)}"\r\nContent-Type: {media}\r\n\r\n'
            made.append((head.encode(), child))
        elif isinstance(child, dict):
            head = f"{disposition}\r\nContent-Type: {declared or 'application/json'}\r\n\r\n"
            text = json.dumps(child, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            made.append((head.encode(), text.encode()))
        else:
            head = f"{disposition}\r\n" + (f"Content-Type: {declared}\r\n" if declared else "") + "\r\n"
            made.append((head.encode(), scalar_text(child).encode()))
    return made


def disposition(path: str) -> str:
    """The Content-Disposition of a file that is sent as it is (RFC 6266)."""
    name = PurePath(path).name
    plain = "".join(one if one.isascii() and one.isprintable() and one not in '"\\' else "_" for one in name)
    more = f"; filename*=UTF-8''{quote(name, safe='')}" if plain != name else ""
    return f'attachment; filename="{plain}"{more}'


def file_media(file: str, declared: str) -> str:
    """The media type of a file: the first that the document declares, unless that is a range, or by its ending."""
    first = declared.split(",")[0].strip()
    if first and "*" not in first:
        return first
    return _MEDIA.get(PurePath(file).suffix.lower(), "application/octet-stream")


def _quoted(text: str) -> str:
    """As browsers and RFC 7578 write names: quotes and line ends percent-encoded."""
    return text.replace("%", "%25").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _boundary(parts: list[tuple[bytes, bytes | Upload]]) -> str:
    digest = hashlib.sha256()
    for header, content in parts:
        digest.update(header)
        digest.update(f"{content.sha256} {content.size}".encode() if isinstance(content, Upload) else content)
    return f"runner-{digest.hexdigest()[:40]}"
