"""Bytes of an answer → `Answer`. Whatever cannot be read is said in words, never raised."""

import html
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from runner.api.messages.xml_write import is_xml
from runner.api.openapi.operation import Operation
from runner.model.errors import InvalidInput
from runner.model.http import Answer

MOST_BYTES = 64 * 1024 * 1024

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


def decode(status: int, headers: Mapping[str, str], raw: bytes, operation: Operation | None = None) -> Answer:
    """A whole answer. `raw` has its content encoding (gzip …) removed already; header names may be in any
    case.

    The body is JSON by its content type or by its look, XML by its content type, otherwise a text; with `unreadable` it
    is None. XML alone does not tell a number from a text, nor a list of one from its item: the schemas of the
    `operation` do, where it is given.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    if not raw or raw.isspace():
        return Answer(status, lower)
    if len(raw) > MOST_BYTES:
        return Answer(status, lower, None, f"the answer is larger than {MOST_BYTES // 1024**2} MiB")
    media, charset = content_type(lower.get("content-type", ""))
    try:
        text = raw.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return Answer(status, lower, None, f"the answer is not {charset} text ({media or 'no content type'})")
    text = text.removeprefix("\ufeff")
    if _is_json(media):
        return _json_answer(status, lower, text, media)
    looks = text.lstrip()[:1]
    if looks in ("{", "["):
        return _json_answer(status, lower, text, media)
    if media == "text/html" or (looks == "<" and not is_xml(media)):
        return Answer(status, lower, None, _html(text))
    if is_xml(media):
        return _xml_answer(status, lower, text, operation)
    if not media:
        return _bare(status, lower, text)
    return Answer(status, lower, text)


@lru_cache(maxsize=64)
def content_type(header: str) -> tuple[str, str]:
    """The media type in lower case and the charset (UTF-8 when none is named) of a `Content-Type`."""
    media, *parameters = header.split(";")
    charset = "utf-8"
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip():
            charset = value.strip().strip("\"'").lower()
    return media.strip().lower(), charset


def _is_json(media: str) -> bool:
    return media in ("application/json", "text/json") or media.endswith("+json")


def _json_answer(status: int, headers: dict[str, str], text: str, media: str) -> Answer:
    try:
        return Answer(status, headers, _JSON.decode(text))
    except RecursionError:
        return Answer(status, headers, None, "the answer's JSON is nested too deep")
    except ValueError as error:
        if text.lstrip()[:1] == "<":
            return Answer(status, headers, None, _html(text))
        if not _is_json(media):
            return Answer(status, headers, text)
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        return Answer(status, headers, None, f"the answer is not valid JSON{where}")


def _xml_answer(status: int, headers: dict[str, str], text: str, operation: Operation | None) -> Answer:
    from runner.api.messages.xml_read import BadXml, answer_of_xml, read_xml

    try:
        body = read_xml(text) if operation is None else answer_of_xml(text, operation, status)
    except InvalidInput:
        # What was answered counts, however broken the document is that describes it.
        return _xml_answer(status, headers, text, None)
    except BadXml as reason:
        return Answer(status, headers, None, f"the answer is XML that is not read: {reason}")
    return Answer(status, headers, body)


def _bare(status: int, headers: dict[str, str], text: str) -> Answer:
    """Without a content type, a lone number or quoted text is JSON; everything else is a text."""
    try:
        return Answer(status, headers, _JSON.decode(text))
    except ValueError:
        return Answer(status, headers, text)


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


_JSON = json.JSONDecoder(parse_constant=_no_number)


def _html(text: str) -> str:
    title = _TITLE.search(text[:20000])
    said = " ".join(html.unescape(title[1]).split())[:120] if title else ""
    return f"the answer is an HTML page ({said})" if said else "the answer is an HTML page"
