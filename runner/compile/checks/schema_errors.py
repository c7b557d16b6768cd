"""What jsonschema finds wrong with inputs, in words a person can act on."""

from collections.abc import Iterator, Mapping
from typing import Any

from runner.compile.expressions.access import kind_of
from runner.compile.nearby import did_you_mean, nearest
from runner.model.frozen import frozen
from runner.model.manifest import Key
from runner.model.text import Secret

Steps = tuple[str | int, ...]

_KINDS = {
    "string": "a text", "number": "a number", "integer": "a whole number", "boolean": "true or false",
    "object": "a mapping", "array": "a list", "null": "null",
}  # fmt: skip


@frozen
class Fault:
    """One thing wrong with the inputs, at `steps` in them. `field` is about a field's being there, not its value."""

    code: str
    message: str
    steps: Steps
    hint: str = ""
    field: bool = False


def faults_of(error: Any, uses: str, above: Steps = ()) -> Iterator[Fault]:
    """The faults that one error of jsonschema (a `ValidationError`) stands for. `above` leads to what was validated."""
    from jsonschema.exceptions import best_match

    if error.validator in ("anyOf", "oneOf") and error.context:
        likely = best_match(iter([error]))
        if likely is not None and likely is not error and likely.validator not in ("anyOf", "oneOf"):
            yield from faults_of(likely, uses, above)
            return
    steps: Steps = (*above, *error.absolute_path)
    name = spelled(steps) or "with"
    value, wanted = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties" | "unevaluatedProperties" if isinstance(value, Mapping):
            yield from _unknown_fields(value, error.schema, uses, steps)
        case "required" if isinstance(value, Mapping):
            missing = _missing(error)
            unknown = _unknown_names(value, error.schema)
            if missing not in [nearest(one, [missing]) for one in unknown]:
                at: Steps = (*steps, missing)
                about = _described(error.schema, missing)
                yield Fault("missing-input", f"`{uses}` needs `{spelled(at)}`", at, about, True)
        case "enum":
            options = [str(one) for one in wanted]
            yield Fault(
                "unknown-value",
                f"`{name}` cannot be {_shown(value)}",
                steps,
                did_you_mean(str(value), options),
            )
        case "type":
            names = [wanted] if isinstance(wanted, str) else list(wanted)
            kinds = [_KINDS.get(one, one) for one in names]
            hint = ""
            if isinstance(value, str) and {"number", "integer"} & set(names):
                made = "int" if "integer" in names else "number"
                hint = f"take the quotes away; in an expression, `| {made}` makes one of a text"
            if isinstance(value, int | float) and "string" in names:
                hint = "put it in quotes; in an expression, `| string` makes a text of it"
            yield Fault(
                "wrong-type", f"`{name}` must be {' or '.join(kinds)}, and is {kind_of(value)}", steps, hint
            )
        case _:
            yield Fault("bad-input", f"`{name}`: {_in_words(error)}", steps)


def spelled(steps: Steps) -> str:
    """A path in the inputs as people write it: `settings.voices[2].id`."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _unknown_names(value: Mapping[str, Any], schema: Any) -> list[str]:
    known = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
    return [name for name in value if name not in known]


def _unknown_fields(value: Mapping[str, Any], schema: Any, uses: str, steps: Steps) -> Iterator[Fault]:
    known = list(schema.get("properties", {})) if isinstance(schema, Mapping) else []
    for name in _unknown_names(value, schema):
        where: Steps = (*steps, Key(name))
        hint = did_you_mean(name, known)
        yield Fault("unknown-input", f"`{uses}` has no input `{spelled(where)}`", where, hint, True)


def _missing(error: Any) -> str:
    for name in error.validator_value:
        if name not in error.instance and f"'{name}'" in error.message:
            return str(name)
    return str(next((name for name in error.validator_value if name not in error.instance), ""))


def _described(schema: Any, name: str) -> str:
    held = schema.get("properties", {}).get(name) if isinstance(schema, Mapping) else None
    text = held.get("description", "") if isinstance(held, Mapping) else ""
    first = str(text).split("\n", 1)[0].strip()
    return first if len(first) <= 120 else f"{first[:117]}…"


def _in_words(error: Any) -> str:
    wanted = error.validator_value
    shown = _shown(error.instance)
    words = {
        "minimum": f"{shown} is less than {wanted}",
        "maximum": f"{shown} is more than {wanted}",
        "exclusiveMinimum": f"{shown} is not more than {wanted}",
        "exclusiveMaximum": f"{shown} is not less than {wanted}",
        "minLength": "the text is empty" if wanted == 1 else f"the text is shorter than {wanted} characters",
        "maxLength": f"the text is longer than {wanted} characters",
        "minItems": f"the list has fewer than {wanted} items",
        "maxItems": f"the list has more than {wanted} items",
        "uniqueItems": "an item is repeated",
        "pattern": f"{shown} does not match `{wanted}`",
        "const": f"{shown} must be {wanted!r}",
        "format": f"{shown} is not a {wanted}",
        "oneOf": _choice(wanted, error.instance) or "fits none, or more than one, of the documented forms",
        "anyOf": "fits none of the documented forms",
        "not": f"{shown} is not allowed",
    }
    found = words.get(str(error.validator))
    return found if found is not None else error.message[:160]


def _choice(branches: Any, value: Any) -> str:
    """What is wrong where exactly one of some fields is wanted; empty where the forms differ in more than that."""
    if not isinstance(branches, list) or not isinstance(value, Mapping):
        return ""
    if not all(isinstance(one, Mapping) and set(one) == {"required"} for one in branches):
        return ""
    names = [" and ".join(f"`{name}`" for name in one["required"]) for one in branches]
    met = [
        name
        for name, one in zip(names, branches, strict=True)
        if all(key in value for key in one["required"])
    ]
    return f"takes only one of {', '.join(met)}" if met else f"needs one of {', '.join(names)}"


def _shown(value: Any) -> str:
    if isinstance(value, Secret):
        return "this secret"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}…"'
    return kind_of(value) if isinstance(value, Mapping | list) else repr(value)
