"""The keys of the items of one `for_each`: given by a mapping, by `key:`, or by nature."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.compile.expressions.access import kind_of
from runner.compile.expressions.scope import Each, Placed, place_at
from runner.compile.expressions.template import ExpressionError, FieldMissing, Template, compile_value
from runner.compile.instances.data import Source
from runner.compile.instances.findings import Findings
from runner.compile.instances.keys import NoKey, Taken, key_of, natural_key
from runner.model.frozen import frozen
from runner.model.graph import Instance
from runner.model.manifest import YamlPath
from runner.model.problem import Place
from runner.model.unknown import Unknown, UnknownReached

CHAIN_HINT = "chain on the job instead: `for_each: ${{ jobs.NAME }}`"


@frozen
class Upstream:
    """A job that is expanded already."""

    instances: Sequence[Instance]
    many: bool


@frozen
class Context:
    """`names` are what may be read before jobs exist; `sources` are the data sources, for the places of their rows;
    `upstream` gives the instances of jobs that stand before this one."""

    names: Mapping[str, Any]
    sources: Mapping[str, Source]
    upstream: Mapping[str, Upstream]
    folder: Path
    findings: Findings


@frozen
class Bare:
    """An item before it has a key: `own` is the key that a mapping gives it, `each` that of a chain. `at` is where it
    stands, or a row that knows; `path` is set when it stands in the manifest itself."""

    value: Any
    at: Placed | Place | None
    own: str | None = None
    each: Each | None = None
    path: YamlPath | None = None

    @property
    def place(self) -> Place | None:
        return place_at(self.at)


def keyed(bare: list[Bare], key: Any, path: YamlPath, context: Context) -> Iterator[Each]:
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
        yield Each(name, one.value, index, (("", name),), one.at)


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

    def of(self, one: Bare) -> str:
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

    def trouble(self, error: ExpressionError | UnknownReached, one: Bare, index: int) -> None:
        if isinstance(error, UnknownReached):
            error = ExpressionError(
                f"a key needs `{error.unknown.reason}`, known only after apply", CHAIN_HINT
            )
        if self._broken:
            return
        self._tell(error.code, error.message, error.hint, one, index)

    def repeated(self, name: str, first: tuple[str, object], one: Bare, index: int) -> None:
        owner = first[1]
        at = f" at {owner.place}" if isinstance(owner, Bare) and owner.place is not None else ""
        same = f'the key "{name}" is repeated; it stands first{at}'
        alike = f'the keys "{first[0]}"{at} and "{name}" differ only in case'
        message = same if first[0] == name else alike
        self._tell("repeated-key", message, "name a column with `key:` that is different in each", one, index)

    def _tell(self, code: str, message: str, hint: str, one: Bare, index: int) -> None:
        findings = self._context.findings
        if one.path is not None:
            findings.add(code, message, one.path, hint)
        elif one.place is not None:
            findings.add_at(code, message, one.place, hint)
        else:
            findings.add(code, message, self._path, hint, item=f"number {index + 1}")
