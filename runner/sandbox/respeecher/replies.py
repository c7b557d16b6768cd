"""What all operations of the emulated Respeecher share: errors, checked bodies and queries, pages."""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runner.sandbox.ground.shape import Field, wrong
from runner.sandbox.ground.wire import Ask, Form, Refusal, Reply, Unreadable

LABEL = re.compile(r"[a-zA-Z0-9 -]{1,40}")
"""What a label may be (the vendor's OpenAPI document)."""


def error(status: int, detail: str) -> Reply:
    """An error's body, for every status but 422."""
    return Reply(status, {"detail": detail})


def invalid(at: Sequence[str | int], message: str) -> Reply:
    """422: which field is wrong, and what about it."""
    return Reply(422, {"detail": [{"loc": list(at), "msg": message, "type": "value_error"}]})


def checked(ask: Ask, field: Field) -> Any:
    """The decoded body; answers 422 with the first thing that is wrong with it."""
    body = ask.json()
    if found := wrong(body, field):
        raise Refusal(_told(found))
    return body


def _told(found: str) -> Reply:
    """A sentence of `wrong`, taken apart: it begins with the field's path."""
    if found.startswith("the body "):
        return invalid(["body"], found.removeprefix("the body "))
    path, _, message = found.partition(" ")
    steps = [
        int(step) if step.isdecimal() else step for step in re.split(r"[.\[\]]+", path.rstrip("]")) if step
    ]
    return invalid(["body", *steps], message)


def form_of(ask: Ask, names: Sequence[str], most: int, too_large: int) -> Form:
    """The multipart body with a file in `data`; answers 422 for what is wrong with it, and the status `too_large` when
    it has more than `most` bytes."""
    form = ask.form
    if form is None or form.problem:
        raise Unreadable(form.problem if form is not None else "the body is missing")
    if form.size > most:
        raise Refusal(error(too_large, "The file is too large"))
    for name in (*form.fields, *form.files):
        if name not in (*names, "data"):
            raise Refusal(invalid(["body", name], "is not a known field"))
    if "data" not in form.files:
        raise Refusal(invalid(["body", "data"], "a file is required"))
    for name in names:
        if name in form.files:
            raise Refusal(invalid(["body", name], "must be a text"))
    return form


def is_id(text: Any) -> bool:
    """Whether a text is a UUID."""
    try:
        return isinstance(text, str) and str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def id_in(values: Mapping[str, str], place: str, name: str) -> str:
    """An id out of the path or the query; answers 422 when it is missing or no UUID."""
    if name not in values:
        raise Refusal(invalid([place, name], "field required"))
    if not is_id(values[name]):
        raise Refusal(invalid([place, name], "value is not a valid uuid"))
    return values[name].lower()


def body_id(body: Mapping[str, Any], name: str) -> str:
    """An id out of a body, empty where it may be left out; answers 422 when it is no UUID."""
    value = body.get(name)
    if value is None:
        return ""
    if not is_id(value):
        raise Refusal(invalid(["body", name], "value is not a valid uuid"))
    return str(value).lower()


def label_in(value: Any, name: str = "label") -> str:
    """A label that may be left out; answers 422 when it is too long, or holds what no label may."""
    if value is None:
        return ""
    if not LABEL.fullmatch(value):
        raise Refusal(invalid(["body", name], "must be 1 to 40 letters, digits, spaces and hyphens"))
    return str(value)


def whole_number(ask: Ask, name: str, default: int, most: int | None) -> int:
    """A number from 0 out of the query; answers 422 for anything else."""
    text = ask.query.get(name, "")
    if text == "":
        return default
    if not text.isdecimal() or len(text) > 9 or (most is not None and int(text) > most):
        raise Refusal(
            invalid(["query", name], f"must be a number from 0{f' to {most}' if most is not None else ''}")
        )
    return int(text)


def word(ask: Ask, name: str, among: Sequence[str], default: str = "") -> str:
    """One of some words out of the query; answers 422 for any other."""
    text = ask.query.get(name, "")
    if text == "":
        return default
    if text not in among:
        raise Refusal(invalid(["query", name], f"must be one of {', '.join(among)}"))
    return text


def flag(ask: Ask, name: str) -> bool:
    """A truth value out of the query, false when it is missing."""
    return word(ask, name, ("true", "false", "1", "0")) in ("true", "1")


def page(ask: Ask, things: Sequence[Any], show: Callable[[Any], Any], usual: int, most: int) -> Reply:
    """A page of things that are in order already: `list`, and where it stands in the whole."""
    limit = whole_number(ask, "limit", usual, most)
    offset = whole_number(ask, "offset", 0, None)
    shown = [show(thing) for thing in things[offset : offset + limit]]
    return Reply(
        value={"list": shown, "pagination": {"count": len(things), "limit": limit, "offset": offset}}
    )


def ordered(ask: Ask, things: Sequence[Any]) -> list[Any]:
    """Things in the order of their making, or the newest first; which is usual is not documented: the newest."""
    descending = word(ask, "direction", ("asc", "desc"), "desc") == "desc"
    return list(reversed(things)) if descending else list(things)
