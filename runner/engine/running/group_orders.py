"""Orders of bulk requests: of those that are gathered now, and of those that an earlier run left open."""

import math
from collections.abc import Mapping
from typing import Any

from runner.api.lifecycles.effects import Lifecycle
from runner.api.messages.sealing import with_secrets
from runner.api.provider import Use
from runner.api.strategies.bulk_order import GroupOrder
from runner.api.strategies.bulk_workbook import resume_group
from runner.api.vocabulary.lifedata import BulkSpec, FindSpec, Resource
from runner.api.vocabulary.locate import MISSING, at_pointer
from runner.engine.running.desk import Desk
from runner.engine.running.orders import secrets_now
from runner.model.event import GroupIntended, Member
from runner.model.state import GroupState, Phase


def group_order(
    desk: Desk,
    use: Use,
    intent: GroupIntended,
    members: tuple[Member, ...],
    inputs: Mapping[str, Any],
    secrets: Mapping[str, str],
) -> GroupOrder:
    """The order of a bulk request, with this run's times."""
    spec, kind = bulk_spec(use), use.kind
    assert isinstance(kind, Resource)
    collection = desk.collection(use, inputs)
    assert collection is not None
    speed = desk.options.speed
    own = desk.work.settings[use.provider.name].settle
    return GroupOrder(
        use=use,
        intent=intent,
        members=members,
        inputs=inputs,
        collection=collection,
        settle=desk.settle_times(use.provider.name, spec.settle),
        whole=bool(own.whole) or use.provider.lists[find_spec(use).list].whole,
        every=(kind.wait.every[0] / speed, kind.wait.every[1] / speed),
        secrets=secrets,
        timeout=_timeout(desk, members),
    )


def _timeout(desk: Desk, members: tuple[Member, ...]) -> float:
    """That of the job whose rows they are; who left the manifest is waited for as long as it takes."""
    instances = (desk.work.graph.instances.get(member.address) for member in members)
    found = (desk.work.manifest.jobs[one.job].timeout for one in instances if one is not None)
    timeout = next(found, None)
    return math.inf if timeout is None else timeout


def resume(desk: Desk, group: GroupState) -> tuple[Use, Lifecycle]:
    """Take up a group that the journal holds open."""
    use = desk.use(group.intent.uses)
    members = tuple(
        member
        for member in group.intent.members
        if (state := desk.state(member.address)) is not None
        and state.generation == member.generation
        and state.group == group.address  # a row that was deleted and made anew counts its generations from 1
        and state.phase is Phase.UNSETTLED
    )
    spec = bulk_spec(use)
    secrets = {
        name: value
        for member in group.intent.members
        for name, value in secrets_now(desk, member.address).items()
    }
    first = with_secrets(group.intent.members[0].inputs, secrets)
    inputs = {
        name: value
        for name in spec.same
        if isinstance(first, Mapping) and (value := at_pointer(first, f"/{name}")) is not MISSING
    }
    order = group_order(desk, use, group.intent, members, inputs, secrets)
    return use, resume_group(order, desk, group.id, group.settling_since)


def bulk_spec(use: Use) -> BulkSpec:
    """How this use is made in bulk."""
    assert isinstance(use.kind, Resource)
    assert use.kind.bulk is not None
    return use.kind.bulk


def find_spec(use: Use) -> FindSpec:
    """How one of this use is found again."""
    assert isinstance(use.kind, Resource)
    assert use.kind.delivery.find is not None
    return use.kind.delivery.find
