"""What can be known of a provider, of a use, of an input: for `runner explain`, and for docs/reference.

Everything here is read from provider documents; nothing is told twice.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.api.catalogue import Catalogue
from runner.api.lifecycles.updating import UpdateWay, update_way
from runner.api.provider import Provider, Use
from runner.api.vocabulary.lifedata import Action, CallSpec, Download, Lookup, Resource
from runner.compile.instances.compiled import BUILTINS
from runner.compile.instances.local import OUTPUTS, builtin_schema
from runner.compile.nearby import did_you_mean
from runner.model.errors import WrongUsage
from runner.report.explain_fields import Node
from runner.report.explain_pages import FieldPage, IndexPage, Page, ProviderPage, UsePage

BUILT_IN = {
    "workbook.file": "Makes a workbook (xlsx) of rows and publishes it under a URL.",
    "file.publish": "Publishes a local file under a URL.",
}


def explain(catalogue: Catalogue, topic: str) -> Page:
    """The page of a topic: empty, `rev`, `rev.order`, `rev.order.with.notification`.

    Raises:
        WrongUsage: there is no such thing; the hint says what there is.
        InvalidInput: the provider's document is broken.
    """
    if not topic:
        return index(catalogue)
    name, _, rest = topic.partition(".")
    builtin = [uses for uses in BUILTINS if uses.startswith(f"{name}.")]
    if builtin:
        uses, path = _split(rest, [one.partition(".")[2] for one in builtin], name)
        return _use_or_field(builtin_page(f"{name}.{uses}"), builtin_schema(f"{name}.{uses}"), path)
    known = [*catalogue.names(), *sorted({uses.partition(".")[0] for uses in BUILTINS})]
    if name not in known:
        raise WrongUsage(f"there is no provider `{name}`", did_you_mean(name, known))
    provider = catalogue.provider(name)
    if not rest:
        return provider_page(provider)
    uses, path = _split(rest, [*provider.names(), *provider.aliases], name)
    kind = provider.find(uses)
    assert kind is not None
    use = Use(provider, uses, kind)
    return _use_or_field(use_page(use), use.inputs_schema(), path)


def _split(rest: str, known: Sequence[str], provider: str) -> tuple[str, tuple[str, ...]]:
    """The name of a use, which may hold dots, and the path behind it."""
    fitting = [name for name in known if rest == name or rest.startswith(f"{name}.")]
    if not fitting:
        word = rest.partition(".")[0]
        raise WrongUsage(f"`{provider}` has no `{word}`", did_you_mean(word, known))
    name = max(fitting, key=len)
    path = tuple(rest[len(name) + 1 :].split(".")) if len(rest) > len(name) else ()
    return name, path


def _use_or_field(page: UsePage, schema: Mapping[str, Any], path: tuple[str, ...]) -> Page:
    if path and path[0] != "with":
        hint = f"write `{page.uses}.with.<input>`"
        raise WrongUsage(f"`{page.uses}` has no part `{path[0]}`", hint)
    node, spelled, required = Node(schema, schema), page.uses, False
    for step in path[1:]:
        fields = {one.name: one for one in node.fields()}
        child = node.child(step)
        if child is None:
            place = f"`{spelled}` has no input" if spelled == page.uses else f"`{spelled}` has no field"
            raise WrongUsage(f"{place} `{step}`", did_you_mean(step, fields))
        node, spelled, required = (
            child,
            f"{spelled}.{step}" if spelled != page.uses else step,
            fields[step].required,
        )
    if len(path) < 2:
        return page
    return FieldPage(f"{page.uses}.with.{spelled}", node.described(path[-1], required), node.fields())


def index(catalogue: Catalogue) -> IndexPage:
    """Every provider, by name."""
    held = []
    for name in catalogue.names():
        provider = catalogue.provider(name)
        held.append((name, provider.title, provider.names()))
    for name in sorted({uses.partition(".")[0] for uses in BUILTINS}):
        inner = tuple(uses.partition(".")[2] for uses in BUILTINS if uses.startswith(f"{name}."))
        held.append((name, "built in", inner))
    return IndexPage(tuple(held))


def provider_page(provider: Provider) -> ProviderPage:
    """What an API offers."""
    info = provider.document.root.get("info")
    held = info if isinstance(info, Mapping) else {}
    uses = []
    for name in provider.names():
        kind = provider.find(name)
        assert kind is not None
        uses.append(
            (_kind(Use(provider, name, kind)), f"{provider.name}.{name}", _summary(Use(provider, name, kind)))
        )
    order = {"resource": 0, "action": 1, "lookup": 2}
    return ProviderPage(
        name=provider.name,
        title=provider.title,
        description=" ".join(str(held.get("summary") or held.get("description") or "").split()),
        base_url=provider.base_url,
        credentials=tuple(scheme.needs for scheme in provider.auth),
        uses=tuple(sorted(uses, key=lambda one: order[one[0]])),
    )


def use_page(use: Use) -> UsePage:
    """Everything about one use."""
    outputs = use.output_names()
    kind = use.kind
    loads = kind.downloads if isinstance(kind, Resource) else {}
    schema = use.inputs_schema()
    return UsePage(
        uses=use.uses,
        kind=_kind(use),
        summary=_summary(use),
        description=" ".join(use.operation.description.split()),
        calls=_calls(use),
        facts=_facts(use),
        inputs=Node(schema, schema).fields(),
        outputs=tuple(
            sorted(outputs if outputs is not None else {*kind.outputs, *(("id",) if loads else ())})
        ),
        more_outputs=outputs is None,
        downloads={name: _formats(download) for name, download in loads.items()},
    )


def builtin_page(uses: str) -> UsePage:
    """The same of a built-in use."""
    schema = builtin_schema(uses)
    return UsePage(
        uses=uses,
        kind="built in",
        summary=BUILT_IN[uses],
        facts={"cost": "nothing is paid", "delivery": "its URL is known when planning"},
        inputs=Node(schema, schema).fields(),
        outputs=OUTPUTS,
    )


def _kind(use: Use) -> str:
    return type(use.kind).__name__.lower()


def _summary(use: Use) -> str:
    return " ".join(use.operation.summary.split())


def _calls(use: Use) -> dict[str, str]:
    """The requests behind a use, by what they are for."""
    kind = use.kind
    named: list[tuple[str, CallSpec | None]]
    if isinstance(kind, Resource):
        words = ("validate", "create", "read", "update", "delete", "cancel")
        named = [(word, getattr(kind, word)) for word in words]
        if kind.bulk is not None:
            named.append(("bulk", CallSpec(kind.bulk.operation)))
    else:
        named = [("call" if isinstance(kind, Action) else "read", CallSpec(use.operation_id))]
    made = {}
    for word, spec in named:
        if spec is not None:
            operation = use.provider.operation(spec.operation)
            made[word] = f"{operation.method} {operation.path}"
    return made


def _facts(use: Use) -> dict[str, str]:
    kind = use.kind
    if isinstance(kind, Lookup):
        return {"cost": "nothing is paid"}
    facts = {"cost": _cost(kind), "delivery": _delivery(kind)}
    if isinstance(kind, Resource):
        if kind.of:
            facts["of"] = f"changes or adds to a {use.provider.name}.{kind.of}"
        way = update_way(use)
        if way is not None:
            facts["changes"] = _update(way)
        if kind.parts is not None:
            facts["parts"] = (
                f"each item of `{kind.parts.request.strip('/').replace('/', '.')}` has its own outcome"
            )
        if kind.bulk is not None:
            facts["bulk"] = (
                f"`bulk: true` sends up to {kind.bulk.size} in one workbook ({kind.bulk.template})"
            )
    return facts


def _update(way: UpdateWay) -> str:
    """What can be changed of what is finished."""
    takes = ", ".join(f"`{name}`" for name in sorted(way.takes))
    anew = "; its results are made anew" if way.anew else ""
    return f"an update takes {takes}; {'counted as paid' if way.paid else 'nothing is paid'}{anew}"


def _cost(kind: Resource | Action) -> str:
    if kind.effect != "paid":
        return "nothing is paid"
    if isinstance(kind, Resource) and kind.cost is not None:
        cost = kind.cost
        told = f"the answer to {cost.on} tells how much" if cost.paid else "the API does not tell how much"
        return f"paid in {cost.unit}; {told}"
    return "counted as paid: nothing says that it is free"


def _delivery(kind: Resource | Action) -> str:
    """What becomes of a call whose answer was lost."""
    if kind.effect == "none" or kind.repeat == "safe":
        return "may be sent again"
    delivery = kind.delivery
    if delivery.contract == "none":
        return "none: a lost answer waits for `runner resolve`"
    ways = []
    if delivery.find is not None:
        ways.append(
            f"a lost one is found in the list {delivery.find.list} by its {_input(delivery.find.field)}"
        )
    if delivery.key is not None:
        sure = "" if delivery.key.documented else ", whose life is not documented"
        ways.append(f"the key {delivery.key.header}{sure}")
    if delivery.webhook is not None:
        ways.append(f"a notification with its {_input(delivery.webhook.field)}, where one listens")
    return f"{delivery.contract}: {'; '.join(ways)}"


def _input(pointer: str) -> str:
    return f"`{pointer.strip('/').replace('/', '.')}`"


def _formats(download: Download) -> str:
    endings = ", ".join(f".{ending.lstrip('.')}" for ending in download.accept)
    many = "one for each part" if download.each == "part" else "several" if download.each else ""
    return "; ".join(word for word in (endings, many) if word)
