"""The files beside a document that its `$ref`s lead to: each read once, when a reference first leads into it.

References in such a file are relative to that file. When it is read they are rewritten to be relative to the
document, so that whoever follows a reference need not know in which file it stands. Nothing outside one folder is
read, and nothing from the network.
"""

import posixpath
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from runner.api.openapi.parse import Steps, Unparsable, parse, place_of
from runner.model.errors import InvalidInput
from runner.model.frozen import frozen
from runner.model.problem import Place


class NoSuchFile(Exception):
    """A reference leads where nothing is read from. `reason` says it in words, `hint` what to do."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


@frozen
class _File:
    path: Path
    root: Any
    text: str


class Beside:
    """`document` is the file whose references are followed, `fence` the folder that they may not leave (by default,
    and when the document itself lies elsewhere, the document's own)."""

    def __init__(self, document: Path, fence: Path | None = None) -> None:
        self._document = document.resolve()
        self._folder = self._document.parent
        held = fence.resolve() if fence is not None else self._folder
        self._fence = held if self._folder.is_relative_to(held) else self._folder
        self._files: dict[Path, _File] = {}

    def root(self, ref: str) -> Any:
        """What a file holds, named as a reference names it, without its fragment.

        Raises:
            NoSuchFile: there is none, or nothing is read from there.
            InvalidInput: it is neither YAML nor JSON.
        """
        if "://" in ref or ref.startswith("//"):
            raise NoSuchFile("leads to the network, which is not asked", "save that file beside this one")
        path = (self._folder / unquote(ref)).resolve()
        if not path.is_relative_to(self._fence):
            raise NoSuchFile(f"leads out of the folder {self._fence.name}", "copy that file into it")
        if path not in self._files:
            self._files[path] = self._read(path)
        return self._files[path].root

    def place(self, node: Any, key: str) -> tuple[Place, str] | None:
        """The place of a key of a node that stands in one of the files, and its line."""
        for held in self._files.values():
            steps = steps_to(held.root, node)
            if steps is not None:
                return place_of(held.text, str(held.path), (*steps, key))
        return None

    def _read(self, path: Path) -> _File:
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise NoSuchFile(f"leads to a file that cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise NoSuchFile("leads to a file that is not UTF-8 text") from error
        try:
            root = parse(text, str(path))
        except Unparsable as broken:
            raise InvalidInput([broken.problem]) from broken
        return _File(path, _rewritten(root, self._name(path), self._name(self._document), {}), text)

    def _name(self, path: Path) -> str:
        """A file as the document would refer to it."""
        return posixpath.relpath(path.as_posix(), self._folder.as_posix())


def _rewritten(value: Any, file: str, document: str, made: dict[int, Any]) -> Any:
    """The tree with every `$ref` as the document would write it; `file` is where the tree stands."""
    if not isinstance(value, dict | list):
        return value
    if id(value) in made:
        return made[id(value)]  # an alias of YAML stays one value
    copy: Any = [] if isinstance(value, list) else {}
    made[id(value)] = copy
    if isinstance(value, list):
        copy.extend(_rewritten(child, file, document, made) for child in value)
        return copy
    for key, child in value.items():
        if key == "$ref" and isinstance(child, str):
            copy[key] = _moved(child, file, document)
        else:
            copy[key] = _rewritten(child, file, document, made)
    return copy


def _moved(ref: str, file: str, document: str) -> str:
    target, mark, fragment = ref.partition("#")
    if "://" in target or target.startswith("/"):
        return ref
    named = posixpath.normpath(posixpath.join(posixpath.dirname(file), target)) if target else file
    return f"#{fragment}" if unquote(named) == document else f"{named}{mark}{fragment}"


def anchored(value: Any, name: str) -> Any:
    """The schema with that `$anchor` (JSON Schema 2020-12); KeyError when there is none."""
    for node in _nodes(value):
        if isinstance(node, Mapping) and name in (node.get("$anchor"), node.get("$dynamicAnchor")):
            return node
    raise KeyError(name)


def _nodes(value: Any) -> Iterable[Any]:
    stack, seen = [value], set[int]()
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping | list) and id(node) not in seen:
            seen.add(id(node))
            yield node
            stack += node.values() if isinstance(node, Mapping) else node


def steps_to(root: Any, node: Any) -> Steps | None:
    """Where a node stands in a tree, found by its identity; None for one that stands elsewhere."""
    stack: list[tuple[Any, Steps]] = [(root, ())]
    seen = set[int]()
    while stack:
        held, steps = stack.pop()
        if held is node:
            return steps
        if id(held) in seen:
            continue
        seen.add(id(held))
        children: Iterable[tuple[str | int, Any]]
        children = held.items() if isinstance(held, Mapping) else enumerate(held)
        stack += [(child, (*steps, key)) for key, child in children if isinstance(child, Mapping | list)]
    return None
