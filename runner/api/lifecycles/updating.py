"""Updates: what of a finished thing its provider can change, and the call that does it.

An update is a call with an effect like any other: intent, call, receipt. It is made of the resource itself, with the
update operation in the place of create; what it changes is known before, so that an accepted one needs no search.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from runner.api.inputs import inputs_schema
from runner.api.openapi.document import pointer_steps
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import CallSpec, Delivery, Resource
from runner.api.vocabulary.locate import MISSING, Scope, locate
from runner.model.errors import RunnerError
from runner.model.frozen import frozen


@frozen
class UpdateWay:
    """What the update operation of a resource takes.

    `takes`: the resource's inputs that it can change; `schema`: that of its own inputs, less those that find the thing;
    `whole`: it takes all of them at once (PUT), so that one left out is taken away. `safe`: a lost call may simply be
    sent again. `shown`: what a read of the thing shows of it (None: nobody tells; empty: there is no such read).
    """

    takes: frozenset[str]
    schema: Mapping[str, Any]
    whole: bool
    paid: bool
    safe: bool
    anew: bool
    shown: frozenset[str] | None

    @property
    def required(self) -> frozenset[str]:
        """The inputs that no call may lack."""
        return frozenset(self.schema.get("required", ()))

    def contract(self, names: Iterable[str]) -> str:
        """How a lost call that changes these inputs is settled: `repeat`, `read`, or `none`."""
        if self.safe:
            return "repeat"
        return "read" if self.shown is None or not self.shown.isdisjoint(names) or self.anew else "none"

    def sent(self, inputs: Mapping[str, Any], changed: frozenset[str]) -> dict[str, Any]:
        """The inputs of the call: the changed ones and what it needs beside; of a whole one, all that it takes."""
        wanted = changed | self.required | (self.takes if self.whole else frozenset())
        return {name: value for name, value in inputs.items() if name in wanted and value is not None}


def update_way(use: Use) -> UpdateWay | None:
    """What can be updated of what a use makes; None: nothing."""
    kind = use.kind
    if not isinstance(kind, Resource) or kind.update is None or kind.create is None:
        return None
    terms = kind.update_terms
    operation = use.provider.called(kind.update)
    schema = inputs_schema(operation, hidden=[name for name in kind.update.send if not name.startswith("/")])
    shared = schema["properties"].keys() & use.inputs_schema()["properties"].keys()
    paid = terms.effect == "paid"
    safe = not paid and terms.repeat != "unsafe"
    return UpdateWay(
        takes=frozenset(terms.takes or shared - _finds(kind.update)),
        schema=schema,
        whole=operation.method == "PUT",
        paid=paid,
        safe=safe,
        anew=terms.fresh is not None,
        shown=_shown(use, kind.read),
    )


def _shown(use: Use, read: CallSpec | None) -> frozenset[str] | None:
    if read is None:
        return frozenset()
    return use.output_names() if use.provider.called(read).answers() else None


def _finds(spec: CallSpec) -> frozenset[str]:
    """The inputs by which the thing is found: another value would be another thing."""
    found = {pointer_steps(name)[0] if name.startswith("/") else name for name in spec.send}
    for source in spec.send.values():
        if isinstance(source, str) and source.startswith("$request."):
            rest = source.removeprefix("$request.")
            found.add(rest.removeprefix("body#/").split("/")[0] if "#" in rest else rest.split(".", 1)[1])
    return frozenset(found)


def update_use(use: Use, way: UpdateWay, id: str, inputs: Mapping[str, Any]) -> Use:
    """The use whose create is the update of the thing `id`, which was made of `inputs`.

    Raises RunnerError when the call needs something that is not known.
    """
    kind = use.kind
    assert isinstance(kind, Resource)
    assert kind.update is not None
    made = replace(
        kind,
        create=replace(kind.update, send=_located(use, kind.update, Scope(request=inputs, id=id))),
        effect="paid" if way.paid else "free",
        repeat="safe" if way.safe else "unsafe",
        delivery=Delivery(settle=kind.delivery.settle),
        fresh=kind.update_terms.fresh,
        cost=kind.cost if way.paid else None,
        before=None,
        validate=None,
        webhook=None,
        parts=None,
        bulk=None,
        exclusive=(),
    )
    return replace(use, kind=made)


def _located(use: Use, spec: CallSpec, scope: Scope) -> dict[str, Any]:
    """What the call sends beside the inputs, as constants: the thing's id is known."""
    found: dict[str, Any] = {}
    for name, source in spec.send.items():
        value = source[0] if isinstance(source, list) else locate(source, scope)
        if value is MISSING and not str(source).startswith("$request."):
            raise RunnerError(f"{use.provider.name}: {spec.operation} needs {source}, which is not known")
        if value is not MISSING:
            found[name] = [value]
    return found


def watched_use(use: Use) -> Use:
    """The use as it is waited for after an update: by the update's own `fresh`; a price is that of the thing itself."""
    kind = use.kind
    assert isinstance(kind, Resource)
    return replace(use, kind=replace(kind, fresh=kind.update_terms.fresh, cost=None))
