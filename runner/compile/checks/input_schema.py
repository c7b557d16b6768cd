"""Validating evaluated inputs against the schema of a use, fast enough for every instance.

jsonschema makes good messages and is slow, so equal values are asked about once, and the simplest schemas
(a type, perhaps a list of values) are decided here when they hold.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from runner.compile.checks.schema_errors import Fault, Steps, faults_of
from runner.compile.fitting import fits
from runner.model.text import FileText, LocalFile, PublishedUrl, Secret
from runner.model.unknown import Unknown, contains_unknown

_WHOLE = ("allOf", "anyOf", "oneOf", "not", "if", "dependentRequired", "dependentSchemas", "unevaluatedProperties",
          "minProperties", "maxProperties", "patternProperties", "propertyNames")  # fmt: skip
_TOLD = frozenset({"description", "title", "default", "format", "examples", "deprecated"})
_TEXTS = frozenset({str, Secret, FileText, PublishedUrl, LocalFile})
_TYPES: Mapping[str, frozenset[type]] = {
    "string": _TEXTS,
    "boolean": frozenset({bool}),
    "number": frozenset({int, float}),
    "integer": frozenset({int}),
}
_CACHED = 4096


class InputSchema:
    """The inputs of one use. An Unknown fits anywhere."""

    def __init__(self, uses: str, schema: Mapping[str, Any]) -> None:
        self._uses, self._schema = uses, schema
        self.fields: Mapping[str, Any] = schema.get("properties") or {}
        self._whole = any(word in schema for word in _WHOLE) or "$ref" in schema
        self._defs = schema.get("$defs", {})
        quick = {name: _quick(field, self._defs) for name, field in self.fields.items()}
        self._quick = {name: test for name, test in quick.items() if test is not None}
        self._seen: dict[tuple[str, str], tuple[Fault, ...]] = {}
        self._shapes: dict[tuple[str, ...], tuple[Fault, ...]] = {}
        self._validators: dict[str, Any] = {}

    def fits(self, inputs: Any) -> bool:
        """Whether it is quickly seen that nothing is wrong; if not, `faults` tells."""
        if self._whole or type(inputs) is not dict or self._shapes.get(tuple(inputs)) != ():
            return False
        try:
            for name, value in inputs.items():
                kinds, tests = self._quick[name]
                kind = type(value)
                if kind not in kinds:
                    if kind is not Unknown:
                        return False
                elif tests and not all(test(value) for test in tests):
                    return False
        except KeyError:
            return False
        return True

    def faults(self, inputs: Any) -> Iterator[Fault]:
        """What is wrong with evaluated inputs."""
        if isinstance(inputs, Unknown):
            return
        if self._whole or not isinstance(inputs, dict):
            if not fits(self._schema, inputs):
                yield from self._all("", self._schema, inputs, ())
            return
        yield from self._shape(inputs)
        for name, value in inputs.items():
            if name in self.fields and not isinstance(value, Unknown) and not self._quickly(name, value):
                yield from self._field(name, value)

    def _quickly(self, name: str, value: Any) -> bool:
        kinds, tests = self._quick.get(name, _NEVER)
        return type(value) in kinds and all(test(value) for test in tests)

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
            fitting = fits(frame, inputs)
            self._shapes[key] = () if fitting else tuple(self._all("*", frame, inputs, ()))
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
        found = () if fits(schema, value) else tuple(self._all(name, schema, value, (name,)))
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


Quick = tuple[frozenset[type], Sequence[Callable[[Any], bool]]]
"""The types that a value may have, and tests of such a value; enough when they hold."""

_NEVER: Quick = (frozenset(), ())


def _quick(field: Any, defs: Mapping[str, Any]) -> Quick | None:
    """The quick test for a schema of scalars without any choice in it; None for any other."""
    if isinstance(field, Mapping) and isinstance(field.get("$ref"), str) and set(field) <= {"$ref", *_TOLD}:
        field = defs.get(field["$ref"].removeprefix("#/$defs/"))
    kind = _kind(field.get("type")) if isinstance(field, Mapping) else None
    if kind is None or not set(field) <= {"type", "enum", *_TOLD, *_TESTS.get(kind, ())}:
        return None
    kinds = _TYPES[kind]
    try:
        tests = [made(field[word]) for word, made in _TESTS.get(kind, {}).items() if word in field]
    except re.error:
        return None
    if "enum" in field:
        tests.append(_one_of(field["enum"]))
    return kinds, tests


def _kind(given: Any) -> str | None:
    """The one type of a schema; that null may stand there, too, is no matter, as nulls are left out."""
    if isinstance(given, list):
        given = (
            next((one for one in given if one != "null"), None)
            if len(given) <= 2 and "null" in given
            else None
        )
    return given if isinstance(given, str) and given in _TYPES else None


def _one_of(values: Any) -> Callable[[Any], bool]:
    texts = frozenset(value for value in values if type(value) is str)
    return lambda value: type(value) is str and value in texts


def _matching(pattern: str) -> Callable[[Any], bool]:
    search = re.compile(pattern).search
    return lambda value: search(value) is not None


_TESTS: dict[str, Mapping[str, Callable[[Any], Callable[[Any], bool]]]] = {
    "string": {
        "pattern": _matching,
        "minLength": lambda least: lambda value: len(value) >= least,
        "maxLength": lambda most: lambda value: len(value) <= most,
    },
    "number": {
        "minimum": lambda least: lambda value: value >= least,
        "maximum": lambda most: lambda value: value <= most,
    },
}
_TESTS["integer"] = _TESTS["number"]
"""What a keyword asks of a value of each type."""


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
