"""What an `x-runner` object names must exist: operations, lists, resources, downloads, inputs."""

from collections.abc import Iterator, Mapping
from typing import Any

from runner.api.openapi.document import Document
from runner.api.vocabulary.locate import find_all
from runner.api.vocabulary.xrunner import Vocabulary
from runner.model.problem import Problem

Steps = tuple[str | int, ...]
_LIST_KEYS = {"find": "list", "wait": "list", "lookups": "list"}


def reference_problems(
    raw: Mapping[str, Any],
    words: Vocabulary,
    index: Mapping[str, Any],
    source: Document,
    steps: tuple[str, ...],
) -> list[Problem]:
    """Names that lead nowhere, each at its place. `index` are the document's operations."""
    problems = []
    for at, value in _walk(raw, ()):
        said = _wrong(at, value, raw, words, index)
        if said:
            problems.append(
                source.problem("bad-x-runner", f"{'/'.join(map(str, at))}: {said}", (*steps, *at))
            )
    return problems


def _wrong(at: Steps, value: Any, raw: Mapping[str, Any], words: Vocabulary, index: Mapping[str, Any]) -> str:
    key = at[-1] if at else ""
    above = at[-2] if len(at) > 1 else ""
    if not isinstance(value, str):
        return ""
    if key == "operation" and value not in index:
        return f"the document has no operation {value}"
    if key == "list" and (above in _LIST_KEYS or at[0] == "lookups") and value not in words.lists:
        return f"there is no list {value}"
    if key == "of" and value not in words.resources:
        return f"there is no resource {value}"
    if key == "download" and value not in words.resources[str(at[1])].downloads:
        return f"the resource has no download {value}"
    if value.startswith(("$.", "$[")):
        try:
            find_all(value, None)
        except ValueError as error:
            return str(error)
    if key == "match":
        return _bad_pattern(value)
    return _unheld(at, value, raw)


def _bad_pattern(value: str) -> str:
    import re

    try:
        return "" if re.compile(value).groups else "the pattern needs a group that holds the id"
    except re.error as error:
        return f"no regular expression: {error}"


def _unheld(at: Steps, value: str, raw: Mapping[str, Any]) -> str:
    """A ref to a credential or a session value that nothing provides."""
    if value.startswith("$auth.") and at[0] == "auth":
        scheme = raw["auth"][at[1]]
        name = value.removeprefix("$auth.")
        return "" if name in scheme["with"] else f"{name} is not among the credentials of `with`"
    if value.startswith("$session.") and at[0] == "auth":
        kept = raw["auth"][at[1]].get("session", {}).get("keep", {})
        name = value.removeprefix("$session.")
        return "" if name in kept else f"{name} is not among what the session keeps"
    return ""


def _walk(value: Any, at: Steps) -> Iterator[tuple[Steps, Any]]:
    yield at, value
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _walk(child, (*at, key))
    elif isinstance(value, list):
        for position, child in enumerate(value):
            yield from _walk(child, (*at, position))
