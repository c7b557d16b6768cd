"""Which files a finished instance gives, and where their links stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from runner.api.encode import call_of
from runner.api.lifedata import Download, Resource
from runner.api.locate import MISSING, Scope, locate
from runner.api.provider import Use
from runner.api.reading import read_answer
from runner.engine.desk import Desk
from runner.engine.downloads import Fetch
from runner.engine.files import UnsafePath, inside, unchanged
from runner.model.http import Answer
from runner.model.state import FileState, InstanceState
from runner.model.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Files:
    """What is to be fetched, and what cannot be: (name, reason)."""

    fetches: tuple[Fetch, ...]
    troubles: tuple[tuple[str, str], ...]


def files_of(desk: Desk, address: str) -> Files:
    """The files of a ready instance that are not there yet."""
    job = desk.job(address)
    state = desk.state(address)
    if not job.save or state is None:
        return Files((), ())
    instance = desk.work.graph.instances[address]
    use = desk.use(job.uses)
    fetches: list[Fetch] = []
    troubles: list[tuple[str, str]] = []
    for name, paths in desk.work.evaluator.saves(instance, desk.outputs).items():
        for path in paths:
            if isinstance(path, Unknown):
                troubles.append((name, f"its path is not known: {path.reason}"))
                continue
            if there(desk, state, path):
                continue
            url = link(use, name, state.outputs, desk.accounts[use.provider.name].base_url)
            if not url:
                troubles.append((name, f"{use.provider.name} gave no link for {name}"))
                continue
            fetches.append(_fetch(desk, state, use, name, path, url))
    return Files(tuple(fetches), tuple(troubles))


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


def link(use: Use, name: str, outputs: Mapping[str, Any], base_url: str) -> str:
    """The link of a download, or of an output that holds a URL; empty when there is none."""
    spec = _download(use, name)
    if spec is None or not spec.url:
        value = outputs.get(name)
        return value if isinstance(value, str) else ""
    value = locate(spec.url, Scope(answer=Answer(200, body=_wrapped(use, outputs)), item=outputs))
    if value is MISSING or not isinstance(value, str) or not value:
        return ""
    return urljoin(base_url + "/", value.lstrip("/")) if spec.base == "provider" else value


def _download(use: Use, name: str) -> Download | None:
    return use.kind.downloads.get(name) if isinstance(use.kind, Resource) else None


def _wrapped(use: Use, outputs: Mapping[str, Any]) -> Any:
    """The outputs inside the envelope that the API's answer has, so that a ref into the answer finds them."""
    envelope = use.kind.body if isinstance(use.kind, Resource) else ""
    body: Any = outputs
    for step in reversed(envelope.partition("#")[2].strip("/").split("/")):
        if step:
            body = {step: body}
    return body


def _fetch(desk: Desk, state: InstanceState, use: Use, name: str, path: str, url: str) -> Fetch:
    account = desk.accounts[use.provider.name]
    spec = _download(use, name)

    async def renew() -> str:
        """Ask the API for the resource once more: its links may have been renewed."""
        kind = use.kind
        if not isinstance(kind, Resource) or kind.read is None:
            return ""
        inputs = state.inputs if isinstance(state.inputs, Mapping) else {}
        reply = await account.ask(call_of(use.provider, kind.read, Scope(request=inputs, id=state.id)))
        if not isinstance(reply, Answer) or not reply.ok:
            return ""
        return link(use, name, read_answer(use, reply, inputs, id=state.id).outputs, account.base_url)

    return Fetch(
        address=state.address,
        generation=state.generation,
        name=name,
        path=path,
        url=url,
        account=account,
        credentials=bool(spec and spec.auth),
        renew=renew,
    )
