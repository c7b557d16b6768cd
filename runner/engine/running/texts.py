"""Outputs that are the text of a download: read only when an expression of the manifest names them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from runner.api.messages.encode import call_of
from runner.api.vocabulary.lifedata import CallSpec, Download, Resource
from runner.engine.running.desk import Desk
from runner.engine.running.results import NoFile, form_of, sources_of
from runner.model.http import Answer, Call
from runner.model.state import InstanceState


async def texts_of(desk: Desk, state: InstanceState, outputs: Mapping[str, Any]) -> dict[str, str]:
    """The wanted texts by the names of their outputs; what cannot be read is left out, and told where it is used."""
    use = desk.use(state.uses)
    if not isinstance(use.kind, Resource) or state.address not in desk.work.graph.instances:
        return {}
    found: dict[str, str] = {}
    for name, download, ending in _wanted(desk, state.address, use.kind):
        call = _call(desk, replace(state, outputs=outputs), download, ending)
        reply = await desk.accounts[use.provider.name].ask(call) if call is not None else None
        if isinstance(reply, Answer) and reply.ok and isinstance(reply.body, str):
            found[name] = reply.body
    return found


def _wanted(desk: Desk, address: str, kind: Resource) -> Iterator[tuple[str, Download, str]]:
    """The outputs of this kind that other jobs name: (output, download, ending)."""
    job = desk.work.graph.instances[address].job
    texts = {name: spec for name, spec in kind.outputs.items() if isinstance(spec, Mapping)}
    if not texts:
        return
    named = {
        field
        for compiled in desk.work.evaluator.jobs.values()
        for _, reference in compiled.references
        if reference.job == job
        for field in reference.fields
    }
    for name, spec in texts.items():
        if name in named or None in named:
            yield name, kind.downloads[spec["download"]], str(spec.get("as", ""))


def _call(desk: Desk, state: InstanceState, download: Download, ending: str) -> Call | None:
    use = desk.use(state.uses)
    source = next(sources_of(desk, use, download.name, state), None)
    if source is None or not download.operation:
        return None
    try:
        form = form_of(download, f"text{ending}")
    except NoFile:
        return None
    call = call_of(use.provider, CallSpec(download.operation, send=download.send), source.scope)
    kept = tuple((name, value) for name, value in call.headers if name.lower() != "accept")
    return replace(call, headers=(*kept, *form))
