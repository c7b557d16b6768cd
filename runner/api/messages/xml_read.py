"""XML → trees of values. Document types are refused, and with them entities and everything that they can do; depth
and size are bounded.

Without a schema: an element with children or attributes is a mapping (repeated names are lists), any other its text, an
empty one the empty text; namespaces and the root's name are left out. With a schema, OpenAPI's `xml` keywords say which
elements are lists, under which names, and the types say what is a number or a boolean.
"""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from runner.api.messages.xml_write import naming_of
from runner.api.openapi.document import Document
from runner.api.openapi.operation import Operation
from runner.api.openapi.shape import is_object, shape_of

MOST_CHARACTERS = 16 * 1024 * 1024
DEEPEST = 100

TEXT = "#text"
"""The text of an element that has attributes or children as well."""

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class BadXml(Exception):
    """XML that is not read; the text says why."""


class _Builder(ElementTree.TreeBuilder):
    """Builds the tree of a harmless text alone."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Told of `<!DOCTYPE` before anything inside it is read."""
        raise BadXml("it holds a document type (DOCTYPE)")

    def start(self, tag: str, attrs: dict[str, str]) -> ElementTree.Element:
        self._depth += 1
        if self._depth > DEEPEST:
            raise BadXml(f"it is nested deeper than {DEEPEST}")
        return super().start(tag, attrs)

    def end(self, tag: str) -> ElementTree.Element:
        self._depth -= 1
        return super().end(tag)


def parse_xml(text: str) -> ElementTree.Element:
    """The root of a text, whatever encoding its declaration names. BadXml for a broken, huge or dangerous one."""
    if len(text) > MOST_CHARACTERS:
        raise BadXml(f"it is longer than {MOST_CHARACTERS // 1024**2} Mi characters")
    parser = ElementTree.XMLParser(target=_Builder())
    try:
        parser.feed(text)
        root: ElementTree.Element = parser.close()
    except ElementTree.ParseError as error:
        raise BadXml(f"it is not valid at line {error.position[0]}") from error
    except (UnicodeEncodeError, ValueError) as error:
        raise BadXml("it holds half a character") from error
    return root


def read_xml(text: str, document: Document | None = None, schema: Any = None) -> Any:
    """The content of the root, with the types and lists of a schema where there is one. BadXml."""
    root = parse_xml(text)
    if document is None or schema is None:
        return _plain(root)
    return _typed(document, schema, root)


def answer_of_xml(text: str, operation: Operation, status: int) -> Any:
    """The body of an answer to an operation, by the schema that its document has for this status. BadXml."""
    return read_xml(text, operation.document, _schema(operation, status))


def _schema(operation: Operation, status: int) -> Any:
    """The schema of an answer: of its XML, else of its JSON; None where the document tells none."""
    document, responses = operation.document, operation.responses
    named = (str(status), f"{status // 100}XX", f"{status // 100}xx", "default")
    found = next((name for name in named if name in responses), None)
    if found is None:
        return None
    content = document.mapping(document.mapping(responses, found), "content")
    for word in ("xml", "json"):
        for media in content:
            if word in media:
                return document.mapping(content, media).get("schema")
    return None


def _plain(element: ElementTree.Element) -> Any:
    if element.get(_NIL) in ("true", "1"):
        return None
    text = element.text or ""
    if not len(element) and not element.attrib:
        return text
    made: dict[str, Any] = {_local(name): held for name, held in element.attrib.items()}
    for child in element:
        _add(made, _local(child.tag), _plain(child))
    if text.strip():
        made[TEXT] = text.strip()
    return made


def _add(made: dict[str, Any], name: str, value: Any) -> None:
    """A repeated name is a list; a list of lists is not possible, since no element is one by itself."""
    if name not in made:
        made[name] = value
    elif isinstance(made[name], list):
        made[name].append(value)
    else:
        made[name] = [made[name], value]


def _typed(document: Document, schema: Any, element: ElementTree.Element) -> Any:
    resolved = document.resolve(schema)
    if element.get(_NIL) in ("true", "1"):
        return None
    if not isinstance(resolved, Mapping):
        return _plain(element)
    if is_object(document, resolved):
        return _object(document, resolved, element)
    types = _types(resolved)
    if "array" in types or "items" in resolved:
        return [_typed(document, resolved.get("items", {}), child) for child in element]
    if len(element):
        return _plain(element)
    return _scalar(element.text or "", types)


def _object(document: Document, schema: Mapping[str, Any], element: ElementTree.Element) -> Any:
    shape = shape_of(document, schema)
    fields = shape.fields if shape else {}
    rest = shape.rest if shape else None
    made: dict[str, Any] = {}
    attributes = {_local(name): held for name, held in element.attrib.items()}
    children: dict[str, list[ElementTree.Element]] = {}
    for child in element:
        children.setdefault(_local(child.tag), []).append(child)
    for name, held in fields.items():
        naming = naming_of(document, held)
        tag = naming.name or name
        resolved = document.resolve(held)
        if naming.attribute and tag in attributes:
            types = _types(resolved) if isinstance(resolved, Mapping) else ()
            made[name] = _scalar(attributes.pop(tag), types)
        elif isinstance(resolved, Mapping) and "array" in _types(resolved):
            each = resolved.get("items", {})
            tag = tag if naming.wrapped else (naming_of(document, each).name or name)
            found = children.pop(tag, None)
            if found is not None:
                inner = [child for one in found for child in one] if naming.wrapped else found
                made[name] = [_typed(document, each, child) for child in inner]
        elif tag in children:
            made[name] = _typed(document, held, children.pop(tag)[0])
    for tag, found in children.items():
        values = [_plain(one) if rest is None else _typed(document, rest, one) for one in found]
        made.setdefault(tag, values if len(values) > 1 else values[0])
    return {**attributes, **made}


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    held = schema.get("type")
    if isinstance(held, list):
        return tuple(str(one) for one in held)
    return (held,) if isinstance(held, str) else ()


def _scalar(text: str, types: tuple[str, ...]) -> Any:
    """A text by the first of the types that it fits; a text that fits none stays one."""
    word = text.strip()
    for kind in types:
        if kind == "boolean" and word in ("true", "false", "1", "0"):
            return word in ("true", "1")
        if kind == "integer" and word.lstrip("+-").isdecimal() and len(word) < 1000:
            return int(word)
        if kind == "number":
            try:
                number = float(word)
            except ValueError:
                continue
            if abs(number) < float("inf"):
                return int(word) if word.lstrip("+-").isdecimal() else number
        if kind == "null" and not word:
            return None
    return text


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
