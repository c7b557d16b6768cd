"""An OpenAPI 3.0 or 3.1 document as it was parsed; `$ref`s are followed when somebody asks, never before."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from runner.api.parse import Steps, Unparsable, parse, place_of
from runner.model.errors import InvalidInput
from runner.model.problem import Place, Problem

MOST_HOPS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """`file` names the document in problems, `digest` is the sha256 of its text."""

    file: str
    root: Mapping[str, Any]
    digest: str
    text: str = field(repr=False, default="")

    @property
    def nullable(self) -> bool:
        """Whether schemas are written in the dialect of OpenAPI 3.0 (`nullable`, boolean
        `exclusiveMinimum`)."""
        return str(self.root.get("openapi", "")).startswith("3.0")

    def at(self, pointer: str) -> Any:
        """The value at a JSON Pointer (RFC 6901) of this document; KeyError when there is none."""
        found: Any = self.root
        for step in pointer_steps(pointer):
            if isinstance(found, Mapping):
                found = found[step]
            elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
                found = found[int(step)]
            else:
                raise KeyError(pointer)
        return found

    def resolve(self, node: Any) -> Any:
        """The node itself, or what its `$ref` leads to in the end. InvalidInput when it leads nowhere."""
        seen: list[str] = []
        while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
            ref = node["$ref"]
            if ref in seen or len(seen) > MOST_HOPS:
                raise self.broken("broken-ref", f"the reference {ref} leads to itself", node, "$ref")
            seen.append(ref)
            node = self.target(node)
        return node

    def target(self, node: Mapping[str, Any]) -> Any:
        """What a node's local `$ref` points to. InvalidInput when it points nowhere or into another file."""
        ref = node["$ref"]
        if not ref.startswith("#"):
            reason, hint = (
                f"the reference {ref} leads out of the document",
                "bundle the document into one file",
            )
            raise self.broken("foreign-ref", reason, node, "$ref", hint)
        try:
            return self.at(unquote(ref[1:]))
        except KeyError:
            raise self.broken("broken-ref", f"the reference {ref} leads to nothing", node, "$ref") from None

    def mapping(self, node: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """The mapping under a key, its `$ref` followed; empty when there is none. InvalidInput for anything else."""
        held = self.resolve(node.get(key))
        if held is None:
            return {}
        if not isinstance(held, Mapping):
            raise self.broken("broken-document", f"`{key}` must be a mapping", node, key)
        return held

    def sequence(self, node: Mapping[str, Any], key: str) -> Sequence[Any]:
        """The list under a key; empty when there is none. InvalidInput for anything else."""
        held = node.get(key)
        if held is None:
            return ()
        if not isinstance(held, list):
            raise self.broken("broken-document", f"`{key}` must be a list", node, key)
        return held

    def names(self, node: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """The list of texts under a key; empty when there is none. InvalidInput for anything else."""
        held = self.sequence(node, key)
        if not all(isinstance(name, str) for name in held):
            raise self.broken("broken-document", f"`{key}` must be a list of texts", node, key)
        return tuple(held)

    def broken(self, code: str, message: str, node: Any, key: str, hint: str = "") -> InvalidInput:
        """An exception about what stands under a key of a node, at its place."""
        steps = _steps_to(self.root, node, ())
        return self.invalid(code, message, (*(steps or ()), key) if steps is not None else (), hint)

    def problem(self, code: str, message: str, steps: Steps, hint: str = "") -> Problem:
        """A problem at a place in this document."""
        where, source = place_of(self.text, self.file, steps) if self.text else (Place(self.file), "")
        return Problem(code, message, where, hint, source)

    def invalid(self, code: str, message: str, steps: Steps, hint: str = "") -> InvalidInput:
        """The same as an exception to raise."""
        return InvalidInput([self.problem(code, message, steps, hint)])


def _steps_to(held: Any, node: Any, steps: Steps) -> Steps | None:
    """Where a node stands, found by its identity; None for one that was made elsewhere."""
    if held is node:
        return steps
    children: Iterable[tuple[str | int, Any]] = ()
    if isinstance(held, Mapping):
        children = held.items()
    elif isinstance(held, list):
        children = enumerate(held)
    for key, child in children:
        if isinstance(child, Mapping | list):
            found = _steps_to(child, node, (*steps, key))
            if found is not None:
                return found
    return None


@lru_cache(maxsize=1024)
def pointer_steps(pointer: str) -> tuple[str, ...]:
    """The unescaped tokens of a JSON Pointer; none for the empty one."""
    if not pointer:
        return ()
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.lstrip("/").split("/"))


def read_document(file: Path) -> Document:
    """Reads and checks a document. InvalidInput when it cannot be read or is not OpenAPI 3.0 or 3.1."""
    return parse_document(read_text(file), str(file))


def read_text(file: Path) -> str:
    """The text of a file; InvalidInput when there is none or it is not UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        reason = f"the document cannot be read: {error.strerror}"
        raise InvalidInput([Problem("unreadable-document", reason, Place(str(file)))]) from error
    except UnicodeDecodeError as error:
        reason = "the document is not UTF-8 text"
        raise InvalidInput([Problem("unreadable-document", reason, Place(str(file)))]) from error


def parse_document(text: str, file: str) -> Document:
    """The document of a text. InvalidInput when it is broken or not OpenAPI 3.0 or 3.1."""
    try:
        root = parse(text, file)
    except Unparsable as broken:
        raise InvalidInput([broken.problem]) from broken
    digest = hashlib.sha256(text.encode()).hexdigest()
    document = Document(file, root if isinstance(root, Mapping) else {}, digest, text)
    if not isinstance(root, Mapping):
        raise document.invalid("not-openapi", "not an OpenAPI document: it holds no mapping", ())
    _check(document)
    return document


def _check(document: Document) -> None:
    root = document.root
    if "swagger" in root:
        version = root["swagger"]
        hint = "convert it to OpenAPI 3 first"
        raise document.invalid(
            "swagger", f"Swagger {version} is not read, only OpenAPI 3.0 and 3.1", ("swagger",), hint
        )
    if "openapi" not in root:
        raise document.invalid("not-openapi", "not an OpenAPI document: the key `openapi` is missing", ())
    version = str(root["openapi"])
    if not version.startswith(("3.0", "3.1")):
        reason = f"OpenAPI {version} is not read, only 3.0 and 3.1"
        raise document.invalid("openapi-version", reason, ("openapi",))
    paths = root.get("paths")
    if not isinstance(paths, Mapping):
        raise document.invalid(
            "not-openapi", "the document has no `paths`, so nothing can be called", ("paths",)
        )
    problems = [
        document.problem("broken-path", f"the path {path} must hold a mapping of methods", ("paths", path))
        for path, item in paths.items()
        if not isinstance(item, Mapping) or not str(path).startswith("/")
    ]
    if problems:
        raise InvalidInput(problems)
