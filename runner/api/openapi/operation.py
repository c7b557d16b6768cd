"""One operation of a document, understood when it is used (`runner.api.openapi.naming` finds all of them by name).

All of an operation's inputs stand in one mapping: path, query, header and cookie parameters and the fields of
the body, under their own names. Where a parameter's name is a field of the body too, or the name of an
earlier parameter, the parameter is called `<name>_<place>` (`id_path`). A body that is no object is the input
`body`.
"""

import re
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from runner.api.openapi.document import Document
from runner.api.openapi.naming import Target as Target
from runner.api.openapi.naming import operation_index as operation_index
from runner.api.openapi.naming import path_item
from runner.api.openapi.naming import snake as snake
from runner.api.openapi.shape import is_binary, is_object, shape_of
from runner.model.frozen import frozen

READS = frozenset({"GET", "HEAD"})
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
WHOLE_BODY = "body"
JSON = "application/json"
MULTIPART = "multipart/form-data"
FORM = "application/x-www-form-urlencoded"

# A body of these is one file, whatever its schema says.
_RAW = re.compile(
    r"(?:audio|video|image|font)/|application/(?:octet-stream|zip|gzip|pdf|x-tar|x-binary|binary|vnd\.(?:ms-|openxml))"
)

_STYLES = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
_IGNORED_HEADERS = {"accept", "content-type", "authorization"}  # OpenAPI: such parameters are ignored


@frozen
class Parameter:
    """`place` is path, query, header or cookie; `input` its name among the inputs; `media` set: written as
    JSON."""

    name: str
    place: str
    input: str
    required: bool
    schema: Any = field(repr=False)
    style: str = "form"
    explode: bool = True
    reserved: bool = False
    media: str = ""
    description: str = ""


@frozen
class MediaType:
    """A form in which a body can be sent. `schema` is unresolved; `encoding` is OpenAPI's, by field; `whole` says that
    the body is no object, and so stands in one input."""

    name: str
    schema: Any = field(repr=False)
    encoding: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False


@frozen(eq=False)
class Operation:
    """`method` is in upper case. `media` are the forms of the body, preferred first. `responses`: status text
    → unresolved response. `accept` names the answers that are understood. `choice`: media type → what must stand in
    the inputs for this form of the body (`runner.api.forms`). `server`: the URL that the path is below, where it is
    not the provider's base URL (a token endpoint). `steps` lead to the operation in its document."""

    id: str
    method: str
    path: str
    document: Document = field(repr=False)
    parameters: tuple[Parameter, ...] = ()
    media: tuple[MediaType, ...] = ()
    body_required: bool = False
    responses: Mapping[str, Any] = field(default_factory=dict, repr=False)
    accept: str = JSON
    choice: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    summary: str = ""
    description: str = ""
    server: str = ""
    steps: tuple[str, ...] = ()

    @property
    def reads(self) -> bool:
        return self.method in READS

    @property
    def repeatable(self) -> bool:
        return self.method in REPEATABLE

    def media_type(self, name: str = "") -> MediaType | None:
        """The form of that name, or the preferred one."""
        if not name:
            return self.media[0] if self.media else None
        return next((form for form in self.media if form.name == name), None)

    def files(self) -> frozenset[str]:
        """The inputs that take a local file's path, which is streamed (`body` for a body that is one
        file)."""
        found = set()
        for form in self.media:
            shape = shape_of(self.document, form.schema)
            if shape is not None and form.name == MULTIPART:
                found |= {name for name, raw in shape.fields.items() if is_binary(self.document, raw)}
            elif shape is None and (is_binary(self.document, form.schema) or _RAW.match(form.name)):
                found.add(WHOLE_BODY)
        return frozenset(found)

    def answers(self) -> bool:
        """Whether a successful answer has a body at all (204 and the like have none)."""
        return bool(self.produces()) or not any(status.startswith("2") for status in self.responses)

    def answer_schema(self) -> Any:
        """The unresolved schema of a successful answer in JSON; `{}` where the document tells none."""
        for media, held in self._answers():
            if "json" in media and isinstance(held, Mapping) and "schema" in held:
                return held["schema"]
        return {}

    def produces(self) -> tuple[str, ...]:
        """The media types of successful answers, by status, then in the document's order."""
        return tuple(dict.fromkeys(media for media, _ in self._answers()))

    def answered_as(self) -> frozenset[str]:
        """The media types of all documented answers, errors among them."""
        answers = [self.document.mapping(self.responses, status) for status in self.responses]
        return frozenset(media for answer in answers for media in self.document.mapping(answer, "content"))

    def _answers(self) -> list[tuple[str, Any]]:
        """The answers of success; `default` tells of them only where nothing else does, and of errors elsewhere."""
        found: list[tuple[str, Any]] = []
        good = [status for status in sorted(self.responses) if status.startswith("2")]
        for status in good or ["default"]:
            if status in self.responses:
                response = self.document.mapping(self.responses, status)
                found += self.document.mapping(response, "content").items()
        return found


def _accept(operation: Operation) -> str:
    produced = operation.produces()
    if not produced or any(media == JSON or media.endswith("+json") for media in produced):
        return JSON
    return ", ".join(produced)


