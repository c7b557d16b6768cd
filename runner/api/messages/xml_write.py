"""Trees of values → XML, by OpenAPI's own `xml` keywords: name, attribute, wrapped, prefix, namespace (OpenAPI 3.1,
"XML Object"). Fields are written in the order of their schema, so that the same inputs are the same bytes."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from runner.api.openapi.document import MOST_HOPS, Document
from runner.api.openapi.parameters import scalar_text
from runner.api.openapi.shape import shape_of
from runner.model.frozen import frozen

_NAME = re.compile(r"[^\W\d][\w.\-]*(:[^\W\d][\w.\-]*)?\Z")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}


class BadXml(Exception):
    """A value or a name that XML cannot carry; the text says which."""


@frozen
class Naming:
    """The `xml` object of a schema."""

    name: str = ""
    attribute: bool = False
    wrapped: bool = False
    prefix: str = ""
    namespace: str = ""

    def tag(self, otherwise: str) -> str:
        """The name of an element, with its prefix."""
        name = self.name or otherwise
        return f"{self.prefix}:{name}" if self.prefix else name


@lru_cache(maxsize=64)
def is_xml(media: str) -> bool:
    """Whether a media type is XML."""
    media = media.partition(";")[0].strip().lower()
    return media in ("application/xml", "text/xml") or media.endswith("+xml")


def xml_body(document: Document, schema: Any, value: Any) -> bytes:
    """A whole body. BadXml for what XML cannot carry."""
    naming = naming_of(document, schema)
    pieces = ['<?xml version="1.0" encoding="UTF-8"?>']
    pieces += _element(document, naming, naming.tag(_component(schema)), schema, value, root=True)
    return "".join(pieces).encode()


def naming_of(document: Document, schema: Any) -> Naming:
    """What a schema, or what its `$ref`s lead to, says of its name in XML; the nearest word counts."""
    held: dict[str, Any] = {}
    for _ in range(MOST_HOPS):
        if not isinstance(schema, Mapping):
            break
        held = {**document.mapping(schema, "xml"), **held}
        if not isinstance(schema.get("$ref"), str):
            break
        schema = document.target(schema)
    return Naming(
        name=str(held.get("name") or ""),
        attribute=held.get("attribute") is True,
        wrapped=held.get("wrapped") is True,
        prefix=str(held.get("prefix") or ""),
        namespace=str(held.get("namespace") or ""),
    )


def escaped(text: str) -> str:
    """A text as it stands in XML, in an element or an attribute."""
    return "".join(_ESCAPES.get(one, one) for one in text)


def _component(schema: Any) -> str:
    """The name of the root where the schema gives none: that of its component."""
    ref = schema.get("$ref") if isinstance(schema, Mapping) else None
    name = str(ref).rpartition("/")[2] if isinstance(ref, str) else ""
    return name or "root"


def _field(document: Document, name: str, schema: Any, value: Any) -> Iterator[str]:
    """The elements of one field: one, or one for each item of a list that is not wrapped."""
    naming = naming_of(document, schema)
    if not isinstance(value, list):
        yield from _element(document, naming, naming.tag(name), schema, value)
        return
    if naming.wrapped:
        yield from _element(document, naming, naming.tag(name), schema, value, within=naming.name or name)
    else:
        yield from _items(document, schema, name, value)


def _items(document: Document, schema: Any, name: str, values: list[Any]) -> Iterator[str]:
    resolved = document.resolve(schema)
    each = resolved.get("items", {}) if isinstance(resolved, Mapping) else {}
    naming = naming_of(document, each)
    for value in values:
        yield from _element(document, naming, naming.tag(name), each, value)


def _element(
    document: Document,
    naming: Naming,
    tag: str,
    schema: Any,
    value: Any,
    *,
    root: bool = False,
    within: str = "item",
) -> Iterator[str]:
    """An element with its attributes and content. `within` names the items of a list without a name of their own."""
    if value is None:
        return
    attributes, content = "", ""
    if naming.namespace:
        where = f"xmlns:{naming.prefix}" if naming.prefix else "xmlns"
        attributes = f' {_named(where)}="{_text(naming.namespace)}"'
    if isinstance(value, Mapping):
        written, inner = _parts(document, schema, value)
        attributes, content = attributes + written, inner
    elif isinstance(value, list):
        content = "".join(_items(document, schema, within if not root else "item", value))
    else:
        content = _text(scalar_text(value))
    tag = _named(tag)
    yield f"<{tag}{attributes}>{content}</{tag}>" if content else f"<{tag}{attributes}/>"


def _parts(document: Document, schema: Any, value: Mapping[str, Any]) -> tuple[str, str]:
    """The attributes and the content of an object."""
    shape = shape_of(document, schema)
    fields = shape.fields if shape else {}
    rest = shape.rest if shape else None
    attributes: list[str] = []
    content: list[str] = []
    for name in [
        *(name for name in fields if name in value),
        *(name for name in value if name not in fields),
    ]:
        child, held = fields.get(name, rest if rest is not None else {}), value[name]
        naming = naming_of(document, child)
        if held is None:
            continue
        if naming.attribute and not isinstance(held, Mapping | list):
            attributes.append(f' {_named(naming.tag(name))}="{_text(scalar_text(held))}"')
        else:
            content += _field(document, name, child, held)
    return "".join(attributes), "".join(content)


def _named(name: str) -> str:
    if not _NAME.match(name):
        raise BadXml(f"`{name}` cannot be the name of an XML element")
    return name


def _text(text: str) -> str:
    found = _FORBIDDEN.search(text)
    if found:
        raise BadXml(f"a text holds the character U+{ord(found[0]):04X}, which XML cannot carry")
    return escaped(text)
