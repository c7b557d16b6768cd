"""A provider: an OpenAPI document and what its `x-runner` says, and the use of one of its names by a job."""

from collections.abc import Mapping
from dataclasses import field, replace
from sys import intern
from typing import Any

from runner.api.inputs import inputs_schema
from runner.api.openapi.document import Document, pointer_steps
from runner.api.openapi.naming import Target
from runner.api.openapi.operation import Operation, read_operation
from runner.api.openapi.servers import foreign_server
from runner.api.openapi.shape import shape_of
from runner.api.vocabulary import lifedata as life
from runner.api.vocabulary.xrunner import Vocabulary
from runner.model.frozen import frozen

Kind = life.Resource | life.Action | life.Lookup


@frozen(eq=False)
class Provider:
    """One API. `base_url` is the document's own, without a slash at its end (empty when it names none);
    `digest` is the sha256 of the document and its overlay; `described` says whether there is an `x-runner`.
    `plain` are the operations that a user's own document has beside those of its `x-runner`, and `aliases` further
    names of them. `addressed`: the manifest says where the API is, so that no server of the document counts."""

    name: str
    title: str
    base_url: str
    digest: str
    document: Document = field(repr=False)
    index: Mapping[str, Target] = field(repr=False)
    vocabulary: Vocabulary = field(repr=False)
    described: bool = True
    plain: Vocabulary = field(default_factory=Vocabulary, repr=False)
    aliases: Mapping[str, str] = field(default_factory=dict, repr=False)
    addressed: bool = False
    _operations: dict[str, Operation] = field(default_factory=dict, repr=False)
    _chosen: dict[Any, Operation] = field(default_factory=dict, repr=False)
    _schemas: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def auth(self) -> tuple[life.AuthScheme, ...]:
        return self.vocabulary.auth

    @property
    def errors(self) -> life.ErrorSpec:
        return self.vocabulary.errors

    @property
    def lists(self) -> Mapping[str, life.ListSpec]:
        return self.vocabulary.lists

    @property
    def resources(self) -> Mapping[str, life.Resource]:
        return self.vocabulary.resources

    @property
    def actions(self) -> Mapping[str, life.Action]:
        return self.vocabulary.actions

    @property
    def lookups(self) -> Mapping[str, life.Lookup]:
        return self.vocabulary.lookups

    def operation(self, id: str) -> Operation:
        """The operation of that id; KeyError when there is none, InvalidInput when the document is broken
        there."""
        held = self._operations.get(id)
        if held is None:
            target = self.index[id]
            elsewhere = "" if self.addressed else foreign_server(self.document, target)
            if elsewhere:
                reason = f"{id} is not at {self.base_url or 'the base URL'} but at {elsewhere}"
                hint = f"use the document twice: a provider of its own with `base_url: {elsewhere}`"
                steps = ("paths", target.path, target.method)
                raise self.document.invalid("other-server", reason, steps, hint)
            held = self._operations[id] = read_operation(self.document, id, target)
        return held

    def called(self, spec: life.CallSpec) -> Operation:
        """The operation of a call, with the choice of forms that the document gives it."""
        if not spec.media:
            return self.operation(spec.operation)
        key = (spec.operation, tuple(spec.media.items()))
        if key not in self._chosen:
            self._chosen[key] = replace(self.operation(spec.operation), choice=spec.media)
        return self._chosen[key]

    def names(self) -> tuple[str, ...]:
        """Every name that a job may use, sorted."""
        described = {*self.resources, *self.actions, *self.lookups}
        return tuple(sorted({*described, *self.plain.actions, *self.plain.lookups}))

    def find(self, name: str) -> Kind | None:
        """What a job means by `name`; a plain operation also answers to its name in snake_case."""
        for word in (name, self.aliases.get(name, "")):
            for words in (self.vocabulary, self.plain):
                for held in (words.resources, words.actions, words.lookups):
                    if word in held:
                        return held[word]
        return None


def plain_vocabulary(named: Mapping[str, str], index: Mapping[str, Target]) -> Vocabulary:
    """Without `x-runner` a GET or HEAD is a lookup, and everything else an action: PUT and DELETE repeat, the
    rest is paid, with nothing to settle a lost answer by. `named` are operations and the names that they go by."""
    actions, lookups = {}, {}
    for id, name in named.items():
        method = index[id].method
        if method in ("get", "head"):
            lookups[name] = life.Lookup(name, life.CallSpec(id))
        elif method in ("put", "delete"):
            actions[name] = life.Action(name, life.CallSpec(id), effect="free", repeat="safe")
        else:
            actions[name] = life.Action(name, life.CallSpec(id))
    return Vocabulary(actions=actions, lookups=lookups)


