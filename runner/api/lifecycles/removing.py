"""Deleting and cancelling what stands at an API: calls that may be repeated, since what has gone stays gone."""

from collections.abc import Mapping
from typing import Literal

from runner.api.messages.encode import call_of
from runner.api.messages.judge import judge
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import CallSpec, Resource
from runner.api.vocabulary.locate import Scope
from runner.model.http import Answer, Call, NoAnswer, Reply
from runner.model.state import InstanceState

GONE = (404, 410)
Way = Literal["delete", "cancel"]


def way_to_end(use: Use | None) -> Way | None:
    """How what still runs there is ended: by its own call, else by deleting it; None: the API offers no way."""
    kind = use.kind if use is not None else None
    if not isinstance(kind, Resource):
        return None
    return "cancel" if kind.cancel is not None else "delete" if kind.delete is not None else None


def can_delete(use: Use | None) -> bool:
    """Whether the API offers a way to delete such a thing."""
    return use is not None and isinstance(use.kind, Resource) and use.kind.delete is not None


def calls(use: Use, state: InstanceState, way: Way) -> list[Call]:
    """The calls that delete or cancel what an instance stands for: one, or one for each of its parts.

    Raises RunnerError when the state lacks what a call needs.
    """
    kind = use.kind
    assert isinstance(kind, Resource)
    spec = kind.cancel if way == "cancel" else kind.delete
    assert spec is not None
    request = state.inputs if isinstance(state.inputs, Mapping) else {}
    if state.parts and _of_parts(spec):
        scopes = [
            Scope(request=request, id=state.id, part=part.as_item(), part_id=part.id)
            for part in state.parts
            if part.id
        ]
    else:
        scopes = [Scope(request=request, id=state.id)]
    return [call_of(use.provider, spec, scope, repeatable=True) for scope in scopes]


def failure(use: Use, reply: Reply) -> str:
    """Why a reply does not mean that it is done; empty when it does. What is not there any more is done."""
    if isinstance(reply, NoAnswer):
        return reply.message
    if isinstance(reply, Answer) and (reply.ok or reply.status in GONE):
        return ""
    kind = use.kind
    own = kind.errors if isinstance(kind, Resource) else None
    verdict = judge(reply, use.provider.errors, own)
    return verdict.message or f"the API answered {reply.status}"


def _of_parts(spec: CallSpec) -> bool:
    return any(str(source).startswith("$part") for source in spec.send.values())
