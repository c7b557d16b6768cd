"""All providers that a manifest can use: those shipped in `schemas/providers/`, and the user's own
documents."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.api.openapi.beside import Beside
from runner.api.openapi.document import Document, parse_document, read_text
from runner.api.openapi.naming import Target, aliases, operation_index, written
from runner.api.openapi.parse import Unparsable, parse
from runner.api.openapi.schemas import schema_names, schema_text
from runner.api.openapi.servers import base_url
from runner.api.provider import Provider, Use, plain_vocabulary
from runner.api.vocabulary.security import PlainAuth, plain_auth
from runner.api.vocabulary.xrunner import Vocabulary, shape_problems, vocabulary
from runner.model.errors import InvalidInput
from runner.model.frozen import frozen

SUFFIX = ".openapi.yaml"


class Catalogue:
    """Loads a provider at its first use and keeps it. `own` maps a name to the user's document and wins over
    a shipped one; `overlays` maps a name to a file that holds the `x-runner` object apart from the
    document. `folder` is the one that references of own documents may not leave; `addressed` are the providers
    whose base URL is told elsewhere (None: that does not matter, as nobody is going to be called)."""

    def __init__(
        self,
        own: Mapping[str, Path] = {},
        overlays: Mapping[str, Path] = {},
        *,
        folder: Path | None = None,
        addressed: Collection[str] | None = None,
    ) -> None:
        self._own = dict(own)
        self._folder, self._addressed = folder, addressed
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
        if name not in self._own:
            text = schema_text(f"providers/{name}{SUFFIX}")
            return load_provider(name, text, f"{name}{SUFFIX}", overlay, trusted=True)
        file, addressed = self._own[name], name in (self._addressed or ())
        made = load_provider(
            name, read_text(file), str(file), overlay, beside=Beside(file, self._folder), addressed=addressed
        )
        if self._addressed is not None and not addressed and not made.base_url:
            reason = "the document names no server with a host"
            raise made.document.invalid(
                "no-server", reason, ("servers",), f"write `base_url` under `providers.{name}`"
            )
        return made


def load_provider(
    name: str,
    text: str,
    file: str,
    overlay: Path | None = None,
    *,
    trusted: bool = False,
    beside: Beside | None = None,
    addressed: bool = False,
) -> Provider:
    """The provider of a document's text. A `trusted` document is one that our own tests check against the
    schema, so that its use needs no validator, and of which only what its `x-runner` says is used. `beside` are the
    files that its references lead to. InvalidInput with every problem."""
    document = parse_document(text, file, beside)
    index, problems = operation_index(document)
    if problems:
        raise InvalidInput(problems)
    raw, source, steps = _described(document, overlay)
    url = base_url(document)
    known = _Known(document, index, trusted and overlay is None)
    words, plain, further = known.words(raw, source, steps)
    auth = PlainAuth() if words.auth else plain_auth(document, url)
    info = document.root.get("info")
    title = info.get("title") if isinstance(info, Mapping) else None
    return Provider(
        name=name,
        title=str(title or name),
        base_url=url,
        digest=source.digest,
        document=document,
        index=index,
        vocabulary=replace(words, auth=words.auth or auth.schemes),
        described=raw is not None,
        plain=plain,
        aliases=further,
        addressed=addressed,
        _operations=dict(auth.operations),
    )


@frozen
class _Known:
    """A document whose operations are known by name."""

    document: Document
    index: Mapping[str, Target]
    trusted: bool

    def words(
        self, raw: Any, source: Document, steps: tuple[str, ...]
    ) -> tuple[Vocabulary, Vocabulary, dict[str, str]]:
        """What the `x-runner` object says, what the document has beside it, and further names of the latter."""
        if raw is not None and self.trusted:
            return vocabulary(raw), Vocabulary(), {}
        further = aliases(self.index)
        names = written(self.index, further)
        further = {alias: names[id] for alias, id in further.items()}
        if raw is None:
            return plain_vocabulary(names, self.index), Vocabulary(), further
        _check(raw, self.document, self.index, source, steps)
        spoken = set(_operations(raw))
        rest = {id: name for id, name in names.items() if id not in spoken}
        return vocabulary(raw), plain_vocabulary(rest, self.index), further


def _operations(raw: Any) -> Iterator[str]:
    """Every operation that an `x-runner` object speaks of."""
    children = raw.values() if isinstance(raw, Mapping) else raw if isinstance(raw, list) else ()
    if isinstance(raw, Mapping) and isinstance(raw.get("operation"), str):
        yield raw["operation"]
    for child in children:
        yield from _operations(child)


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
    from runner.api.vocabulary.xcheck import reference_problems
    from runner.api.vocabulary.xinputs import input_problems

    problems = shape_problems(raw, source, steps)
    if not problems:
        problems = reference_problems(raw, vocabulary(raw), index, source, steps)
        problems += input_problems(raw, document, index, source, steps)
    if problems:
        raise InvalidInput(problems)
