"""`for_each`: from what a manifest says to the items, each with its key."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from runner.compile.data import RowFilter, Source, kept_nulls, read_source
from runner.compile.expression_access import kind_of
from runner.compile.expressions import ExpressionError, FieldMissing, Template, compile_value
from runner.compile.findings import Findings
from runner.compile.keys import NoKey, Taken, key_of, natural_key
from runner.compile.nearby import did_you_mean
from runner.compile.scope import Each
from runner.model.graph import Instance
from runner.model.manifest import YamlPath
from runner.model.problem import Place
from runner.model.unknown import Unknown, UnknownReached

CHAIN_HINT = "chain on the job instead: `for_each: ${{ jobs.NAME }}`"


@dataclass(frozen=True, slots=True)
class Item:
    """One item: what `each` is for it, with its keys; `chained` when it is an upstream instance's own `each`."""

    each: Each
    chained: bool = False


@dataclass(frozen=True, slots=True)
class Upstream:
    """A job that is expanded already."""

    instances: Sequence[Instance]
    many: bool


@dataclass(frozen=True, slots=True)
class Context:
    """`names` are what may be read before jobs exist; `sources` are the data sources, for the places of their rows;
    `upstream` gives the instances of jobs that stand before this one."""

    names: Mapping[str, Any]
    sources: Mapping[str, Source]
    upstream: Mapping[str, Upstream]
    folder: Path
    findings: Findings


@dataclass(frozen=True, slots=True)
class _Bare:
    """An item before it has a key: `own` is the key that a mapping gives it, `each` that of a chain. `path` is set
    when it stands in the manifest itself."""

    value: Any
    place: Place | None
    own: str | None = None
    each: Each | None = None
    path: YamlPath | None = None


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
    return [Item(each, chained) for each in _keyed(bare, key, path, context)]


def _unkeyed(raw: Any, path: YamlPath, context: Context) -> tuple[list[_Bare], Any]:
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


def _written(bare: list[_Bare], path: YamlPath, context: Context) -> list[_Bare]:
    """Items that stand in the manifest, with their places there."""
    made = []
    for index, one in enumerate(bare):
        at: YamlPath = (*path, one.own if one.own is not None else index)
        made.append(replace(one, place=context.findings.locate(at)[0], path=at))
    return made


def _evaluated(raw: str, path: YamlPath, context: Context) -> list[_Bare]:
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
) -> list[_Bare]:
    if isinstance(value, Mapping) and not isinstance(value, Each):
        by_key = places if isinstance(places, Mapping) else dict(zip(value, places, strict=False))
        return [_Bare(child, by_key.get(key), str(key)) for key, child in value.items()]
    if isinstance(value, list | tuple):
        by_index = () if isinstance(places, Mapping) else places
        return [
            _Bare(item, by_index[index] if index < len(by_index) else _place_of(item))
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


def _place_of(item: Any) -> Place | None:
    from runner.workbook.rows import place_of

    return place_of(item)


def _chain(job: str, path: YamlPath, context: Context) -> list[_Bare]:
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
    return [_Bare(instance.each, instance.each.place, None, instance.each) for instance in upstream.instances]


def _keyed(bare: list[_Bare], key: Any, path: YamlPath, context: Context) -> Iterator[Each]:
    """Gives each item its key, and refuses repeated ones."""
    taken = Taken()
    say = _Key(key, path, context)
    for index, one in enumerate(bare):
        if one.each is not None:
            yield one.each
            continue
        try:
            name = say.of(one)
        except (ExpressionError, UnknownReached) as error:
            say.trouble(error, one, index)
            continue
        first = taken.take(name, one)
        if first is not None:
            say.repeated(name, first, one, index)
            continue
        yield Each(name, one.value, index, (("", name),), one.place)


class _Key:
    """How keys are found: by the mapping, by `key:`, or by nature."""

    def __init__(self, raw: Any, path: YamlPath, context: Context) -> None:
        self._path = (*path, "key") if raw is not None else path
        self._context = context
        self._raw = raw
        self._template: Template | None = None
        self._broken = False
        if isinstance(raw, str):
            try:
                self._template = compile_value(raw)
                self._broken = bool(self._template.job_references)
            except ExpressionError as error:
                self._broken = True
                context.findings.expression(self._path, error, text=raw)

    def of(self, one: _Bare) -> str:
        if one.own is not None:
            if self._raw is not None and not isinstance(one.value, Unknown):
                self._context.findings.add(
                    "unfit-option", "a mapping gives its items their keys", self._path, "take `key` out"
                )
            return key_of(one.own)
        if self._template is None or self._broken:
            return natural_key(one.value)
        if not self._template.constant:
            return key_of(
                self._template.evaluate({**self._context.names, "item": one.value, "row": one.value})
            )
        if not isinstance(one.value, Mapping):
            raise NoKey(
                f"`key: {self._raw}` names a column, and the item is {kind_of(one.value)}", "take `key` out"
            )
        if self._raw not in one.value:
            raise FieldMissing(self._raw, [str(name) for name in one.value]).labelled("item")
        return key_of(one.value[self._raw])

    def trouble(self, error: ExpressionError | UnknownReached, one: _Bare, index: int) -> None:
        if isinstance(error, UnknownReached):
            error = ExpressionError(
                f"a key needs `{error.unknown.reason}`, known only after apply", CHAIN_HINT
            )
        if self._broken:
            return
        self._tell(error.code, error.message, error.hint, one, index)

    def repeated(self, name: str, first: tuple[str, object], one: _Bare, index: int) -> None:
        owner = first[1]
        at = f" at {owner.place}" if isinstance(owner, _Bare) and owner.place is not None else ""
        same = f'the key "{name}" is repeated; it stands first{at}'
        alike = f'the keys "{first[0]}"{at} and "{name}" differ only in case'
        message = same if first[0] == name else alike
        self._tell("repeated-key", message, "name a column with `key:` that is different in each", one, index)

    def _tell(self, code: str, message: str, hint: str, one: _Bare, index: int) -> None:
        findings = self._context.findings
        if one.path is not None:
            findings.add(code, message, one.path, hint)
        elif one.place is not None:
            findings.add_at(code, message, one.place, hint)
        else:
            findings.add(code, message, self._path, hint, item=f"number {index + 1}")


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


@dataclass(frozen=True, slots=True)
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