def read_operation(document: Document, id: str, target: Target) -> Operation:
    """One operation, understood. InvalidInput when the document is broken there."""
    item = path_item(document, target.path)
    raw = item[target.method]
    body = document.mapping(raw, "requestBody")
    media = tuple(sorted(_media(document, body), key=_preference))
    fields: set[str] = set()
    for form in media:
        shape = shape_of(document, form.schema)
        fields.update(shape.fields if shape else (WHOLE_BODY,))
    made = Operation(
        id=id,
        method=target.method.upper(),
        path=_path(target.path),
        document=document,
        parameters=_parameters(document, item, raw, target, fields),
        media=media,
        body_required=bool(body.get("required")),
        responses=document.mapping(raw, "responses"),
        summary=str(raw.get("summary") or ""),
        description=str(raw.get("description") or ""),
        steps=("paths", target.path, target.method),
    )
    return replace(made, accept=_accept(made))


_HOLE = re.compile(r"{([^{}]+)}")


def _plain(hole: str) -> str:
    """A hole's name without the operators of other dialects: `{+name}` and `{key+}` take a value with slashes."""
    return hole.strip("+*#").partition("=")[0]


def _path(path: str) -> str:
    """The path as it is sent, with plain names in its holes; a fragment only tells operations apart."""
    return _HOLE.sub(lambda hole: "{" + _plain(hole[1]) + "}", path.partition("#")[0])


def _media(document: Document, body: Mapping[str, Any]) -> list[MediaType]:
    """The forms of a body that can be written; all of them where none can, so that somebody can say so."""
    content = document.mapping(body, "content")
    made: dict[str, MediaType] = {}
    for name in content:
        held = document.mapping(content, name)
        schema = held.get("schema", {})
        media = str(name).split(";")[0].strip().lower()
        if media in ("*/*", "application/*"):
            media = "application/octet-stream" if is_binary(document, schema) else JSON
        whole = not is_object(document, schema)
        made.setdefault(media, MediaType(media, schema, document.mapping(held, "encoding"), whole))
    able = [form for form in made.values() if writable(document, form)]
    return able or list(made.values())


def is_json(media: str) -> bool:
    """Whether a media type is JSON."""
    return media in (JSON, "text/json", "application/x-json") or media.endswith("+json")


def writable(document: Document, form: MediaType) -> bool:
    """Whether inputs can be written in a form: as JSON, XML or a form, or as they are (a text, a file)."""
    if is_json(form.name) or form.name in (FORM, MULTIPART) or form.name.endswith(("/xml", "+xml")):
        return True
    plain = form.name.startswith("text/") or _RAW.match(form.name) is not None
    return form.whole and (plain or is_binary(document, form.schema) or _is_text(document, form.schema))


def _is_text(document: Document, schema: Any) -> bool:
    resolved = document.resolve(schema)
    return isinstance(resolved, Mapping) and resolved.get("type") == "string"


def _preference(form: MediaType) -> int:
    if is_json(form.name):
        return 0
    known = (FORM, MULTIPART)
    return known.index(form.name) + 1 if form.name in known else len(known) + 1


def _parameters(
    document: Document, item: Mapping[str, Any], raw: Mapping[str, Any], target: Target, fields: set[str]
) -> tuple[Parameter, ...]:
    held: dict[tuple[str, str], Mapping[str, Any]] = {}
    for listed in (*document.sequence(item, "parameters"), *document.sequence(raw, "parameters")):
        found = document.resolve(listed)
        if not isinstance(found, Mapping) or "name" not in found or str(found.get("in")) not in _STYLES:
            reason = f"a parameter of {target.method.upper()} {target.path} has no `name` or no known `in`"
            raise document.invalid(
                "broken-parameter", reason, ("paths", target.path, target.method, "parameters")
            )
        held[str(found["name"]), found["in"]] = found
    held = _placed(target.path, held)
    taken = set(fields)
    made = []
    for (name, place), found in held.items():
        if place == "header" and name.lower() in _IGNORED_HEADERS:
            continue
        input_name = f"{name}_{place}" if name in taken else name
        taken.add(input_name)
        made.append(_parameter(document, name, place, input_name, found))
    return tuple(made)


def _placed(
    path: str, held: Mapping[tuple[str, str], Mapping[str, Any]]
) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The parameters, those of the path as its holes have them: one that has no hole is dropped, and a hole that nobody
    declares is a text."""
    holes = {_plain(hole): hole for hole in _HOLE.findall(path)}
    made: dict[tuple[str, str], Mapping[str, Any]] = {}
    for (name, place), found in held.items():
        key = (_plain(name) if place == "path" else name, place)
        if place != "path" or key[0] in holes:
            made[key] = found
    for name, hole in holes.items():
        found = made.setdefault((name, "path"), {"schema": {"type": "string"}})
        if hole != name:
            made[name, "path"] = {**found, "allowReserved": True}
    return made


def _parameter(
    document: Document, name: str, place: str, input_name: str, raw: Mapping[str, Any]
) -> Parameter:
    media, schema = "", raw.get("schema")
    content = document.mapping(raw, "content")
    if schema is None and content:
        media = next(iter(content))
        schema = document.mapping(content, media).get("schema")
    style = str(raw.get("style") or _STYLES[place])
    return Parameter(
        name=name,
        place=place,
        input=input_name,
        required=place == "path" or bool(raw.get("required")),
        schema=schema if schema is not None else {},
        style=style,
        explode=bool(raw.get("explode", style == "form")),
        reserved=bool(raw.get("allowReserved")),
        media=media,
        description=str(raw.get("description") or ""),
    )
