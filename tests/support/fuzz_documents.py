"""Provider documents as the fuzzer reads them: ours, with closed answers, and with values that exist in the sandbox."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from runner.api.openapi.schemas import schema_text

Known = Mapping[str, Sequence[Any]]
"""Name of a parameter or a field → values that mean something. `Owner.name`: in this schema or operation alone."""

_SCHEMAS = "#/components/schemas/"
_ANSWERED = "Answered"


def document(provider: str) -> dict[str, Any]:
    """Our own document of a provider."""
    loaded: dict[str, Any] = yaml.safe_load(schema_text(f"providers/{provider}.openapi.yaml"))
    return loaded


def prepared(whole: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """The document with answers that allow no field which is not documented, and with known values among those that a
    request holds; without the latter hardly any request would get past "there is no such thing".
    """
    components = whole["components"]
    answers = {
        f"{name}{_ANSWERED}": _closed(schema) for name, schema in components.get("schemas", {}).items()
    }
    asked = {
        name: _suggesting(schema, _within(name, known))
        for name, schema in components.get("schemas", {}).items()
    }
    return {
        **whole,
        "paths": {
            path: {name: _operation(value, known) for name, value in item.items()}
            for path, item in whole["paths"].items()
        },
        "components": {
            **components,
            "parameters": _suggesting(components.get("parameters", {}), known),
            "responses": _closed(components.get("responses", {})),
            "schemas": {**asked, **answers},
        },
    }


def accepted(whole: Mapping[str, Any], path: str, method: str) -> list[str]:
    """What the header Accept may ask for: anything, or one of the documented media types."""
    responses = whole["paths"][path][method]["responses"].values()
    told = [
        whole["components"]["responses"][_last(each["$ref"])] if "$ref" in each else each
        for each in responses
    ]
    return ["*/*", *dict.fromkeys(media for each in told for media in each.get("content", {}))]


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]


def _operation(value: Any, known: Known) -> Any:
    """An operation, or the parameters of a path."""
    if not isinstance(value, dict):
        return _suggesting(value, known)
    known = _within(value["operationId"], known)
    made = {name: _suggesting(part, known) for name, part in value.items() if name != "responses"}
    return {**made, "responses": _closed(value["responses"])}


def _closed(part: Any) -> Any:
    """A part of what is answered: each object whose fields are told holds those alone."""
    if isinstance(part, list):
        return [_closed(child) for child in part]
    if not isinstance(part, dict):
        return part
    made = {name: _closed(child) for name, child in part.items()}
    if isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    if isinstance(reference := made.get("$ref"), str) and reference.startswith(_SCHEMAS):
        made["$ref"] = reference + _ANSWERED
    return made


def _suggesting(part: Any, known: Known) -> Any:
    """A part of what is asked: parameters and fields with a known name hold a known value."""
    if isinstance(part, list):
        return [_suggesting(child, known) for child in part]
    if not isinstance(part, dict):
        return part
    made = {name: _suggesting(child, known) for name, child in part.items()}
    if isinstance(made.get("properties"), dict):
        made["properties"] = {
            name: _one_of(field, known.get(name)) for name, field in made["properties"].items()
        }
    if "in" in made and isinstance(made.get("schema"), dict):
        made["schema"] = _one_of(made["schema"], known.get(made["name"]))
    return made


def _within(owner: str, known: Known) -> Known:
    begin = f"{owner}."
    own = {name.removeprefix(begin): values for name, values in known.items() if name.startswith(begin)}
    return {**known, **own}


def _one_of(schema: Any, values: Sequence[Any] | None) -> Any:
    return {"enum": list(values)} if values else schema
