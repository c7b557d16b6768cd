"""`--var name=value` and `--vars FILE`: what they give, and how it meets the manifest's `vars`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.compile.nearby import did_you_mean
from runner.compile.text.file_text import read_text
from runner.compile.text.source import parse_yaml
from runner.model.problem import Place, Problem

_VAR, _VARS = Place("--var"), Place("--vars")


def override(declared: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The declared vars with the given ones in their places.

    A text given where the manifest declares a number, a flag, a list or a mapping is read as YAML; where it
    declares a text, the text stays as it is (`00123`). Unknown names and values of another kind are problems.
    """
    values = dict(declared)
    problems: list[Problem] = []
    for name, value in given.items():
        where = _VAR if isinstance(value, str) else _VARS
        if name not in declared:
            what = f"the manifest has no var `{name}`"
            hint = did_you_mean(name, declared) or "declare it under `vars`"
            problems.append(Problem("unknown-var", what, where, hint))
            continue
        read = _as_declared(value, declared[name])
        if _kind(declared[name]) not in ("", "an expression", _kind(read)):
            what = f"var `{name}` is {_kind(declared[name])} in the manifest, not {_kind(read) or 'null'}"
            problems.append(Problem("wrong-type", what, where, _example(name, value, declared[name])))
            continue
        values[name] = read
    return values, problems


def read_variables(file: Path) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """What a `--vars` file holds: a YAML or JSON mapping of names to values."""
    text = read_text(file)
    if isinstance(text, Problem):
        return {}, (text,)
    source = parse_yaml(text, str(file))
    if source.problems:
        return {}, source.problems
    if not isinstance(source.value, dict):
        what = "a file of vars is a mapping of names to values"
        where, line = source.place(())
        return {}, (Problem("wrong-type", what, where, "write `name: value` in each line", line),)
    return source.value, ()


def _as_declared(value: Any, declared: Any) -> Any:
    if not isinstance(value, str) or isinstance(declared, str):
        return value
    source = parse_yaml(value, "--var")
    return value if source.problems else source.value


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "an expression" if "${{" in value else "text"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, list):
        return "a list"
    return "a mapping" if isinstance(value, dict) else ""


def _example(name: str, given: Any, declared: Any) -> str:
    listed = f"[{given}]" if isinstance(given, str) else "[a, b]"
    examples = {"a list": listed, "a mapping": "{a: b}", "a number": "3", "true or false": "true"}
    example = examples.get(_kind(declared), "")
    return f"write `--var '{name}={example}'`" if example else "put the value in quotes"
