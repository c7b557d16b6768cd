"""The names of a document's operations: found without reading any schema, stable, and fit for `uses`.

An operation is known by its `operationId`, and by the same in snake_case. Where an id is missing, shared by
several operations, or cannot be written in a manifest, a name is made of method and path.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from runner.api.openapi.document import Document
from runner.model.frozen import frozen
from runner.model.problem import Problem

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_WRITABLE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*\Z")


@frozen
class Target:
    """Where an operation stands: its path and method (lower case) in the document."""

    path: str
    method: str


def operation_index(document: Document) -> tuple[dict[str, Target], list[Problem]]:
    """Every operation by its id; the problems are operations that are no mappings."""
    found: list[tuple[str, Target]] = []
    problems: list[Problem] = []
    for path in document.root["paths"]:
        if path.startswith("x-"):
            continue
        for method, body in path_item(document, path).items():
            if method not in METHODS:
                continue
            if not isinstance(body, Mapping):
                message = f"{method.upper()} {path} must hold a mapping"
                problems.append(document.problem("broken-operation", message, ("paths", path, method)))
                continue
            found.append((str(body.get("operationId") or "").strip(), Target(path, method)))
    counts = Counter(name for name, _ in found)
    index = {name: target for name, target in found if name and counts[name] == 1}
    for name, target in found:
        if not name or counts[name] > 1:
            index[_made_name(target, index)] = target
    return index, problems


def path_item(document: Document, path: str) -> Mapping[str, Any]:
    """The methods and common parameters of a path; what stands beside a `$ref` comes before what it leads to."""
    item = document.root["paths"][path]
    if not isinstance(item, Mapping):
        return {}
    if "$ref" not in item:
        return item
    return {**document.mapping(document.root["paths"], path), **item}


def aliases(index: Mapping[str, Target]) -> dict[str, str]:
    """Further names of operations → their ids: the id in snake_case, where only one operation has it, and a name made
    of method and path for an operation that cannot be written in a manifest otherwise."""
    snaked = _only(((snake(id), id) for id in index), index)
    reached = {id for id in index if _WRITABLE.match(id)} | set(snaked.values())
    for id, target in index.items():
        if id not in reached:
            snaked[_made_name(target, {**index, **snaked})] = id
    return snaked


def written(index: Mapping[str, Target], further: Mapping[str, str]) -> dict[str, str]:
    """Each operation's id → the name that a manifest writes for it: the id itself where that can be."""
    by_id = {id: name for name, id in further.items()}
    return {id: id if _WRITABLE.match(id) else by_id[id] for id in index}


def _only(pairs: Iterable[tuple[str, str]], index: Mapping[str, Target]) -> dict[str, str]:
    held: dict[str, list[str]] = {}
    for name, id in pairs:
        if name not in index and _WRITABLE.match(name):
            held.setdefault(name, []).append(id)
    return {name: ids[0] for name, ids in held.items() if len(ids) == 1}


def _made_name(target: Target, taken: Mapping[str, Any]) -> str:
    """A path that holds nothing of ASCII, and one whose name is taken, is told apart by its digest."""
    name = snake(f"{target.method} {target.path}")
    if name in taken or (name == target.method and re.search(r"[^/]", target.path)):
        name = f"{name}_{hashlib.sha256(target.path.encode()).hexdigest()[:6]}"
    return name


def snake(name: str) -> str:
    """`createBatch`, `create-batch` and `Create Batch` as `create_batch`; accents are dropped."""
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter)
    )
    parted = re.sub(r"([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3_\2", plain)
    return re.sub(r"[^A-Za-z0-9]+", "_", parted).strip("_").lower()
