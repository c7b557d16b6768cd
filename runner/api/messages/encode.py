"""Inputs → a request. The same inputs in the same order give the same bytes, which a resent call relies
on."""

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from runner.api.forms import chosen_form, switches
from runner.api.messages.multipart import disposition, file_media, multipart
from runner.api.messages.sendable import sendable, unfit
from runner.api.messages.xml_write import BadXml, is_xml, xml_body
from runner.api.openapi.document import pointer_steps
from runner.api.openapi.operation import FORM, MULTIPART, WHOLE_BODY, MediaType, Operation, Parameter, is_json
from runner.api.openapi.parameters import cookie_texts, form_text, header_text, path_text, query_texts
from runner.api.provider import Provider
from runner.api.vocabulary.lifedata import CallSpec
from runner.api.vocabulary.locate import MISSING, Scope, locate
from runner.model.errors import RunnerError
from runner.model.http import Call, Upload
from runner.model.text import LocalFile
from runner.model.unknown import Unknown


def encode(
    operation: Operation,
    inputs: Mapping[str, Any],
    *,
    media: str = "",
    headers: Iterable[tuple[str, str]] = (),
) -> Call:
    """The call of an operation with these inputs; nulls are left out.

    `media` names the form of the body, otherwise the inputs choose among those of the operation's `choice`, or it is
    the preferred one; `headers` are further ones (an idempotency key, another Accept). RunnerError names the input that
    is missing or cannot be written.
    """
    left = {name: value for name, value in inputs.items() if value is not None}
    media = media or chosen_form(operation, left)
    if operation.choice:
        for name in switches(operation):
            left.pop(name, None)
    sent = [(parameter, left.pop(parameter.input, None)) for parameter in operation.parameters]
    path = operation.path
    query: list[str] = []
    made: list[tuple[str, str]] = []
    cookies: list[str] = []
    for parameter, value in sent:
        if value is None and _names_file(parameter, left):
            value = disposition(str.__str__(left[WHOLE_BODY]))
        if value is None and not parameter.required:
            continue
        if value is None:
            raise unfit(operation, parameter.input, "is missing")
        value = sendable(operation, parameter.input, value, files=False)
        if parameter.place == "path":
            path = path.replace("{" + parameter.name + "}", _path(operation, parameter, value))
        elif parameter.place == "query":
            query += query_texts(parameter, value)
        elif parameter.place == "header":
            made.append((parameter.name, _line(operation, parameter, header_text(parameter, value))))
        else:
            cookies += [_line(operation, parameter, text) for text in cookie_texts(parameter, value)]
    if cookies:
        made.append(("Cookie", "; ".join(cookies)))
    content_type, body = _body(operation, left, media)
    if content_type:
        made.append(("Content-Type", content_type))
    given = list(headers)
    if "accept" not in [name.lower() for name, _ in given]:
        made.insert(0, ("Accept", _accept(operation, content_type)))
    made += given
    target = f"{path}{'&' if '?' in path else '?'}{'&'.join(query)}" if query else path
    whole = operation.server + target if operation.server else ""
    return Call(
        operation.method,
        target,
        tuple(made),
        body,
        absolute=whole,
        repeatable=operation.repeatable,
        operation=operation.id,
    )


def call_of(
    provider: Provider,
    spec: CallSpec,
    scope: Scope,
    inputs: Mapping[str, Any] = {},
    *,
    ids: Iterable[str] = (),
    headers: Iterable[tuple[str, str]] = (),
    repeatable: bool = False,
) -> Call:
    """The call that a document describes: `inputs` and what `spec.send` adds to them.

    A value of the request or of an item that is not there is left out; one that the call cannot do without
    (`$id`, a credential) is a RunnerError. `ids` fill the list at `spec.many`. `repeatable` says that this
    call may be sent again whatever its method.
    """
    listed = list(ids)
    filled = dict(inputs) if _at_top(spec) else _copied_inputs(inputs)
    for name, source in spec.send.items():
        if listed and spec.many and name.startswith(f"{spec.many}/"):
            continue
        value = source[0] if isinstance(source, list) else locate(source, scope)
        if value is MISSING:
            if str(source).startswith(("$request.", "$item", "$observed.")):
                continue
            raise RunnerError(f"{provider.name}: {spec.operation} needs {source}, which is not known")
        put(filled, name, value)
    if spec.many and listed:
        put(filled, spec.many, listed)
    call = encode(provider.called(spec), filled, headers=headers)
    return replace(call, repeatable=True) if repeatable and not call.repeatable else call


def _at_top(spec: CallSpec) -> bool:
    """Whether a call fills nothing inside of an input, so that no input need be copied."""
    return not spec.many and "/" not in [name[:1] for name in spec.send]


