"""Parameters and form fields as text, by OpenAPI's `style` and `explode` (OpenAPI 3.1, "Style Values").

Delimiters stay as they are and the values between them are percent-encoded, as RFC 6570 has it.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from runner.api.openapi.operation import Parameter

_RESERVED = ":/?[]@!$'()*,;="  # without & # +, which would end or change the value
_IN_PATH = _RESERVED.replace("?", "")  # where it would begin the query
_COOKIE = "!#$%&'()*+-./:<=>?@[]^_`{|}~"  # what RFC 6265 lets stand in a cookie's value
_SEPARATORS = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}

Pair = tuple[str, str]


def scalar_text(value: Any) -> str:
    """A value as it stands in a URL, a header or a form: `true`, `12`, `1.5`; a tree as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def query_texts(parameter: Parameter, value: Any) -> list[str]:
    """The `name=text` pairs of a query parameter, percent-encoded."""
    safe = _RESERVED if parameter.reserved else ""
    if parameter.media:
        return [_pair(parameter.name, quote(scalar_text(value), safe=safe))]
    return [_pair(*pair) for pair in _styled(parameter.name, value, parameter.style, parameter.explode, safe)]


def cookie_texts(parameter: Parameter, value: Any) -> list[str]:
    """The `name=text` pairs of a cookie parameter (style form)."""
    if parameter.media:
        return [f"{parameter.name}={quote(scalar_text(value), safe=_COOKIE)}"]
    pairs = _styled(parameter.name, value, "form", parameter.explode, _COOKIE)
    return [f"{name}={text}" for name, text in pairs]


def _pair(name: str, text: str) -> str:
    return f"{quote(name, safe='[]$')}={text}"


def _styled(name: str, value: Any, style: str, explode: bool, safe: str) -> list[Pair]:
    """The pairs of a value: names as they are, texts percent-encoded."""

    def quoted(part: Any) -> str:
        return quote(scalar_text(part), safe=safe)

    if style == "deepObject" and isinstance(value, Mapping | list):
        return [(key, quoted(leaf)) for key, leaf in deep_pairs(name, value)]
    if isinstance(value, Mapping):
        if explode:
            return [(str(key), quoted(child)) for key, child in value.items()]
        parts = [part for key, child in value.items() for part in (quoted(key), quoted(child))]
    elif isinstance(value, list):
        if explode:
            return [(name, quoted(child)) for child in value]
        parts = [quoted(child) for child in value]
    else:
        return [(name, quoted(value))]
    return [(name, _SEPARATORS.get(style, ",").join(parts))]


def deep_pairs(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The leaves of a tree under names like `items[0][price]`; an empty mapping or list says nothing."""
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from deep_pairs(f"{name}[{key}]", child)
    elif isinstance(value, list):
        for position, child in enumerate(value):
            yield from deep_pairs(f"{name}[{position}]", child)
    else:
        yield name, value


def path_text(parameter: Parameter, value: Any) -> str:
    """A path parameter, percent-encoded; a slash in it stays one segment, unless the path takes several there."""
    safe = _IN_PATH if parameter.reserved else ""
    if type(value) is str and parameter.style == "simple":
        return quote(value, safe=safe)

    def quoted(part: Any) -> str:
        return quote(scalar_text(part), safe=safe)

    prefix = {"label": ".", "matrix": ";"}.get(parameter.style, "")
    name = parameter.name
    if parameter.media:
        return quoted(value if isinstance(value, str) else scalar_text(value))
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


def form_text(fields: Mapping[str, Any], encoding: Mapping[str, Any] = {}) -> str:
    """A body of `application/x-www-form-urlencoded`. Lists repeat their name and mappings are JSON, unless the
    document's `encoding` of a field gives it a style."""
    pairs: list[Pair] = []
    for name, value in fields.items():
        raw = encoding.get(name)
        told = raw if isinstance(raw, Mapping) else {}
        styled = {"style", "explode", "allowReserved"} & told.keys()
        if styled and isinstance(value, Mapping | list):
            style = str(told.get("style", "form"))
            safe = _RESERVED if told.get("allowReserved") is True else ""
            pairs += _styled(name, value, style, bool(told.get("explode", style == "form")), safe)
        elif isinstance(value, list) and "json" not in str(told.get("contentType", "")):
            pairs += [(name, quote(scalar_text(child), safe="")) for child in value]
        else:
            pairs.append((name, quote(scalar_text(value), safe="")))
    return "&".join(f"{quote(name, safe='[]')}={text}" for name, text in pairs)
