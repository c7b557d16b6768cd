"""The JSON Schema with which an editor completes and checks manifests: every provider's inputs are in it."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from runner.api.catalogue import Catalogue
from runner.api.openapi.schemas import schema_text
from runner.api.provider import Provider, Use
from runner.api.vocabulary.lifedata import Resource
from runner.compile.instances.compiled import BUILTINS
from runner.compile.instances.local import OUTPUTS, builtin_schema
from runner.report.explain import BUILT_IN

MOST_USES = 150
"""Of a provider with more uses, only those that the manifest has are described in full."""

_EXPRESSION = {"$ref": "#/$defs/expression"}
_NOTES = ("description", "title", "default", "deprecated", "examples")
_MAPS = ("properties", "patternProperties", "dependentSchemas")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_ONES = ("items", "additionalProperties", "then", "else", "contains", "propertyNames")
_LEFT_OUT = ("format", "pattern", "$defs", "uniqueItems", "contentMediaType", "contentEncoding")


def editor_schema(
    catalogue: Catalogue, used: Collection[str] = (), *, complete: bool = False
) -> dict[str, Any]:
    """`used` are the manifest's own uses; `complete` says that the catalogue holds all its providers, so that a use
    that is not in it is a mistake. InvalidInput when a provider's document is broken."""
    schema: dict[str, Any] = json.loads(schema_text("manifest.schema.json"))
    schema["$id"] = "urn:runner:manifest:editor"
    names: dict[str, str] = {}
    rules: list[dict[str, Any]] = []
    for uses in BUILTINS:
        names[uses] = BUILT_IN[uses]
        rules.append(_rule(schema, (uses,), builtin_schema(uses), OUTPUTS))
    for name in catalogue.names():
        provider = catalogue.provider(name)
        for inner in provider.names():
            kind = provider.find(inner)
            assert kind is not None
            use = Use(provider, inner, kind)
            words = (use.uses, *(f"{name}.{alias}" for alias in _aliases(provider, inner)))
            names.update(dict.fromkeys(words, ""))
            if len(provider.names()) <= MOST_USES or not {*words}.isdisjoint(used):
                names.update(dict.fromkeys(words, " ".join(use.operation.summary.split())))
                loads = (*kind.downloads, *kind.outputs) if isinstance(kind, Resource) else ()
                rules.append(_rule(schema, words, use.inputs_schema(), loads))
        _settings(schema, provider)
    job = schema["$defs"]["job"]
    job["allOf"] = rules
    known = {"enum": list(names), "enumDescriptions": list(names.values())}
    old = job["properties"]["uses"]
    notes = {key: old.pop(key) for key in _NOTES if key in old}
    job["properties"]["uses"] = {**notes, **known} if complete else {**notes, "anyOf": [known, old]}
    return schema


def _aliases(provider: Provider, name: str) -> list[str]:
    return [alias for alias, target in provider.aliases.items() if target == name]


def _rule(
    schema: dict[str, Any], words: tuple[str, ...], inputs: Mapping[str, Any], saves: Collection[str]
) -> dict[str, Any]:
    """What holds for jobs of a use, which has one name or several."""
    prefix = f"with {words[0]}"
    for name, held in inputs.get("$defs", {}).items():
        schema["$defs"][_named(prefix, name)] = _relaxed(held, prefix)
    schema["$defs"][_named(prefix, "")] = _inner(inputs, prefix)
    then: dict[str, Any] = {
        "properties": {"with": {"anyOf": [{"$ref": f"#/$defs/{_named(prefix, '')}"}, _EXPRESSION]}}
    }
    if inputs.get("required"):
        then["required"] = ["with"]
    if saves:
        then["properties"]["save"] = {"properties": {name: {"$ref": "#/$defs/save_paths"} for name in saves}}
    return {"if": {"properties": {"uses": {"enum": list(words)}}, "required": ["uses"]}, "then": then}


def _settings(schema: dict[str, Any], provider: Provider) -> None:
    """The names of the provider's credentials."""
    known = sorted({name for scheme in provider.auth for name in scheme.needs})
    auth = {
        "properties": {name: {"$ref": "#/$defs/text"} for name in known},
        "additionalProperties": not known,
    }
    settings = {"allOf": [{"$ref": "#/$defs/provider"}], "properties": {"auth": auth}}
    schema["properties"]["providers"].setdefault("properties", {})[provider.name] = settings


def _named(prefix: str, name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "_", f"{prefix} {name}".strip())


def _relaxed(schema: Any, prefix: str) -> Any:
    """A schema as it may be written in a manifest: an expression in place of any value, null for what is left out, and
    `$each` for a list."""
    if not isinstance(schema, Mapping):
        return schema
    if set(schema) <= {"$ref", *_NOTES} and "$ref" in schema:
        return {**schema, "$ref": _reference(schema["$ref"], prefix)}
    inner = _inner(schema, prefix)
    notes = {key: inner.pop(key) for key in _NOTES if key in inner}
    if not inner:
        return notes
    ways = [inner, _EXPRESSION, {"type": "null"}]
    if schema.get("type") == "array" or "items" in schema:
        ways.append({"type": "object", "required": ["$each", "$item"]})
    return {**notes, "anyOf": ways}


def _inner(schema: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The schema with everything inside of it relaxed."""
    made: dict[str, Any] = {}
    for key, held in schema.items():
        if key in _LEFT_OUT:
            continue
        if key == "$ref":
            made[key] = _reference(held, prefix)
        elif key in _MAPS:
            made[key] = {name: _relaxed(child, prefix) for name, child in held.items()}
        elif key in _LISTS:
            word = "anyOf" if key == "oneOf" else key
            made.setdefault(word, []).extend(_branch(child, prefix) for child in held)
        elif key in _ONES:
            made[key] = _branch(held, prefix) if key in ("then", "else") else _relaxed(held, prefix)
        else:
            made[key] = held
    return made


def _branch(schema: Any, prefix: str) -> Any:
    """A part of a schema that is asked of the same value, which is relaxed as a whole."""
    return _inner(schema, prefix) if isinstance(schema, Mapping) else schema


def _reference(ref: str, prefix: str) -> str:
    return f"#/$defs/{_named(prefix, ref.removeprefix('#/$defs/'))}"
