"""What an answer to a call with an effect means, by the table "What an answer means" of the design.

Only what is known to have had no effect is called safe or refused; everything else must be settled.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Literal

from runner.api.vocabulary.lifedata import ErrorSpec
from runner.api.vocabulary.locate import MISSING, Scope, holds, locate
from runner.model.frozen import frozen
from runner.model.http import Answer, NoAnswer, Reply

Meaning = Literal["accepted", "safe", "refused", "ambiguous"]

SAFE = frozenset({425, 429})
LONGEST_PAUSE = 24 * 3600.0
REFUSED = frozenset({*range(400, 407), *range(410, 419), 421, 422, 431, 451})
LONGEST_MESSAGE = 500


@frozen
class Verdict:
    """`safe`: nothing was done there, and it may be sent again. `refused`: no effect, not to be sent again in
    this run. `ambiguous`: settle it. `accepted`: there is an effect, whether or not its id can be read.

    `status` is 0 without an answer. `code` and `message` are the API's own words, `help` the document's
    sentence about that code. `renew`: the session ended, and a renewed one may send it again. `unauthorized`:
    nothing more should go to this provider in this run. `retry_after` is in seconds.
    """

    meaning: Meaning
    status: int = 0
    code: str = ""
    message: str = ""
    help: str = ""
    out_of_credit: bool = False
    renew: bool = False
    unauthorized: bool = False
    retry_after: float | None = None


def judge(
    reply: Reply, errors: ErrorSpec, own: ErrorSpec | None = None, renew_on: Sequence[int] = ()
) -> Verdict:
    """The verdict on a reply. `own` are the resource's errors, which go before the provider's `errors`;
    `renew_on` are the statuses that end a session, given only while it has not been renewed for this call."""
    if isinstance(reply, NoAnswer):
        return Verdict("ambiguous" if reply.left else "safe", message=reply.message, retry_after=reply.again)
    spec = merged(errors, own)
    renew = reply.status in renew_on
    if reply.ok and not (renew or spec.refused or spec.safe):
        return _accepted(reply.status)
    scope = Scope(answer=reply)
    meaning = _meaning(reply, spec, scope, renew)
    if meaning == "accepted":
        return _accepted(reply.status)
    code = _text(locate(spec.code, scope)) if spec.code else ""
    return Verdict(
        meaning=meaning,
        status=reply.status,
        code=code,
        message=_message(reply, spec, scope),
        help=spec.help.get(code, ""),
        out_of_credit=holds(spec.out_of_credit, scope),
        renew=renew,
        unauthorized=reply.status == 401 and not renew,
        retry_after=retry_after(reply.headers),
    )


@lru_cache(maxsize=100)
def _accepted(status: int) -> Verdict:
    return Verdict("accepted", status)


def _meaning(answer: Answer, spec: ErrorSpec, scope: Scope, renew: bool) -> Meaning:
    if renew or answer.status in SAFE or answer.status in spec.safe:
        return "safe"
    if answer.status in REFUSED or (answer.status < 500 and holds(spec.refused, scope)):
        return "refused"
    return "accepted" if answer.ok else "ambiguous"


def merged(errors: ErrorSpec, own: ErrorSpec | None) -> ErrorSpec:
    """The provider's errors with a resource's own words before them."""
    if own is None:
        return errors
    return ErrorSpec(
        refused=own.refused or errors.refused,
        out_of_credit=own.out_of_credit or errors.out_of_credit,
        code=own.code or errors.code,
        message=own.message or errors.message,
        safe=own.safe or errors.safe,
        help={**errors.help, **own.help},
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds of `Retry-After` (RFC 9110): a number, or a date as far from the answer's own `Date`, so that the
    clock of this machine does not come into it; at most a day, then it is asked again."""
    text = headers.get("retry-after", "").strip()
    try:
        number = float(text)
    except ValueError:
        until, now = _time(text), _time(headers.get("date", ""))
        return _bounded(until - now) if until is not None and now is not None else None
    return _bounded(number) if math.isfinite(number) else None


def _bounded(seconds: float) -> float:
    return min(max(0.0, seconds), LONGEST_PAUSE)


def _time(text: str) -> float | None:
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _message(answer: Answer, spec: ErrorSpec, scope: Scope) -> str:
    said = _text(locate(spec.message, scope)) if spec.message else ""
    if not said and isinstance(answer.body, str):
        said = answer.body
    if not said and isinstance(answer.body, Mapping):
        usual = (_text(answer.body.get(name)) for name in ("message", "detail", "title", "error"))
        said = next((text for text in usual if text), "")
    said = "".join(character if character.isprintable() else " " for character in said)
    return " ".join(said.split())[:LONGEST_MESSAGE] or answer.unreadable or _phrase(answer.status)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"HTTP status {status}"


def _text(value: Any) -> str:
    if value is MISSING or value is None or isinstance(value, Mapping | list):
        return ""
    return str(value)
