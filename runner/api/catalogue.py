"""All providers that a manifest can use: those shipped in `schemas/providers/`, and the user's own
documents."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.api.document import Document, parse_document, read_text
from runner.api.operation import Target, operation_index
from runner.api.parse import Unparsable, parse
from runner.api.provider import Provider, Use, plain_vocabulary
from runner.api.schemas import schema_names, schema_text
from runner.api.security import plain_auth
from runner.api.xcheck import reference_problems
from runner.api.xinputs import input_problems
from runner.api.xrunner import shape_problems, vocabulary
from runner.model.errors import InvalidInput

SUFFIX = ".openapi.yaml"


class Catalogue:
    """Loads a provider at its first use and keeps it. `own` maps a name to the user's document and wins over
    a shipped one; `overlays` maps a name to a file that holds the `x-runner` object apart from the
    document."""

    def __init__(self, own: Mapping[str, Path] = {}, overlays: Mapping[str, Path] = {}) -> None:
        self._own = dict(own)
        self._overlays = dict(overlays)
        self._loaded: dict[str, Provider] = {}
        self._uses: dict[str, Use | None] = {}

    def names(self) -> tuple[str, ...]:
        """The names of all providers, sorted."""
        shipped = (name.rsplit("/", 1)[-1] for name in schema_names("providers"))
        return tuple(
            sorted({*self._own, *(name.removesuffix(SUFFIX) for name in shipped if name.endswith(SUFFIX))})
        )

    def provider(self, name: str) -> Provider:
        """KeyError when nobody knows the name, InvalidInput with every problem when its document is
        broken."""
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def use(self, uses: str) -> Use | None:
        """What `dubformer.project` means; None when the provider or the name in it is unknown."""
        if uses not in self._uses:
            name, _, inner = uses.partition(".")
            try:
                provider = self.provider(name)
            except KeyError:
                return None
            kind = provider.find(inner)
            self._uses[uses] = Use(provider, inner, kind) if kind else None
        return self._uses[uses]

    def _load(self, name: str) -> Provider:
        overlay = self._overlays.get(name)
        if name in self._own:
            file = self._own[name]
            return load_provider(name, read_text(file), str(file), overlay)
        text = schema_text(f"providers/{name}{SUFFIX}")
        return load_provider(name, text, f"{name}{SUFFIX}", overlay, trusted=True)


def load_provider(
    name: str, text: str, file: str, overlay: Path | None = None, *, trusted: bool = False
) -> Provider:
    """The provider of a document's text. A `trusted` document is one that our own tests check against the
    schema, so that its use needs no validator. InvalidInput with every problem."""
    document = parse_document(text, file)
    index, problems = operation_index(document)
    if problems:
        raise InvalidInput(problems)
    raw, source, steps = _described(document, overlay)
    if raw is None:
        words = plain_vocabulary(index, plain_auth(document))
    else:
        if not trusted or overlay is not None:
            _check(raw, document, index, source, steps)
        words = vocabulary(raw)
        if not words.auth:
            words = replace(words, auth=plain_auth(document))
    info = document.root.get("info")
    title = info.get("title") if isinstance(info, Mapping) else None
    return Provider(
        name=name,
        title=str(title or name),
        base_url=_base_url(document),
        digest=source.digest,
        document=document,
        index=index,
        vocabulary=words,
        described=raw is not None,
        trusted=trusted,
    )


def _described(document: Document, overlay: Path | None) -> tuple[Any, Document, tuple[str, ...]]:
    """The `x-runner` object, the document it stands in, and where."""
    if overlay is None:
        return document.root.get("x-runner"), document, ("x-runner",)
    text = read_text(overlay)
    try:
        root = parse(text, str(overlay))
    except Unparsable as broken:
        raise InvalidInput([broken.problem]) from broken
    digest = hashlib.sha256(f"{document.digest} {text}".encode()).hexdigest()
    source = Document(str(overlay), root if isinstance(root, Mapping) else {}, digest, text)
    if isinstance(root, Mapping) and "x-runner" in root:
        return root["x-runner"], source, ("x-runner",)
    return root, source, ()


def _check(
    raw: Any, document: Document, index: Mapping[str, Target], source: Document, steps: tuple[str, ...]
) -> None:
    problems = shape_problems(raw, source, steps)
    if not problems:
        problems = reference_problems(raw, vocabulary(raw), index, source, steps)
        problems += input_problems(raw, document, index, source, steps)
    if problems:
        raise InvalidInput(problems)


def _base_url(document: Document) -> str:
    """The first server's URL with its variables' defaults; empty when it names no host."""
    servers = document.sequence(document.root, "servers")
    first = servers[0] if servers and isinstance(servers[0], Mapping) else {}
    url = str(first.get("url") or "")
    variables = document.mapping(first, "variables")
    for name in variables:
        url = url.replace("{" + name + "}", str(document.mapping(variables, name).get("default", "")))
    return url.rstrip("/") if "://" in url else ""
