"""Lookups: read-only calls whose answers other jobs use."""

from collections.abc import Mapping
from typing import Any

from runner.api.lifecycles.collecting import collection_of
from runner.api.lifecycles.effects import Walked
from runner.api.messages.encode import encode
from runner.api.messages.judge import judge
from runner.api.messages.reading import read_answer
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Lookup
from runner.engine.wire.accounts import Account
from runner.engine.wire.walks import Walks
from runner.model.http import Answer, NoAnswer, Reply


async def ask_lookup(
    account: Account, walks: Walks, use: Use, inputs: Mapping[str, Any], now: float
) -> Mapping[str, Any] | str:
    """The outputs of a lookup, or the reason why there are none. A list is read to its end and stands in `list`."""
    kind = use.kind
    assert isinstance(kind, Lookup)
    if kind.list:
        walked = await walks.walk(collection_of(use.provider, account.key, kind.list, inputs), now)
        if isinstance(walked, Walked):
            return {"list": [remote.item for remote in walked.items.values()]}
        return _reason(use, walked)
    reply = await account.ask(encode(use.operation, inputs))
    if isinstance(reply, Answer) and reply.ok and not reply.unreadable:
        return read_answer(use, reply, inputs).outputs
    return _reason(use, reply)


def _reason(use: Use, reply: Reply) -> str:
    if isinstance(reply, NoAnswer):
        return f"{use.uses} could not be read: {reply.message}"
    return f"{use.uses} could not be read: {judge(reply, use.provider.errors).message or reply.unreadable}"
