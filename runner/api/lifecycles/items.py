"""Items of lists that are whole: what an item shows of a resource is what the answer to its `read` shows."""

from collections.abc import Collection, Mapping
from typing import Any

from runner.api.openapi.operation import Operation
from runner.api.openapi.shape import shape_of
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import Download, Resource
from runner.api.vocabulary.locate import MISSING, Scope, locate, plain_steps
from runner.model.http import Answer


def item_is_whole(use: Use, name: str) -> bool:
    """Whether the document describes an item of the list `name` by the very schema of the answer to `read`."""
    kind = use.kind
    if not isinstance(kind, Resource) or kind.read is None or kind.body or kind.fresh is not None:
        return False
    spec = use.provider.lists[name]
    item = _schema_at(use.provider.operation(spec.operation), spec.items)
    whole = use.provider.operation(kind.read.operation)
    return bool(item) and item is whole.document.resolve(whole.answer_schema())


def _schema_at(operation: Operation, path: str) -> Any:
    """The resolved schema that a plain path selects in an answer; None where the document does not tell it."""
    document = operation.document
    schema: Any = document.resolve(operation.answer_schema())
    for step in plain_steps(path) or ():
        if step:
            shape = shape_of(document, schema)
            found = shape.fields.get(step) if shape is not None else None
        else:
            found = schema.get("items") if isinstance(schema, Mapping) else None
        if found is None:
            return None
        schema = document.resolve(found)
    return schema


def shows(kind: Resource, item: Any, wanted: Collection[str]) -> bool:
    """Whether an item that may be whole really holds what is needed of it: the links of its files, its named outputs,
    its price, and the fields in `wanted`."""
    if not isinstance(item, Mapping):
        return False
    scope = Scope(answer=Answer(200, {}, item), item=item)
    refs = [source if isinstance(source, str) else "" for source in kind.outputs.values()]
    refs += [kind.cost.paid] if kind.cost is not None and kind.cost.paid else []
    links = [_link(download) for download in kind.downloads.values()]
    if any(not ref or ref.startswith(("$.", "$[")) for ref in (*refs, *links)):
        return False  # the text of a file, files of parts, many values: the answer itself must tell
    named = {*kind.outputs, "id", "status"}
    return all(locate(ref, scope) is not MISSING for ref in (*refs, *links)) and all(
        name in item or name in named for name in wanted
    )


def _link(download: Download) -> str:
    """Where the link of a download stands; an id is always known. Empty: only the answer itself can tell."""
    if download.each:
        return ""
    return "$response.body" if download.operation else download.url