@frozen
class Use:
    """A provider's resource, action or lookup, as a job uses it."""

    provider: Provider
    name: str
    kind: Kind

    @property
    def uses(self) -> str:
        """The word of a manifest's `uses`: `dubformer.project`."""
        return intern(f"{self.provider.name}.{self.name}")

    @property
    def operation(self) -> Operation:
        """The operation that takes the inputs: create's, the action's, or the lookup's."""
        return self.provider.called(self._call)

    @property
    def operation_id(self) -> str:
        return self._call.operation

    @property
    def _call(self) -> life.CallSpec:
        kind = self.kind
        if isinstance(kind, life.Action):
            return kind.call
        if isinstance(kind, life.Lookup):
            return kind.call or life.CallSpec(self.provider.lists[kind.list].operation)
        if kind.create is not None:
            return kind.create
        calls = [call for call in (kind.read, kind.update) if call]
        loads = [life.CallSpec(load.operation) for load in kind.downloads.values() if load.operation]
        return (calls + loads)[0]

    def inputs_schema(self) -> dict[str, Any]:
        """JSON Schema 2020-12 of `with`, self-contained, to be asked after nulls were left out; made once, not to be
        changed.

        The field that carries the mark is never required: runner can mint it. What the document sends by
        itself (the page of a list, a constant) is no input.
        """
        held = self.provider._schemas
        if self.name not in held:
            held[self.name] = self._inputs_schema()
        return held[self.name]

    def _inputs_schema(self) -> dict[str, Any]:
        optional: list[str] = []
        hidden: set[str] = set()
        kind = self.kind
        if isinstance(kind, life.Lookup):
            page = kind.page
            if kind.list:
                spec = self.provider.lists[kind.list]
                page = spec.page
                hidden |= _constants(spec.send)
            elif kind.call:
                hidden |= _constants(kind.call.send)
            hidden |= {page.param, page.size} - {""}
        else:
            delivery = kind.delivery
            if delivery.key:
                hidden.add(delivery.key.header)
            optional += [held.field for held in (delivery.find, delivery.webhook) if held]
            call = kind.create if isinstance(kind, life.Resource) else kind.call
            hidden |= _constants(call.send) if call else set()
            if isinstance(kind, life.Resource) and kind.webhook:
                optional.append(kind.webhook.field)
        return inputs_schema(self.operation, optional=optional, hidden=hidden)

    def output_names(self) -> frozenset[str] | None:
        """The names that stand in the outputs; None where the document does not tell the answer's shape, so that any
        name may be there."""
        kind = self.kind
        named = set(kind.outputs)
        if isinstance(kind, life.Lookup) and (kind.list or kind.items):
            return frozenset({*named, "list"})
        calls = [self.operation_id]
        envelope = ""
        if isinstance(kind, life.Resource):
            calls += [call.operation for call in (kind.create, kind.read) if call]
            named |= {"id"} | ({"status"} if kind.status else set())
            envelope = kind.body.partition("#")[2]
        for id in dict.fromkeys(calls):
            operation = self.provider.operation(id)
            if not operation.answers():
                continue
            fields = _fields_at(operation, envelope)
            if fields is None:
                return None
            named |= fields
        return frozenset(named)


def _fields_at(operation: Operation, envelope: str) -> set[str] | None:
    """The fields of a successful answer below `envelope`, as outputs name them; None when they are not told."""
    document = operation.document
    schema: Any = operation.answer_schema()
    for step in pointer_steps(envelope):
        shape = shape_of(document, schema)
        if shape is None or step not in shape.fields:
            return None
        schema = shape.fields[step]
    resolved = document.resolve(schema)
    if not isinstance(resolved, Mapping) or not resolved:
        return None
    shape = shape_of(document, resolved)
    if shape is not None:
        return set(shape.fields) if shape.fields else None
    return {"list"} if resolved.get("type") == "array" else {"value"}


def _constants(send: Mapping[str, Any]) -> set[str]:
    """Inputs that a document fills with constants or with what only it knows, not with the request's own."""
    return {
        name
        for name, value in send.items()
        if not name.startswith("/") and (isinstance(value, list) or not str(value).startswith("$request."))
    }
