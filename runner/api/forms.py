"""Which of several forms of a body (media types) is sent, by what stands in the inputs.

A document says it as `media`: a media type → what must stand in the inputs for it to be taken. `name=value` with a name
that the operation does not have is a *switch*: an input by which a manifest chooses the form (`format: xml`), and
which is never sent.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from runner.api.openapi.operation import MULTIPART, WHOLE_BODY, MediaType, Operation
from runner.api.openapi.shape import shape_of
from runner.api.vocabulary.locate import among
from runner.model.text import LocalFile


def chosen_form(operation: Operation, inputs: Mapping[str, Any]) -> str:
    """The media type whose needs stand in the inputs; the one with most needs wins, then the first. Without a `choice`
    it is the first form that has all the inputs. Empty: the preferred one."""
    if not operation.choice and len(operation.media) < 2:
        return ""
    best, most = "", -1
    for media, needs in operation.choice.items():
        if len(needs) > most and all(_meets(need, inputs) for need in needs):
            best, most = media, len(needs)
    if operation.choice:
        return best
    given = {name: value for name, value in inputs.items() if value is not None}
    for parameter in operation.parameters:
        given.pop(parameter.input, None)
    return next((form.name for form in operation.media if _takes(operation, form, given)), "")


def _takes(operation: Operation, form: MediaType, given: Mapping[str, Any]) -> bool:
    """Whether all of the inputs can be sent in this form."""
    shape = shape_of(operation.document, form.schema)
    if shape is None:
        return set(given) <= {WHOLE_BODY}
    files = any(isinstance(child, LocalFile) for value in given.values() for child in _each(value))
    known = shape.open or shape.rest is not None or not shape.fields or set(given) <= set(shape.fields)
    return known and (form.name == MULTIPART or not files)


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def possible_forms(operation: Operation) -> tuple[MediaType, ...]:
    """The forms that inputs can choose among, preferred first."""
    named = [operation.media_type(name) for name in operation.choice]
    forms = tuple(form for form in named if form is not None)
    return forms or operation.media


def switches(operation: Operation) -> dict[str, tuple[str, ...]]:
    """Inputs that only choose a form: name → the words of the forms, that of the plain one first."""
    found: dict[str, list[str]] = {}
    for needs in operation.choice.values():
        for name, word in _words(needs):
            found.setdefault(name, []).append(word)
    if not found:
        return {}
    known = _names(operation)
    return {
        name: (_plain_word(operation, name), *words) for name, words in found.items() if name not in known
    }


def _plain_word(operation: Operation, name: str) -> str:
    """What the switch says when it chooses nothing: the last word of the first form that does not ask for it
    (`json` of `application/json`)."""
    for media, needs in operation.choice.items():
        if name not in dict(_words(needs)):
            return media.rpartition("/")[2].rpartition("+")[2]
    return "default"


def _words(needs: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for need in needs:
        name, equals, word = need.partition("=")
        if equals:
            yield name, word


def _names(operation: Operation) -> set[str]:
    names = {parameter.input for parameter in operation.parameters}
    for form in operation.media:
        shape = shape_of(operation.document, form.schema)
        names |= set(shape.fields) if shape else {WHOLE_BODY}
    return names


def _meets(need: str, inputs: Mapping[str, Any]) -> bool:
    name, equals, value = need.partition("=")
    held = inputs.get(name)
    return among(held, (value,)) if equals else held is not None
