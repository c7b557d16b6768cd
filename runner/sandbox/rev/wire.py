"""How the emulated Rev reads and answers: in JSON or XML, by Content-Type and by Accept."""

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from runner.api.messages.xml_read import BadXml, parse_xml
from runner.sandbox.ground.shape import Field
from runner.sandbox.ground.wire import Ask, Refusal, Reply, Unreadable

INVALID = 50000
"""The documented code of a field in a wrong format; also for a body that cannot be read."""

_XML = ("application/xml", "text/xml")
_EACH = {
    "orders": "order",
    "attachments": "attachment",
    "comments": "comment",
    "links": "link",
    "workspaces": "workspace",
}


def media_type(ask: Ask) -> str:
    """The media type of the request, in lower case."""
    return ask.headers.get("content-type", "").partition(";")[0].strip().lower()


def body_of(ask: Ask, form: Field, root: str = "") -> Any:
    """The decoded body of a request in JSON or XML; `form` tells what is a list or a number in XML. Refused with 50000
    when it cannot be read."""
    if media_type(ask) not in _XML:
        try:
            return ask.json()
        except Unreadable as reason:
            raise Refusal(error(ask, INVALID, str(reason))) from reason
    try:
        element = parse_xml(ask.body.decode("utf-8-sig"))
    except (BadXml, UnicodeDecodeError) as reason:
        raise Refusal(error(ask, INVALID, "the body is not valid XML")) from reason
    if root and _local(element) != root:
        raise Refusal(error(ask, INVALID, f"the root must be {root}"))
    return _from_xml(element, form)


def answer(ask: Ask, value: Any, root: str, status: int = 200) -> Reply:
    """A body in the form that was asked for."""
    if not wants_xml(ask):
        return Reply(status, value)
    text = '<?xml version="1.0" encoding="utf-8"?>' + _element(root, value)
    return Reply(status, raw=text.encode(), headers={"Content-Type": "application/xml; charset=utf-8"})


def error(ask: Ask, code: int, message: str) -> Reply:
    """400 with the documented error."""
    return answer(ask, {"code": code, "message": message}, "error", 400)


def empty(status: int, **headers: str) -> Reply:
    """An answer without a body."""
    return Reply(status, raw=b"", headers=headers)


def wants_xml(ask: Ask) -> bool:
    """Whether XML is preferred to JSON."""
    for media, _ in accepted(ask):
        if media in _XML:
            return True
        if media in ("application/json", "application/*", "*/*"):
            return False
    return False


def accepted(ask: Ask) -> list[tuple[str, Mapping[str, str]]]:
    """The media types of Accept with their parameters, the most wanted first."""
    found = []
    for position, entry in enumerate(ask.headers.get("accept", "").split(",")):
        media, *parameters = (part.strip() for part in entry.split(";"))
        held = {
            name.strip().lower(): value.strip() for name, _, value in (p.partition("=") for p in parameters)
        }
        weight = _weight(held.pop("q", "1"))
        if media and weight > 0:
            found.append((-weight, position, media.lower(), held))
    return [(media, held) for _, _, media, held in sorted(found, key=lambda each: each[:2])]


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


def _element(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        if list(value) == [name] and isinstance(value[name], list):
            value = value[name]  # a list alone stands in the root itself
        else:
            return f"<{name}>{''.join(_element(key, child) for key, child in value.items())}</{name}>"
    if isinstance(value, list):
        return f"<{name}>{''.join(_element(_EACH[name], child) for child in value)}</{name}>"
    if isinstance(value, bool):
        return f"<{name}>{str(value).lower()}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"


def _from_xml(element: Element, form: Field) -> Any:
    """The value of an element as its field says; a text where it says nothing, or something else stands there."""
    text = element.text or ""
    if form.kind == "object":
        known = form.fields or {}
        return {
            _local(child): _from_xml(child, known.get(_local(child), Field("string"))) for child in element
        }
    if form.kind == "array":
        return [_from_xml(child, form.item or Field("string")) for child in element]
    if form.kind == "boolean" and text.strip() in ("true", "false"):
        return text.strip() == "true"
    if form.kind == "integer" and text.strip().lstrip("-").isdecimal() and len(text) < 20:
        return int(text)
    return [_from_xml(child, Field("string")) for child in element] if len(element) else text


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]
