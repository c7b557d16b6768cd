"""An OpenAPI 3.0 or 3.1 document as it was parsed; `$ref`s are followed when somebody asks, never before.

A `$ref` may lead into other files beside the document (`runner.api.openapi.beside`), never to the network.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from runner.api.openapi.beside import Beside, NoSuchFile, anchored, steps_to
from runner.api.openapi.parse import Steps, Unparsable, parse, place_of
from runner.model.errors import InvalidInput
from runner.model.frozen import frozen
from runner.model.problem import Place, Problem

MOST_HOPS = 50


@frozen(eq=False)
class Document:
    """`file` names the document in problems, `digest` is the sha256 of its text; `beside` are the files that its
    `$ref`s may lead to (none for a document that is no file)."""

    file: str
    root: Mapping[str, Any]
    digest: str
    text: str = field(repr=False, default="")
    beside: Beside | None = field(repr=False, default=None)

    @property
    def nullable(self) -> bool:
        """Whether schemas are written in the dialect of OpenAPI 3.0 (`nullable`, boolean
        `exclusiveMinimum`)."""
        return str(self.root.get("openapi", "")).startswith("3.0")

    def at(self, pointer: str) -> Any:
        """The value at a JSON Pointer (RFC 6901) of this document; KeyError when there is none."""
        return _at(self.root, pointer)

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
        """What a node's `$ref` points to. InvalidInput when it points nowhere, or where nothing is read from."""
        ref = node["$ref"]
        file, _, pointer = ref.partition("#")
        try:
            held = self._root_of(file) if file else self.root
            return _at(held, unquote(pointer))
        except NoSuchFile as error:
            raise self.broken(
                "foreign-ref", f"the reference {ref} {error.reason}", node, "$ref", error.hint
            ) from error
        except KeyError:
            raise self.broken("broken-ref", f"the reference {ref} leads to nothing", node, "$ref") from None

    def _root_of(self, file: str) -> Any:
        if self.beside is None:
            raise NoSuchFile("leads out of the document", "bundle the document into one file")
        return self.beside.root(file)

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
        steps = steps_to(self.root, node)
        if steps is None and self.beside is not None:
            found = self.beside.place(node, key)
            if found is not None:
                return InvalidInput([Problem(code, message, found[0], hint, found[1])])
        return self.invalid(code, message, (*(steps or ()), key) if steps is not None else (), hint)

    def problem(self, code: str, message: str, steps: Steps, hint: str = "") -> Problem:
        """A problem at a place in this document."""
        where, source = place_of(self.text, self.file, steps) if self.text else (Place(self.file), "")
        return Problem(code, message, where, hint, source)

    def invalid(self, code: str, message: str, steps: Steps, hint: str = "") -> InvalidInput:
        """The same as an exception to raise."""
        return InvalidInput([self.problem(code, message, steps, hint)])


def _at(held: Any, pointer: str) -> Any:
    """The value at a JSON Pointer, or at an `$anchor`; KeyError when there is none."""
    if pointer and not pointer.startswith("/"):
        return anchored(held, pointer)
    for step in pointer_steps(pointer):
        if isinstance(held, Mapping):
            held = held[step]
        elif isinstance(held, list) and step.isdigit() and int(step) < len(held):
            held = held[int(step)]
        else:
            raise KeyError(pointer)
    return held


@lru_cache(maxsize=1024)
def pointer_steps(pointer: str) -> tuple[str, ...]:
    """The unescaped tokens of a JSON Pointer; none for the empty one."""
    if not pointer:
        return ()
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.lstrip("/").split("/"))


def read_document(file: Path, folder: Path | None = None) -> Document:
    """Reads and checks a document. `folder` is the one that its `$ref`s may not leave, by default its own.
    InvalidInput when it cannot be read or is not OpenAPI 3.0 or 3.1."""
    return parse_document(read_text(file), str(file), Beside(file, folder))


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


def parse_document(text: str, file: str, beside: Beside | None = None) -> Document:
    """The document of a text. InvalidInput when it is broken or not OpenAPI 3.0 or 3.1."""
    try:
        root = parse(text, file)
    except Unparsable as broken:
        raise InvalidInput([broken.problem]) from broken
    digest = hashlib.sha256(text.encode()).hexdigest()
    document = Document(file, root if isinstance(root, Mapping) else {}, digest, text, beside)
    if not isinstance(root, Mapping):
        raise document.invalid("not-openapi", "not an OpenAPI document: it holds no mapping", ())
    _check(document)
    return document


def _check(document: Document) -> None:
    root = document.root
    for key in ("swagger", "swaggerVersion"):
        if key in root:
            reason = f"Swagger {root[key]} is not read, only OpenAPI 3.0 and 3.1"
            raise document.invalid("swagger", reason, (key,), "convert it to OpenAPI 3 first")
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
        document.problem("broken-path", f"the path {path} {wrong}", ("paths", path))
        for path, item in paths.items()
        if (wrong := _wrong_path(path, item))
    ]
    if problems:
        raise InvalidInput(problems)


def _wrong_path(path: str, item: Any) -> str:
    """What is wrong with an entry of `paths`; extensions and empty entries are nobody's concern."""
    if path.startswith("x-") or item is None:
        return ""
    if not path.startswith("/"):
        return "must begin with a slash"
    return "" if isinstance(item, Mapping) else "must hold a mapping of methods"
