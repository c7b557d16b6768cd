"""The JSON Schema (2020-12) of a job's `with`: one mapping of an operation's parameters and body fields."""

from collections.abc import Iterable, Mapping
from typing import Any

from runner.api.forms import possible_forms, switches
from runner.api.openapi.document import pointer_steps
from runner.api.openapi.operation import WHOLE_BODY, MediaType, Operation, writable
from runner.api.openapi.schema_writer import SchemaWriter
from runner.api.openapi.shape import Choice, Shape, shape_of


def inputs_schema(
    operation: Operation, *, optional: Iterable[str] = (), hidden: Iterable[str] = ()
) -> dict[str, Any]:
    """Self-contained: what the document shares stands in `$defs`. Nothing beside the declared fields is
    allowed, unless the document says otherwise.

    `optional` are pointers (`/name`, `/conversions/*/label`) to fields that are never required; `hidden` are
    inputs that nobody fills by hand.
    """
    _check_forms(operation)
    writer = SchemaWriter(operation.document)
    body = _bodies([_body(writer, operation, form) for form in possible_forms(operation)])
    unseen = set(hidden)
    properties = {**_parameters(writer, operation), **body.pop("properties", {}), **_switches(operation)}
    defs = writer.finish()
    for name in operation.files() & properties.keys():
        properties[name] = _file_schema(properties[name], defs)
    required = [parameter.input for parameter in operation.parameters if parameter.required]
    required += [name for name in body.pop("required", ()) if name not in required]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: held for name, held in properties.items() if name not in unseen},
        "required": [name for name in required if name not in unseen],
        "additionalProperties": body.pop("additionalProperties", False),
        **body,
    }
    if defs:
        schema["$defs"] = defs
    for pointer in optional:
        _relax(schema, schema, pointer_steps(pointer))
    return schema


def _check_forms(operation: Operation) -> None:
    """InvalidInput when nobody could write the operation's body."""
    if operation.media and not any(writable(operation.document, form) for form in operation.media):
        names = ", ".join(form.name for form in operation.media)
        reason = f"{operation.id} takes its body only as {names}, which cannot be written from inputs"
        raise operation.document.invalid("unknown-media", reason, operation.steps)


def answer_schema(operation: Operation) -> dict[str, Any]:
    """The self-contained JSON Schema of a successful answer in JSON; `{}` where the document tells no shape."""
    writer = SchemaWriter(operation.document, sent=False)
    written = writer.write(operation.answer_schema())
    schema: dict[str, Any] = written if isinstance(written, dict) else {}
    defs = writer.finish()
    return {**schema, "$defs": defs} if defs else schema


def _parameters(writer: SchemaWriter, operation: Operation) -> dict[str, Any]:
    made = {}
    for parameter in operation.parameters:
        schema = writer.write(parameter.schema)
        if parameter.description and isinstance(schema, dict):
            schema = {"description": parameter.description, **schema}
        made[parameter.input] = schema
    return made


def _body(writer: SchemaWriter, operation: Operation, form: MediaType) -> dict[str, Any]:
    shape = shape_of(operation.document, form.schema)
    if shape is None:
        required = [WHOLE_BODY] if operation.body_required else []
        return {"properties": {WHOLE_BODY: writer.write(form.schema)}, "required": required}
    found: dict[str, Any] = {
        "properties": {
            name: writer.write(raw) for name, raw in shape.fields.items() if not writer.unsent(raw)
        },
        "additionalProperties": _rest(writer, shape),
    }
    found["required"] = [
        name for name in shape.required if name in found["properties"] or name not in shape.fields
    ]
    choices = [_choice(writer, choice) for choice in shape.choices]
    if choices:
        found["allOf"] = choices
    return found


