"""The workbooks that a manifest makes, as far as they are known before apply."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.api.vocabulary.lifedata import BulkSpec, Resource
from runner.compile.checks.work import Work
from runner.compile.expressions.scope import OutputsView
from runner.model.frozen import frozen
from runner.model.graph import Instance
from runner.model.http import Upload
from runner.model.manifest import Job
from runner.model.text import plain
from runner.model.unknown import Unknown, contains_unknown

if TYPE_CHECKING:
    from runner.workbook.build import Built


@frozen
class Book:
    """A workbook's file: `address` is the instance's own, or the bulk job's; `rows` counts its rows."""

    address: str
    name: str
    content: Upload
    rows: int


@frozen
class Books:
    """What could be built, and the addresses whose rows only apply can know, with why."""

    built: tuple[Book, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()


def workbooks(work: Work, outputs: OutputsView) -> Books:
    """Builds every `workbook.file`, and the workbooks of bulk jobs with all rows that are known.

    Raises InvalidInput when rows do not fit their template.
    """
    built: list[Book] = []
    unknown: list[tuple[str, str]] = []
    for job in work.manifest.jobs.values():
        made = _single(work, job, outputs) if job.uses == "workbook.file" else _bulk(work, job, outputs)
        for one in made:
            if isinstance(one, Book):
                built.append(one)
            else:
                unknown.append(one)
    return Books(tuple(built), tuple(unknown))


def _instances(work: Work, job: Job, outputs: OutputsView) -> Iterator[Instance]:
    """Those that are wanted, or may be."""
    for address in work.graph.jobs.get(job.name, ()):
        instance = work.graph.instances[address]
        if work.evaluator.condition(instance, outputs) is not False:
            yield instance


def _single(work: Work, job: Job, outputs: OutputsView) -> Iterator[Book | tuple[str, str]]:
    for instance in _instances(work, job, outputs):
        made = work.evaluator.artifact(instance, outputs)
        if isinstance(made, Unknown):
            yield instance.address, "its rows are known only after apply"
        else:
            rows = work.evaluator.inputs(instance, outputs)["rows"]
            yield Book(instance.address, made.name, made.content, len(rows))


def _bulk(work: Work, job: Job, outputs: OutputsView) -> Iterator[Book | tuple[str, str]]:
    use = work.catalogue.use(job.uses) if job.bulk is not None else None
    spec = use.kind.bulk if use is not None and isinstance(use.kind, Resource) else None
    if job.bulk is None or spec is None:
        return
    baskets: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for instance in _instances(work, job, outputs):
        inputs = work.evaluator.inputs(instance, outputs)
        if contains_unknown(inputs):
            yield instance.address, "its row is known only after apply"
            continue
        shared = repr(plain({name: inputs.get(name) for name in job.bulk.shared(spec.same)}))
        baskets.setdefault(shared, []).append((instance.address, inputs))
    size = job.bulk.size or spec.size
    for rows in baskets.values():
        for first in range(0, len(rows), size):
            yield _book(work, job, spec, rows[first : first + size])


def _book(work: Work, job: Job, spec: BulkSpec, members: list[tuple[str, Mapping[str, Any]]]) -> Book:
    from runner.model.errors import InvalidInput
    from runner.workbook.build import published_name

    shared = job.bulk.shared(spec.same) if job.bulk is not None else spec.same
    built = bulk_workbook(spec, work.manifest.folder, members, shared)
    wrong = [problem for problem in built.problems if not problem.warning]
    if wrong:
        raise InvalidInput(wrong)
    return Book(job.name, published_name(job.name, built.sha256), built.content, len(members))


def bulk_workbook(
    spec: BulkSpec, folder: Path, members: Iterable[tuple[str, Mapping[str, Any]]], shared: Collection[str]
) -> "Built":
    """The workbook of a bulk request: a row for each member, without what the request says for all of them."""
    from runner.model.problem import Place
    from runner.workbook.build import build
    from runner.workbook.rows import Row
    from runner.workbook.templates import load_template

    rows = [
        Row({name: value for name, value in inputs.items() if name not in shared}, Place(address))
        for address, inputs in members
    ]
    return build(load_template(spec.template, folder), rows)
