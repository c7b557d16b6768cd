"""The items of a download that gives many files: parts of the request, or what a path finds in the answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.api.vocabulary.lifedata import Download, Resource
from runner.api.vocabulary.locate import find_all
from runner.model.part import PartState


def items_of(
    kind: Resource, name: str, outputs: Mapping[str, Any], parts: Sequence[PartState]
) -> tuple[Any, ...]:
    """What expressions see as `item`, for each file of the download `name`; nothing where it gives one file."""
    spec = kind.downloads.get(name)
    if spec is None or not spec.each:
        return ()
    if spec.each == "part":
        return tuple(part.as_item() for part in parts if part.outcome == "ready")
    return tuple(item for item in find_all(spec.each, wrapped(kind, outputs)) if meant(spec, item))


def wrapped(kind: object, outputs: Mapping[str, Any]) -> Any:
    """The outputs inside the envelope that the API's answer has, so that a ref into the answer finds them."""
    envelope = kind.body if isinstance(kind, Resource) else ""
    body: Any = outputs
    for step in reversed(envelope.partition("#")[2].strip("/").split("/")):
        if step:
            body = {step: body}
    return body


def meant(spec: Download, item: Any) -> bool:
    """Whether an item of the answer is one of this download."""
    return all(
        isinstance(item, Mapping) and item.get(field) in allowed for field, allowed in spec.where.items()
    )
