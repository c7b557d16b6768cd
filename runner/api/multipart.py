"""Bodies of `multipart/form-data` (RFC 7578). Files are streamed by the transport, never read into memory."""

import hashlib
import json
import mimetypes
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from runner.api.operation import MediaType, Operation
from runner.api.parameters import scalar_text
from runner.model.http import Upload


def multipart(
    operation: Operation, form: MediaType, fields: Mapping[str, Any]
) -> tuple[str, tuple[bytes | Upload, ...]]:
    """The content type with its boundary, and the pieces. The boundary is made of the content, so that the
    same fields are the same bytes, and no content can hold it."""
    parts = [part for name, value in fields.items() for part in _parts(form, name, value)]
    boundary = _boundary(parts)
    pieces: list[bytes | Upload] = []
    head = f"--{boundary}\r\n".encode()
    for header, content in parts:
        pieces += [head + header, content] if isinstance(content, Upload) else [head + header + content]
        head = f"\r\n--{boundary}\r\n".encode()
    end = f"\r\n--{boundary}--\r\n" if parts else f"--{boundary}--\r\n"
    pieces.append(end.encode())
    return f"multipart/form-data; boundary={boundary}", tuple(pieces)


def _parts(form: MediaType, name: str, value: Any) -> list[tuple[bytes, bytes | Upload]]:
    """The parts of a field: one for each item of a list."""
    declared = (form.encoding.get(name) or {}).get("contentType", "")
    made: list[tuple[bytes, bytes | Upload]] = []
    for child in value if isinstance(value, list) else [value]:
        disposition = f'Content-Disposition: form-data; name="{_quoted(name)}"'
        if isinstance(child, Upload):
            file = PurePath(child.path).name
            media = _file_media(file, declared)
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


def _file_media(file: str, declared: str) -> str:
    first = declared.split(",")[0].strip()
    if first and "*" not in first:
        return first
    return mimetypes.guess_type(file)[0] or "application/octet-stream"


def _quoted(text: str) -> str:
    """As browsers and RFC 7578 write names: quotes and line ends percent-encoded."""
    return text.replace("%", "%25").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _boundary(parts: list[tuple[bytes, bytes | Upload]]) -> str:
    digest = hashlib.sha256()
    for header, content in parts:
        digest.update(header)
        digest.update(f"{content.sha256} {content.size}".encode() if isinstance(content, Upload) else content)
    return f"runner-{digest.hexdigest()[:40]}"
