"""Validating evaluated inputs against the schema of a use, fast enough for every instance.

jsonschema makes good messages and is slow, so equal values are asked about once, and the simplest schemas
(a type, perhaps a list of values) are decided here when they hold.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from runner.compile.schema_errors import Fault, Steps, faults_of
from runner.model.unknown import Unknown, contains_unknown

_WHOLE = ("allOf", "anyOf", "oneOf", "not", "if", "dependentRequired", "dependentSchemas", "unevaluatedProperties",
          "minProperties", "maxProperties", "patternProperties", "propertyNames")  # fmt: skip
_SIMPLE = frozenset({"type", "enum", "description", "title", "default", "format", "examples", "deprecated"})
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str, "boolean": bool, "object": dict, "array": list, "number": (int, float), "integer": int,
}  # fmt: skip
_CACHED = 4096


class InputSchema:
    """The inputs of one use. An Unknown fits anywhere."""

    def __init__(self, uses: str, schema: Mapping[str, Any]) -> None:
        self._uses, self._schema = uses, schema
        self.fields: Mapping[str, Any] = schema.get("properties") or {}
        self._whole = any(word in schema for word in _WHOLE) or "$ref" in schema
        self._defs = schema.get("$defs", {})
        self._quick = {name: _quick(field) for name, field in self.fields.items()}
        self._seen: dict[tuple[str, str], tuple[Fault, ...]] = {}
        self._shapes: dict[tuple[str, ...], tuple[Fault, ...]] = {}
        self._validators: dict[str, Any] = {}

    def faults(self, inputs: Any) -> Iterator[Fault]:
        """What is wrong with evaluated inputs."""
        if isinstance(inputs, Unknown):
            return
        if self._whole or not isinstance(inputs, dict):
            yield from self._all("", self._schema, inputs, ())
            return
        yield from self._shape(inputs)
        for name, value in inputs.items():
            quick = self._quick.get(name)
            if name in self.fields and not isinstance(value, Unknown) and not (quick and quick(value)):
                yield from self._field(name, value)

    def _shape(self, inputs: dict[str, Any]) -> tuple[Fault, ...]:
        """Whether the right fields are there; the same for all instances with the same fields."""
        key = tuple(inputs)
        if key not in self._shapes:
            names = dict.fromkeys(self.fields, True)
            described = {name: self._schema["properties"][name] for name in names}
            frame = {
                "required": self._schema.get("required", []),
                "additionalProperties": self._schema.get("additionalProperties", True),
                "properties": {name: _described(field) for name, field in described.items()},
            }
            self._shapes[key] = tuple(self._all("*", frame, inputs, ()))
        return self._shapes[key]

    def _field(self, name: str, value: Any) -> tuple[Fault, ...]:
        held = None
        if not contains_unknown(value):
            held = (name, json.dumps(value, sort_keys=True, default=str))
            found = self._seen.get(held)
            if found is not None:
                return found
        field = self.fields[name]
        schema = {**field, "$defs": self._defs} if isinstance(field, Mapping) else field
        found = tuple(self._all(name, schema, value, (name,)))
        if held is not None and len(self._seen) < _CACHED:
            self._seen[held] = found
        return found

    def _all(self, name: str, schema: Any, value: Any, above: Steps) -> Iterator[Fault]:
        validator = self._validators.get(name)
        if validator is None:
            validator = self._validators[name] = _validator()(schema)
        errors = sorted(
            validator.iter_errors(value), key=lambda error: [str(step) for step in error.absolute_path]
        )
        for error in errors:
            yield from faults_of(error, self._uses, above)


def _described(field: Any) -> Any:
    text = field.get("description") if isinstance(field, Mapping) else None
    return {"description": text} if text else True


def _quick(field: Any) -> Callable[[Any], bool] | None:
    """A test that is enough when it holds, for a schema that is only a type and values; None for any other."""
    if not isinstance(field, Mapping) or not set(field) <= _SIMPLE or not isinstance(field.get("type"), str):
        return None
    kind, values = _TYPES.get(field["type"]), field.get("enum")
    if kind is None or field["type"] in ("object", "array"):
        return None
    exact = field["type"] != "boolean"

    def holds(value: Any) -> bool:
        if exact and isinstance(value, bool):
            return False
        return isinstance(value, kind) and (values is None or value in values)

    return holds


@lru_cache(maxsize=1)
def _validator() -> Any:
    """The validator of JSON Schema 2020-12 for which an Unknown fits anywhere."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    def lenient(check: Any, deep: bool) -> Any:
        def checked(validator: Any, wanted: Any, instance: Any, schema: Any) -> Any:
            if isinstance(instance, Unknown) or (deep and contains_unknown(instance)):
                return ()
            return check(validator, wanted, instance, schema) or ()

        return checked

    deep = {"enum", "const", "uniqueItems", "oneOf", "not", "contains", "if"}
    made: Any = extend(  # type: ignore[no-untyped-call]
        Draft202012Validator,
        {word: lenient(check, word in deep) for word, check in Draft202012Validator.VALIDATORS.items()},
    )
    return made
