"""Which files a finished instance gives, where their links stand, and which of them are here already."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urljoin

from runner.api.lifecycles.file_items import meant, wrapped
from runner.api.messages.encode import call_of
from runner.api.messages.reading import read_answer
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import CallSpec, Download, Resource
from runner.api.vocabulary.locate import MISSING, Scope, find_all, locate
from runner.engine.download.fetches import Fetch
from runner.engine.machine.files import UnsafePath, inside, unchanged
from runner.engine.running.desk import Desk
from runner.engine.running.orders import inputs_of
from runner.model.http import Answer
from runner.model.state import FileState, InstanceState
from runner.model.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Files:
    """What is to be fetched, and what cannot be: (name, reason)."""

    fetches: tuple[Fetch, ...]
    troubles: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Source:
    """One file that a download gives. `item` is what expressions see of it (None: there is only one)."""

    scope: Scope
    item: Any = None


class NoFile(Exception):
    """A file cannot be asked for; the message is for people."""


def files_of(desk: Desk, address: str) -> Files:
    """The files of an instance that are not here yet; of one in parts, those of the parts that are ready."""
    job, state = desk.job(address), desk.state(address)
    if not job.save or state is None:
        return Files((), ())
    use = desk.use(job.uses)
    found = _Found(desk, state, use)
    for name in job.save:
        sources = list(sources_of(desk, use, name, state))
        if not sources:
            found.troubles.append((name, f"{use.provider.name} gave no {name}"))
        for source in sources:
            found.add(name, source)
    return Files(tuple(found.fetches.values()), tuple(found.troubles))


class _Found:
    """Collects fetches by path, so that two files of one path are a trouble and not a race."""

    def __init__(self, desk: Desk, state: InstanceState, use: Use) -> None:
        self.fetches: dict[str, Fetch] = {}
        self.troubles: list[tuple[str, str]] = []
        self._desk, self._state, self._use = desk, state, use
        self._instance = desk.work.graph.instances[state.address]
        self._paths: set[str] = set()

    def add(self, name: str, source: Source) -> None:
        desk, state = self._desk, self._state
        paths = desk.work.evaluator.saves(self._instance, desk.outputs, source.item)[name]
        for path in paths:
            if isinstance(path, Unknown):
                self.troubles.append((name, f"its path is not known: {path.reason}"))
            elif path in self._paths:
                self.troubles.append((name, f"several files would be {path}: use `item` in its path"))
            elif not there(desk, state, path):
                self._paths.add(path)
                try:
                    self.fetches[path] = _fetch(desk, state, self._use, name, path, source)
                except NoFile as error:
                    self.troubles.append((name, str(error)))
            else:
                self._paths.add(path)


def sources_of(desk: Desk, use: Use, name: str, state: InstanceState) -> Iterator[Source]:
    """The files of one download: one, or one for each part or each item of the answer."""
    spec = _download(use, name)
    body = wrapped(use.kind, state.outputs)
    request = inputs_of(desk, state)
    whole = Scope(request=request, answer=Answer(200, body=body), item=state.outputs, id=state.id)
    if spec is None or not spec.each:
        yield Source(whole)
    elif spec.each == "part":
        for part in state.parts:
            if part.outcome == "ready":
                own = Answer(200, body=part.outputs)
                scope = replace(whole, answer=own, part=part.outputs, item=part.outputs, part_id=part.id)
                yield Source(scope, part.as_item())
    else:
        for item in find_all(spec.each, body):
            if meant(spec, item):
                yield Source(replace(whole, item=item), item)


def there(desk: Desk, state: InstanceState, path: str) -> bool:
    """Whether a file that the state records stands where it was put, unchanged."""
    held = state.files.get(path)
    return held is not None and file_stands(desk.folder, held)


def file_stands(folder: Path, held: FileState) -> bool:
    """Whether a recorded file is still there as it was recorded."""
    if not held.done:
        return False
    try:
        return unchanged(inside(folder, held.path), held.size, held.mtime_ns, held.sha256)
    except UnsafePath:
        return False


def link(use: Use, name: str, source: Source, base_url: str) -> str:
    """The link of a download, or of an output that holds a URL; empty when there is none."""
    spec = _download(use, name)
    if spec is None:
        value = source.scope.item.get(name) if isinstance(source.scope.item, Mapping) else None
        return value if isinstance(value, str) else ""
    if spec.operation:
        call = call_of(use.provider, CallSpec(spec.operation, send=spec.send), source.scope)
        return base_url + call.path
    value = locate(spec.url, source.scope)
    if value is MISSING or not isinstance(value, str) or not value:
        return ""
    return urljoin(base_url + "/", value.lstrip("/")) if spec.base == "provider" else value


def form_of(spec: Download | None, path: str) -> tuple[tuple[str, str], ...]:
    """The header that asks for the form which a file's ending names. Raises NoFile for an ending nobody knows."""
    if spec is None or not spec.accept:
        return ()
    ending = PurePosixPath(path).suffix.lower()
    if ending not in spec.accept:
        raise NoFile(f"there is no form for {ending or 'a name without an ending'}: {', '.join(spec.accept)}")
    return (("Accept", spec.accept[ending]),)


def _download(use: Use, name: str) -> Download | None:
    return use.kind.downloads.get(name) if isinstance(use.kind, Resource) else None


def _fetch(desk: Desk, state: InstanceState, use: Use, name: str, path: str, source: Source) -> Fetch:
    account, spec = desk.accounts[use.provider.name], _download(use, name)
    url = link(use, name, source, account.base_url)
    if not url:
        raise NoFile(f"{use.provider.name} gave no link for {name}")

    async def renew() -> str:
        """Ask the API for the resource once more: its links may have been renewed."""
        kind = use.kind
        if not isinstance(kind, Resource):
            return ""
        reading = kind.parts.read if kind.parts is not None and kind.parts.read is not None else kind.read
        if reading is None or (spec is not None and spec.operation):
            return ""
        reply = await account.ask(call_of(use.provider, reading, source.scope))
        if not isinstance(reply, Answer) or not reply.ok:
            return ""
        fresh = read_answer(use, reply, source.scope.request, id=state.id).outputs
        again = replace(state, outputs=fresh)
        if source.item is None:
            return link(use, name, next(sources_of(desk, use, name, again)), account.base_url)
        part = replace(source.scope, answer=reply, part=reply.body, item=reply.body)
        return link(use, name, Source(part, source.item), account.base_url) if kind.parts else ""

    return Fetch(
        address=state.address,
        generation=state.generation,
        name=name,
        path=path,
        url=url,
        account=account,
        credentials=bool(spec and (spec.auth or spec.operation)),
        renew=renew,
        headers=form_of(spec, path),
    )