def put(inputs: dict[str, Any], name: str, value: Any) -> None:
    """Sets an input by its name, or by a pointer into the body; mappings and lists on the way are made."""
    if not name.startswith("/"):
        inputs[name] = value
        return
    steps = pointer_steps(name)
    held: Any = inputs
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        fresh: Any = value if following is None else ([] if following in ("0", "-") else {})
        if isinstance(held, list):
            position = len(held) if step == "-" else int(step)
            if position >= len(held):
                held.append(fresh)
                position = len(held) - 1
            elif following is None:
                held[position] = value
            held = held[position]
        else:
            if following is None or held.get(step) is None:
                held[step] = fresh
            held = held[step]


def _copied_inputs(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A copy that may be filled further; special texts stay what they are."""
    return {name: _copied(value) for name, value in inputs.items()}


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copied(child) for name, child in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(child) for child in value]
    return value if isinstance(value, str | int | float | Unknown) or value is None else deepcopy(value)


def _names_file(parameter: Parameter, left: Mapping[str, Any]) -> bool:
    """Whether the header is the one that tells the name of a file that is sent as it is."""
    return parameter.name.lower() == "content-disposition" and isinstance(left.get(WHOLE_BODY), LocalFile)


def _accept(operation: Operation, content_type: str) -> str:
    """A call in XML is answered in XML too, where the document says that some answer can be had so."""
    if is_xml(content_type) and content_type in operation.answered_as():
        return content_type
    return operation.accept


def _body(operation: Operation, left: dict[str, Any], media: str) -> tuple[str, tuple[bytes | Upload, ...]]:
    """The content type and the pieces of the body."""
    form = operation.media_type(media)
    if form is None:
        if media:
            raise RunnerError(f"{operation.id} does not take {media}")
        if left:
            raise unfit(operation, next(iter(left)), "is no input of this operation")
        return "", ()
    if form.whole:
        return _whole(operation, form, left)
    if not left and not operation.body_required:
        return "", ()
    fields = {
        name: sendable(operation, name, value, files=form.name == MULTIPART) for name, value in left.items()
    }
    if form.name == MULTIPART:
        _files_are_files(operation, fields)
        return multipart(operation, form, fields)
    if form.name == FORM:
        return FORM, (form_text(fields, form.encoding).encode(),)
    if is_xml(form.name):
        return form.name, (_xml(operation, form, fields),)
    return form.name, (_json(operation, form, fields),)


def _whole(
    operation: Operation, form: MediaType, left: dict[str, Any]
) -> tuple[str, tuple[bytes | Upload, ...]]:
    """A body that is no object: the input `body`."""
    value = left.pop(WHOLE_BODY, None)
    if left:
        raise unfit(operation, next(iter(left)), "is no input of this operation")
    if value is None:
        if operation.body_required:
            raise unfit(operation, WHOLE_BODY, "is missing")
        return "", ()
    value = sendable(operation, WHOLE_BODY, value, files=True)
    if isinstance(value, Upload):
        return file_media(value.path, form.name), (value,)
    if is_xml(form.name):
        return form.name, (_xml(operation, form, value),)
    if is_json(form.name):
        return form.name, (_json(operation, form, value),)
    if isinstance(value, str) and WHOLE_BODY not in operation.files():
        return form.name, (value.encode(),)
    raise unfit(operation, WHOLE_BODY, f"cannot be written as {form.name}")


def _files_are_files(operation: Operation, fields: Mapping[str, Any]) -> None:
    """A path that nobody read as a file would be sent as a text, and paid for."""
    for name in operation.files() & fields.keys():
        value = fields[name]
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, Upload):
                raise unfit(operation, name, f"takes a local file, and {child!r} is none")


def _xml(operation: Operation, form: MediaType, value: Any) -> bytes:
    try:
        return xml_body(operation.document, form.schema, value)
    except BadXml as error:
        raise RunnerError(f"{operation.id}: {error}") from error


def _json(operation: Operation, form: MediaType, value: Any) -> bytes:
    if not is_json(form.name):
        raise RunnerError(f"{operation.id}: a body of {form.name} cannot be written from fields")
    return _COMPACT.encode(value).encode()


_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _path(operation: Operation, parameter: Parameter, value: Any) -> str:
    text = path_text(parameter, value)
    if text == "" or not {".", ".."}.isdisjoint(text.split("/")):
        raise unfit(
            operation, parameter.input, f"cannot be {value!r}: it stands in the path {operation.path}"
        )
    return text


def _line(operation: Operation, parameter: Parameter, text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise unfit(
            operation, parameter.input, "must be plain ASCII in one line, since it goes into a header"
        )
    return text
