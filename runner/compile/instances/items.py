"""`for_each`: from what a manifest says to the items, each with its key."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from runner.compile.expressions.access import kind_of
from runner.compile.expressions.scope import Each
from runner.compile.expressions.template import ExpressionError, Template, compile_value
from runner.compile.instances.data import RowFilter, Source, kept_nulls, read_source
from runner.compile.instances.item_keys import CHAIN_HINT, Bare, Context, Upstream, keyed
from runner.compile.nearby import did_you_mean
from runner.model.frozen import frozen
from runner.model.manifest import YamlPath
from runner.model.problem import Place
from runner.model.unknown import Unknown
from runner.workbook.rows import RowPlaces, place_of

__all__ = ["CHAIN_HINT", "Context", "Item", "Upstream", "chained_job", "chains_of", "items_of"]


@frozen
class Item:
    """One item: what `each` is for it, with its keys; `chained` when it is an upstream instance's own `each`."""

    each: Each
    chained: bool = False


def chained_job(raw: Any) -> str | None:
    """The job on which `${{ jobs.J }}` chains, or None."""
    if not isinstance(raw, str):
        return None
    try:
        path = compile_value(raw).path
    except ExpressionError:
        return None
    if path is not None and path.root == "jobs" and len(path.steps) == 1 and isinstance(path.steps[0], str):
        return path.steps[0]
    return None


def chains_of(raw: Any) -> dict[str, str]:
    """The jobs that a `for_each` chains on, by dimension (the plain form has the one dimension ``""``)."""
    if isinstance(raw, Mapping) and "product" in raw:
        inner = {name: chains_of(one).get("") for name, one in raw["product"].items()}
        return {name: job for name, job in inner.items() if job is not None}
    job = chained_job(raw["in"] if isinstance(raw, Mapping) and "in" in raw else raw)
    return {} if job is None else {"": job}


def items_of(raw: Any, path: YamlPath, context: Context) -> list[Item]:
    """The items of a `for_each` in their order; those with problems are left out, and reported."""
    if isinstance(raw, Mapping) and "product" in raw:
        return _product(raw, path, context)
    bare, key = _unkeyed(raw, path, context)
    chained = bool(bare) and bare[0].each is not None
    return [Item(each, chained) for each in keyed(bare, key, path, context)]


def _unkeyed(raw: Any, path: YamlPath, context: Context) -> tuple[list[Bare], Any]:
    """The items, and what `key:` says of them."""
    if isinstance(raw, Mapping) and "in" in raw:
        bare, _ = _unkeyed(raw["in"], (*path, "in"), context)
        if "where" in raw:
            keep = RowFilter(raw["where"], (*path, "where"), context.names, context.findings)
            bare = [one for one in bare if keep(one.each if one.each is not None else one.value)]
        return bare, raw.get("key")
    if isinstance(raw, Mapping) and "file" in raw:
        source = read_source(raw, path, context.names, context.folder, context.findings)
        return _bare(source.value, source.places, path, context), raw.get("key")
    job = chained_job(raw)
    if job is not None:
        return _chain(job, path, context), None
    if isinstance(raw, str):
        return _evaluated(raw, path, context), None
    value = kept_nulls(raw, path, context.names, context.findings)
    return _written(_bare(value, (), path, context), path, context), None


def _written(bare: list[Bare], path: YamlPath, context: Context) -> list[Bare]:
    """Items that stand in the manifest, with their places there."""
    made = []
    for index, one in enumerate(bare):
        at: YamlPath = (*path, one.own if one.own is not None else index)
        made.append(replace(one, at=context.findings.locate(at)[0], path=at))
    return made


def _evaluated(raw: str, path: YamlPath, context: Context) -> list[Bare]:
    try:
        template = compile_value(raw)
        if template.job_references:
            return []  # reported with the references
        value = template.evaluate(context.names)
    except ExpressionError as error:
        context.findings.expression(path, error, text=raw)
        return []
    source = _source_of(template, context)
    return _bare(value, source.places if source else (), path, context)


def _source_of(template: Template, context: Context) -> Source | None:
    """The data source that an expression names as a whole, whose rows have places."""
    found = template.path
    if found is None or found.root != "data" or len(found.steps) != 1:
        return None
    return context.sources.get(str(found.steps[0]))


