"""The manifest's shape: what `schemas/manifest.schema.json` says, as problems for a person.

The schema is the only source: its `title`s are the words after "expected". Of alternatives (`anyOf`) the one is
explained whose type fits what was written.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from runner.api.openapi.schemas import schema_text
from runner.compile.fitting import fits
from runner.compile.nearby import did_you_mean, nearest
from runner.compile.text.source import Source
from runner.model.frozen import frozen
from runner.model.manifest import YamlPath
from runner.model.problem import Problem

if TYPE_CHECKING:
    from jsonschema import ValidationError

_ELSEWHERE = {
    "depends_on": "needs", "dependencies": "needs", "when": "if", "condition": "if", "inputs": "with",
    "args": "with", "params": "with", "loop": "for_each", "matrix": "for_each", "output": "save",
    "outputs": "save", "download": "save", "tasks": "jobs", "steps": "jobs", "variables": "vars",
    "use": "uses", "type": "uses", "retry": "retries",
}  # fmt: skip
_TRUTHS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_PLAIN_PATH = re.compile(r"(vars|data|jobs|each|env|item|row)[.\[]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@frozen
class Fault:
    """A problem of shape. `path` leads to what is wrong; for an unknown key, to that key."""

    path: YamlPath
    problem: Problem


def check_shape(source: Source) -> list[Fault]:
    """What is wrong with the shape of a manifest, in no order; empty when it fits the schema."""
    schema = json.loads(schema_text("manifest.schema.json"))
    if not isinstance(source.value, dict):
        return [_no_manifest(source)]
    if fits(schema, source.value):
        return []
    from jsonschema import Draft202012Validator

    faults: dict[tuple[YamlPath, str], Fault] = {}
    for error in Draft202012Validator(schema).iter_errors(source.value):
        for fault in _explain(error, source):
            faults.setdefault((fault.path, fault.problem.message), fault)
    return list(faults.values())


def _no_manifest(source: Source) -> Fault:
    where, line = source.place(())
    if source.value is None:
        what = "the file is empty" if not source.text.strip() else "the file holds nothing but comments"
    else:
        what = f"expected a mapping with `jobs`, found {spell(source.value)}"
    return Fault((), Problem("no-manifest", what, where, "begin with `version: 1` and `jobs:`", line))


def _explain(error: "ValidationError", source: Source) -> Iterator[Fault]:
    path: YamlPath = tuple(error.absolute_path)
    if error.validator == "anyOf":
        branch = _fitting_branch(error)
        if branch:
            for inner in branch:
                yield from _explain(inner, source)
            return
    if "propertyNames" in error.absolute_schema_path:
        yield _bad_name(path, str(error.instance), source)
    elif error.validator == "additionalProperties":
        yield from _unknown_keys(path, error, source)
    elif error.validator == "required":
        yield from _missing_keys(path, error, source)
    else:
        yield _bad_value(path, error, source)


def _fitting_branch(error: "ValidationError") -> "list[ValidationError]":
    """The errors of the only alternative whose type fits; empty when none does, or its own form is what fails."""
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(inner)
    fitting = [
        errors
        for errors in branches.values()
        if not any(inner.validator == "type" and not inner.path for inner in errors)
    ]
    if len(fitting) != 1:
        return []
    return [] if fitting[0][0].validator == "pattern" and not fitting[0][0].path else fitting[0]


def _bad_name(path: YamlPath, name: str, source: Source) -> Fault:
    where, line = source.key_place((*path, name))
    what = f"`{name}` is no name: small letters, digits and `_` after a first letter"
    meant = re.sub(r"[^a-z0-9_]+", "_", name.casefold()).strip("_")
    hint = f"write `{meant}`" if re.fullmatch(r"[a-z][a-z0-9_]*", meant) else "choose another"
    return Fault((*path, name), Problem("bad-name", what, where, hint, line))


def _unknown_keys(path: YamlPath, error: "ValidationError", source: Source) -> Iterator[Fault]:
    known = list(_schema(error).get("properties", ()))
    free = [re.compile(pattern) for pattern in _schema(error).get("patternProperties", ())]
    given: Any = error.instance
    for key in given:
        if key in known or any(pattern.search(key) for pattern in free):
            continue
        where, line = source.key_place((*path, key))
        meant = _ELSEWHERE.get(key, "")
        hint = f"did you mean `{meant}`?" if meant in known else did_you_mean(key, known)
        place = f" in {_name(path)}" if path else ""
        what = f"unknown key `{key}`{place}"
        yield Fault((*path, key), Problem("unknown-key", what, where, hint, line))


def _missing_keys(path: YamlPath, error: "ValidationError", source: Source) -> Iterator[Fault]:
    wanted: Any = error.validator_value
    given: Any = error.instance
    for key in wanted:
        if key not in given:
            where, line = source.key_place(path)
            owner = _name(path) if path else "the manifest"
            title = _title(_schema(error).get("properties", {}).get(key, {}))
            hint = f"add `{key}: …`" + (f", {title}" if title else "")
            yield Fault(path, Problem("missing-key", f"{owner} has no `{key}`", where, hint, line))


def _bad_value(path: YamlPath, error: "ValidationError", source: Source) -> Fault:
    value = error.instance
    expected = _schema(error).get("title", "something else")
    empty = value is None or value in ("", [], {})
    where, line = source.key_place(path) if empty else source.place(path)
    if isinstance(value, str) and "${{" in value:
        what = f"{_name(path)} must be {expected}; an expression cannot stand here"
        return Fault(path, Problem("no-expression", what, where, "write the value itself", line))
    what = f"{_name(path)} must be {expected}, not {spell(value)}"
    code = "wrong-type" if error.validator in ("type", "anyOf") else "bad-value"
    return Fault(path, Problem(code, what, where, _mend(value, error), line))


def _mend(value: Any, error: "ValidationError") -> str:
    """What to write instead, where that can be told."""
    takes = partial(_takes, _schema(error))
    if value is None:
        return "write a value behind the key, or remove the key"
    options = _schema(error).get("enum", ())
    if isinstance(value, str):
        if options:
            near = nearest(value, options)
            return f"did you mean `{near}`?" if near else "choose one of them" if len(options) > 1 else ""
        if takes("string") and _PLAIN_PATH.match(value):
            return f"write `${{{{ {value} }}}}`"
        truth = _TRUTHS.get(value.casefold(), value.casefold())
        if takes("boolean") and truth in ("true", "false"):
            return f"write `{truth}` without quotes" if truth == value else f"write `{truth}`"
        if (takes("number") or takes("integer")) and _NUMBER.fullmatch(value):
            return f"write `{value}` without quotes"
        if takes("array") and value:
            return f"write `[{value}]`"
    if isinstance(value, bool | int | float) and _takes_any_text(_schema(error)):
        return "put it in quotes"
    if isinstance(value, int) and "duration" in _schema(error).get("title", ""):
        return f"add the unit: `{value}s`, `{value}m` or `{value}h`"
    return ""


def _schema(error: "ValidationError") -> Mapping[str, Any]:
    return error.schema if isinstance(error.schema, Mapping) else {}


def _takes(schema: Mapping[str, Any], kind: str) -> bool:
    """Whether a value of this JSON type may fit; a reference in alternatives is to texts, or to a mapping."""
    if "anyOf" in schema:
        return any(_takes(branch, kind) for branch in schema["anyOf"])
    types = schema.get("type", "string" if "$ref" in schema else ())
    return kind == types or (isinstance(types, list) and kind in types)


def _takes_any_text(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "string" and "pattern" not in schema


def _title(schema: Mapping[str, Any]) -> str:
    return str(schema.get("title", ""))


def _name(path: YamlPath) -> str:
    """What a person calls the thing at a path: its key, or which item of what."""
    last = path[-1] if path else "the manifest"
    if isinstance(last, int):
        return f"item {last + 1} of {_name(path[:-1])}"
    if len(path) == 2 and path[0] == "jobs":
        return f"job `{last}`"
    return f"`{last}`"


def spell(value: Any) -> str:
    """A value as a problem names it: ``the text `x` ``, `a list`, `nothing`."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int | float):
        return f"the number `{value}`"
    if isinstance(value, str):
        if not value:
            return "an empty text"
        first = value.splitlines()[0]
        return f"the text `{first if len(first) <= 40 else first[:39] + '…'}`"
    kind = "list" if isinstance(value, list) else "mapping"
    return f"an empty {kind}" if not value else f"a {kind}"
