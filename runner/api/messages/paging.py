"""How lists are paged: what the next page is asked with, and when there is none."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from runner.api.vocabulary.lifedata import ListSpec
from runner.api.vocabulary.locate import MISSING, Scope, find_all, locate
from runner.model.http import Answer

_NEXT = re.compile(r""";\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)""", re.IGNORECASE)

CAPPED = 50
"""A list that nobody vouches for and that shows this many items or more may be cut off there."""

USUAL_PAGES = (10, 12, 15, 20, 24, 25, 30, 36, 40, 48)
"""A list that nobody vouches for and that shows so many items may be a first page."""

MOST_PAGES = 100_000
"""A list that does not end before is taken to be broken."""


def page_inputs(spec: ListSpec, fixed: Mapping[str, Any], cursor: Any) -> dict[str, Any]:
    """The inputs of one page's call: the list's own, and where the page begins."""
    inputs = dict(fixed)
    page = spec.page
    if page.kind != "none" and page.size and page.max:
        inputs[page.size] = page.max
    if page.kind in ("page", "offset") or (page.kind == "cursor" and cursor):
        inputs[page.param] = cursor
    elif page.kind == "link" and isinstance(cursor, dict):
        inputs.update(cursor)
    return inputs


def holds_list(spec: ListSpec, body: Any) -> bool:
    """Whether the list stands where the document says: an answer of another form must not pass for an empty list."""
    if not spec.items.endswith("[*]"):
        return isinstance(body, Mapping | list)
    held = find_all(spec.items.removesuffix("[*]"), body)
    return bool(held) and all(isinstance(one, list) for one in held)


def told_total(spec: ListSpec, answer: Answer) -> int | None:
    """How many items an answer says that there are in all; None where it does not tell."""
    total = locate(spec.page.total, Scope(answer=answer)) if spec.page.total else MISSING
    return total if isinstance(total, int) and not isinstance(total, bool) else None


def names_next(answer: Answer) -> bool:
    """Whether an answer's `Link` header says that there is a further page (RFC 8288)."""
    return _NEXT.search(answer.headers.get("link", "")) is not None


def usual_length(count: int) -> bool:
    """Whether a page, or a list, of so many items may have been cut off there."""
    return count in USUAL_PAGES or count % CAPPED == 0


def next_cursor(spec: ListSpec, answer: Answer, cursor: Any, got: int, seen: int) -> Any:
    """Where the next page begins after one that held `got` items, `seen` in all; None after the last.

    A short page is the last only where nothing speaks against it: servers give fewer items a page than they are asked
    for, and what is not seen for it would count as absent.
    """
    page = spec.page
    if page.kind == "none":
        return None
    if page.kind in ("cursor", "link"):  # a page without items may still name a next one
        value = locate(page.next, Scope(answer=answer))
        if value is MISSING or not value:
            return None
        return dict(parse_qsl(urlsplit(str(value)).query)) if page.kind == "link" else value
    if got == 0:
        return None
    total = told_total(spec, answer)
    if total is not None:
        if seen >= total:
            return None
    elif page.end == "short" and page.max and got < page.max and not usual_length(got):
        return None
    return cursor + 1 if page.kind == "page" else cursor + got