def _bare(
    value: Any, places: Sequence[Place] | Mapping[str, Place], path: YamlPath, context: Context
) -> list[Bare]:
    if isinstance(value, Mapping) and not isinstance(value, Each):
        by_key = places if isinstance(places, Mapping) else dict(zip(value, places, strict=False))
        return [Bare(child, by_key.get(key), str(key)) for key, child in value.items()]
    if isinstance(value, list | tuple):
        by_index = () if isinstance(places, Mapping) else places
        if isinstance(by_index, RowPlaces) and len(by_index) >= len(value):
            return [Bare(item, by_index.rows[index]) for index, item in enumerate(value)]
        return [
            Bare(item, by_index[index] if index < len(by_index) else place_of(item))
            for index, item in enumerate(value)
        ]
    if isinstance(value, Unknown):
        return []  # what made it unknown was reported where it stands
    context.findings.add(
        "bad-for-each",
        f"`for_each` needs a list or a mapping, and was given {kind_of(value)}",
        path,
        'a text is split by `| split(",")`' if isinstance(value, str) else "",
    )
    return []


def _chain(job: str, path: YamlPath, context: Context) -> list[Bare]:
    upstream = context.upstream.get(job)
    if upstream is None:
        return []  # an unknown job was reported with the references
    if not upstream.many:
        context.findings.add(
            "bad-for-each",
            f"`{job}` has no `for_each` to chain on",
            path,
            f"leave `for_each` out and write `needs: [{job}]`",
        )
        return []
    return [Bare(instance.each, instance.each, None, instance.each) for instance in upstream.instances]


def _product(raw: Mapping[str, Any], path: YamlPath, context: Context) -> list[Item]:
    names = list(raw["product"])
    dimensions = []
    for name in names:
        inner = raw["product"][name]
        where: YamlPath = (*path, "product", name)
        if isinstance(inner, Mapping) and "product" in inner:
            context.findings.add(
                "bad-for-each", "a product cannot stand in a product", where, "name its dimensions here"
            )
            return []
        dimensions.append([_Dimension.of(name, item) for item in items_of(inner, where, context)])
    left_out = _exclusions(raw.get("exclude"), (*path, "exclude"), names, dimensions, context)
    made: list[Item] = []
    for combination in product(*dimensions):
        pairs = tuple(part.pair for part in combination)
        if any(all(pairs[at][1] in keys for at, keys in rule) for rule in left_out):
            continue
        key = "/".join(part.pair[1] for part in combination)
        place = next((part.place for part in combination if part.place is not None), None)
        each = Each(key, tuple(part.value for part in combination), len(made), pairs, place)
        made.append(Item(each))
    return made


@frozen
class _Dimension:
    """One item of one dimension; a chained one is the upstream's whole `each`."""

    pair: tuple[str, str]
    value: Any
    place: Place | None

    @classmethod
    def of(cls, name: str, item: Item) -> "_Dimension":
        each = item.each
        return cls((name, each.key), each if item.chained else each.value, each.place)


_Rule = tuple[tuple[int, frozenset[str]], ...]


def _exclusions(
    raw: Any, path: YamlPath, names: list[str], dimensions: list[list[_Dimension]], context: Context
) -> list[_Rule]:
    """For each entry of `exclude`: which keys of which dimensions, all of them at once, are left out."""
    value = kept_nulls(raw if raw is not None else [], path, context.names, context.findings)
    rules = []
    for index, entry in enumerate(value if isinstance(value, list) else []):
        where: YamlPath = (*path, index) if isinstance(raw, list) else path
        rule = []
        for name, wanted in entry.items() if isinstance(entry, Mapping) else ():
            if name not in names:
                context.findings.add(
                    "unknown-dimension", f"there is no dimension `{name}`", where, did_you_mean(name, names)
                )
                continue
            at = names.index(name)
            known = [part.pair[1] for part in dimensions[at]]
            keys = frozenset(str(one) for one in (wanted if isinstance(wanted, list) else [wanted]))
            for key in sorted(keys.difference(known)):
                context.findings.add(
                    "unknown-key-excluded",
                    f"`{name}` has no key `{key}` to leave out",
                    where,
                    did_you_mean(key, known),
                    warning=True,
                )
            rule.append((at, keys))
        if rule:
            rules.append(tuple(rule))
    return rules
