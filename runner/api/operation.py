"""The operations of a document. Finding their names reads no schema; one operation is understood when it is
used.

All of an operation's inputs stand in one mapping: path, query, header and cookie parameters and the fields of
the body, under their own names. Where a parameter's name is a field of the body too, or the name of an
earlier parameter, the parameter is called `<name>_<place>` (`id_path`). A body that is no object is the input
`body`.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runner.api.document import Document
from runner.api.shape import is_binary, is_object, shape_of
from runner.model.problem import Problem

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
READS = frozenset({"GET", "HEAD"})
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
WHOLE_BODY = "body"
JSON = "application/json"
MULTIPART = "multipart/form-data"
RAW = frozenset({"application/octet-stream"})

_STYLES = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
_IGNORED_HEADERS = {"accept", "content-type", "authorization"}  # OpenAPI: such parameters are ignored


@dataclass(frozen=True, slots=True)
class Target:
    """Where an operation stands: its path and method (lower case) in the document."""

    path: str
    method: str


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class MediaType:
    """A form in which a body can be sent. `schema` is unresolved; `encoding` is OpenAPI's, by field; `whole` says that
    the body is no object, and so stands in one input."""

    name: str
    schema: Any = field(repr=False)
    encoding: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """`method` is in upper case. `media` are the forms of the body, preferred first. `responses`: status text
    → unresolved response. `accept` names the answers that are understood."""

    id: str
    method: str
    path: str
    document: Document = field(repr=False)
    parameters: tuple[Parameter, ...] = ()
    media: tuple[MediaType, ...] = ()
    body_required: bool = False
    responses: Mapping[str, Any] = field(default_factory=dict, repr=False)
    accept: str = JSON
    summary: str = ""
    description: str = ""

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
            elif shape is None and (is_binary(self.document, form.schema) or form.name in RAW):
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

    def _answers(self) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = []
        for status in sorted(self.responses):
            if status.startswith("2") or status == "default":
                response = self.document.mapping(self.responses, status)
                found += self.document.mapping(response, "content").items()
        return found


def _accept(operation: Operation) -> str:
    produced = operation.produces()
    if not produced or any(media == JSON or media.endswith("+json") for media in produced):
        return JSON
    return ", ".join(produced)


def operation_index(document: Document) -> tuple[dict[str, Target], list[Problem]]:
    """Every operation by its id; the problems are `operationId`s that are no text.

    A missing id, and one that several operations share, is replaced by a stable name made of method and path.
    """
    found: list[tuple[str, Target]] = []
    problems: list[Problem] = []
    for path, item in document.root["paths"].items():
        if "$ref" in item:
            item = document.mapping(document.root["paths"], path)
        for method, body in item.items():
            if method not in METHODS:
                continue
            if not isinstance(body, Mapping):
                message = f"{method.upper()} {path} must hold a mapping"
                problems.append(document.problem("broken-operation", message, ("paths", path, method)))
                continue
            found.append((str(body.get("operationId") or ""), Target(path, method)))
    counts: dict[str, int] = {}
    for name, _ in found:
        counts[name] = counts.get(name, 0) + 1
    index = {name: target for name, target in found if name and counts[name] == 1}
    for name, target in found:
        if not name or counts[name] > 1:
            index[_made_name(target, index)] = target
    return index, problems


def _made_name(target: Target, taken: Mapping[str, Any]) -> str:
    name = snake(f"{target.method} {target.path}")
    if name in taken:
        name = f"{name}_{hashlib.sha256(target.path.encode()).hexdigest()[:6]}"
    return name


def snake(name: str) -> str:
    """`createBatch`, `create-batch` and `Create Batch` as `create_batch`."""
    parted = re.sub(r"([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3_\2", name)
    return re.sub(r"[^A-Za-z0-9]+", "_", parted).strip("_").lower()


def read_operation(document: Document, id: str, target: Target) -> Operation:
    """One operation, understood. InvalidInput when the document is broken there."""
    item = document.mapping(document.root["paths"], target.path)
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
        path=target.path,
        document=document,
        parameters=_parameters(document, item, raw, target, fields),
        media=media,
        body_required=bool(body.get("required")),
        responses=document.mapping(raw, "responses"),
        summary=str(raw.get("summary") or ""),
        description=str(raw.get("description") or ""),
    )
    return replace(made, accept=_accept(made))


def _media(document: Document, body: Mapping[str, Any]) -> list[MediaType]:
    content = document.mapping(body, "content")
    made = []
    for name in content:
        held = document.mapping(content, name)
        media = str(name).split(";")[0].strip().lower()
        schema = held.get("schema", {})
        whole = not is_object(document, schema)
        made.append(MediaType(media, schema, document.mapping(held, "encoding"), whole))
    return made


def _preference(form: MediaType) -> int:
    if form.name == JSON or form.name.endswith("+json"):
        return 0
    known = ("application/x-www-form-urlencoded", MULTIPART)
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
    for name in re.findall(r"{([^{}]+)}", target.path):
        held.setdefault((name, "path"), {"schema": {"type": "string"}})
    taken = set(fields)
    made = []
    for (name, place), found in held.items():
        if place == "header" and name.lower() in _IGNORED_HEADERS:
            continue
        input_name = f"{name}_{place}" if name in taken else name
        taken.add(input_name)
        made.append(_parameter(document, name, place, input_name, found))
    return tuple(made)


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