def _bodies(forms: list[dict[str, Any]]) -> dict[str, Any]:
    """The inputs of a body that can be sent in several forms: the fields of all, and the needs of exactly one."""
    if len({frozenset(form["properties"]) for form in forms}) <= 1:
        return forms[0] if forms else {}
    branches: list[dict[str, Any]] = []
    for form in forms:
        branch = {"required": form["required"], **({"allOf": form["allOf"]} if "allOf" in form else {})}
        if branch not in branches:
            branches.append(branch)
    return {
        "properties": {name: held for form in reversed(forms) for name, held in form["properties"].items()},
        "required": [
            name for name in forms[0]["required"] if all(name in form["required"] for form in forms)
        ],
        "additionalProperties": next(
            (form["additionalProperties"] for form in forms if len(form) > 2), False
        ),
        **({"allOf": [{_word(branches): branches}]} if len(branches) > 1 else {}),
    }


def _word(branches: list[dict[str, Any]]) -> str:
    """`oneOf`, unless what one form needs is enough for another too."""
    needs = [set(branch["required"]) for branch in branches]
    return "oneOf" if all(one - other for one in needs for other in needs if one is not other) else "anyOf"


def _switches(operation: Operation) -> dict[str, Any]:
    """Inputs that only choose the form of the body."""
    said = "The form in which the request is sent."
    return {
        name: {"type": "string", "enum": list(words), "default": words[0], "description": said}
        for name, words in switches(operation).items()
    }


def _file_schema(schema: Any, defs: Mapping[str, Any]) -> Any:
    """The schema of a path to a local file, or of a list of them, however the document says that it is one."""
    held = dict(schema) if isinstance(schema, dict) else {}
    while isinstance(held.get("$ref"), str):
        held = {**defs[held.pop("$ref").removeprefix("#/$defs/")], **held}
    if held.get("type") == "array":
        return {**held, "items": _file_schema(held.get("items"), defs)}
    return {**held, "type": "string", "format": "binary"}


def _rest(writer: SchemaWriter, shape: Shape) -> Any:
    """Whether other fields may stand beside the declared ones: only where nothing is declared, or a schema
    says what."""
    if shape.closed:
        return False
    return writer.write(shape.rest) if shape.rest is not None else shape.open or not shape.fields


def _choice(writer: SchemaWriter, choice: Choice) -> dict[str, Any]:
    """A `oneOf`/`anyOf` of a body, asked of the whole mapping, in which parameters stand too."""
    branches = [writer.document.resolve(branch) for branch in choice.branches]
    if choice.told_apart:
        written = writer.told_apart(choice.schema, list(choice.branches))
        return {"allOf": [_loose(writer, held) for held in written]}
    word = "anyOf" if choice.word == "oneOf" and not writer.exclusive(branches) else choice.word
    return {word: [_loose(writer, writer.write(branch)) for branch in branches]}


def _loose(writer: SchemaWriter, schema: Any) -> Any:
    """The schema without what it says of other fields."""
    if not isinstance(schema, dict):
        return schema
    if "then" in schema:
        branch = schema["then"]
        if isinstance(branch, dict) and "$ref" in branch:
            writer.finish()
            branch = writer.defs[branch["$ref"].removeprefix("#/$defs/")]
        return {**schema, "then": _loose(writer, branch)}
    return {key: held for key, held in schema.items() if not key.endswith("Properties")}


def _relax(root: dict[str, Any], schema: Any, steps: tuple[str, ...]) -> None:
    """Takes the field at `steps` out of every `required` on its way; shared definitions are changed in place,
    which is right, since this schema is the only one that uses them."""
    if not isinstance(schema, dict) or not steps:
        return
    if "$ref" in schema:
        _relax(root, root["$defs"].get(schema["$ref"].removeprefix("#/$defs/")), steps)
    for word in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(word, ()):
            _relax(root, part, steps)
    first, rest = steps[0], steps[1:]
    if first == "*":
        _relax(root, schema.get("items"), rest)
    elif rest:
        _relax(root, schema.get("properties", {}).get(first), rest)
    elif first in schema.get("required", ()):
        schema["required"] = [name for name in schema["required"] if name != first]
