"""Parameters as text, by OpenAPI's `style` and `explode` (OpenAPI 3.1, "Style Values")."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from runner.api.operation import Parameter

_RESERVED = ":/?[]@!$'()*,;="  # without & # +, which would end or change the value
_SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}


def scalar_text(value: Any) -> str:
    """A value as it stands in a URL, a header or a form: `true`, `12`, `1.5`; a tree as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def query_pairs(parameter: Parameter, value: Any) -> list[tuple[str, str]]:
    """The name and text pairs of a query or cookie parameter, not yet percent-encoded."""
    name = parameter.name
    if parameter.media:
        return [(name, scalar_text(value))]
    if isinstance(value, Mapping):
        if parameter.style == "deepObject":
            return [(f"{name}[{key}]", scalar_text(child)) for key, child in value.items()]
        if parameter.explode:
            return [(str(key), scalar_text(child)) for key, child in value.items()]
        return [(name, ",".join(f"{key},{scalar_text(child)}" for key, child in value.items()))]
    if isinstance(value, list):
        if parameter.explode:
            return [(name, scalar_text(child)) for child in value]
        return [(name, _SEPARATORS.get(parameter.style, ",").join(scalar_text(child) for child in value))]
    return [(name, scalar_text(value))]


def quoted_query(name: str, text: str, reserved: bool) -> str:
    """One `name=text` of a query, percent-encoded."""
    safe = _RESERVED if reserved else ""
    return f"{quote(name, safe='[]')}={quote(text, safe=safe)}"


def path_text(parameter: Parameter, value: Any) -> str:
    """A path parameter, percent-encoded; a slash in it stays one segment."""

    def quoted(part: Any) -> str:
        return quote(scalar_text(part), safe="")

    prefix = {"label": ".", "matrix": ";"}.get(parameter.style, "")
    name = parameter.name
    if isinstance(value, Mapping):
        joint = "=" if parameter.explode else ","
        parts = [f"{quoted(key)}{joint}{quoted(child)}" for key, child in value.items()]
        if parameter.style == "matrix" and not parameter.explode:
            return f";{name}={','.join(parts)}"
        return prefix + (prefix if parameter.explode and prefix else ",").join(parts)
    if isinstance(value, list):
        parts = [quoted(child) for child in value]
        if parameter.style == "matrix":
            exploded = "".join(f";{name}={part}" for part in parts)
            return exploded if parameter.explode else f";{name}={','.join(parts)}"
        return prefix + ("." if parameter.style == "label" and parameter.explode else ",").join(parts)
    return f";{name}={quoted(value)}" if parameter.style == "matrix" else prefix + quoted(value)


def header_text(parameter: Parameter, value: Any) -> str:
    """A header parameter (style simple)."""
    if parameter.media:
        return scalar_text(value)
    if isinstance(value, Mapping):
        joint = "=" if parameter.explode else ","
        return ",".join(f"{key}{joint}{scalar_text(child)}" for key, child in value.items())
    if isinstance(value, list):
        return ",".join(scalar_text(child) for child in value)
    return scalar_text(value)


def form_text(fields: Mapping[str, Any]) -> str:
    """A body of `application/x-www-form-urlencoded`: lists repeat their name."""
    pairs = []
    for name, value in fields.items():
        for child in value if isinstance(value, list) else [value]:
            pairs.append(f"{quote(name, safe='')}={quote(scalar_text(child), safe='')}")
    return "&".join(pairs)
