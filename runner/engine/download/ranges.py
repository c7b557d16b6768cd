"""What the answer to a download says of the file: how long it is, which version, from which byte on, with what digest.

Sources: RFC 9110 (sections 8.8, 13.1.5, 14), RFC 9530 (`Repr-Digest`, `Content-Digest`), RFC 3230 (`Digest`), RFC 1864
(`Content-MD5`). Names of headers are in lower case.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from mimetypes import guess_type
from pathlib import PurePosixPath

Headers = Mapping[str, str]

SETTLED = 60.0
"""A file that changed less than so many seconds before it was sent may change again within its time stamp."""

_RANGE = re.compile(r"^bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)$")
_FIELD = re.compile(r"([A-Za-z0-9-]+)=:?([A-Za-z0-9+/_-]+={0,2}):?")
_ALGORITHMS = {"sha-256": "sha256", "sha-512": "sha512", "md5": "md5"}
_PAGES = ("text/html", "application/json", "application/problem+json", "application/xhtml+xml")
_BINARY = ("video/", "audio/", "image/", "application/zip", "application/pdf", "application/vnd.openxml")


def validator(headers: Headers) -> str:
    """What `If-Range` may name: a strong ETag, else a time of change that is old enough; empty when neither."""
    tag = headers.get("etag", "").strip()
    if len(tag) >= 2 and tag.startswith('"') and tag.endswith('"') and len(tag) <= 1024:
        return tag
    changed, sent = headers.get("last-modified", "").strip(), headers.get("date", "").strip()
    if tag or not changed or not sent:
        return ""
    try:
        age = (parsedate_to_datetime(sent) - parsedate_to_datetime(changed)).total_seconds()
    except (TypeError, ValueError):  # dates that are none
        return ""
    return changed if age >= SETTLED else ""


def packed(headers: Headers) -> str:
    """How the body is packed although nobody asked for it; empty when it is not."""
    coding = headers.get("content-encoding", "").strip().lower()
    return "" if coding == "identity" else coding


def takes_ranges(headers: Headers) -> bool:
    """Whether a later request may ask for the rest alone."""
    return headers.get("accept-ranges", "bytes").strip().lower() != "none" and not packed(headers)


def stated_size(headers: Headers) -> int | None:
    """How many bytes the body has, as its server says; None when it does not, or counts packed ones."""
    told = headers.get("content-length", "").strip()
    return (
        int(told) if told.isascii() and told.isdigit() and len(told) <= 18 and not packed(headers) else None
    )


def content_range(headers: Headers) -> tuple[int, int, int | None] | None:
    """First and last byte, and the size of the whole (None: not told); None when the answer does not say so."""
    match = _RANGE.match(headers.get("content-range", "").strip())
    if match is None:
        return None
    first, last = int(match[1]), int(match[2])
    whole = None if match[3] == "*" else int(match[3])
    if last < first or (whole is not None and last >= whole):
        return None
    return first, last, whole


def digests(headers: Headers, *, whole: bool) -> dict[str, str]:
    """The digests of the file that its server gives: algorithm (of hashlib) → hex. `whole`: the answer holds all of
    it; otherwise what is said of the answer's own bytes does not count."""
    if packed(headers):
        return {}
    names = ["digest", "repr-digest", *(["content-digest"] if whole else [])]
    found: dict[str, bytes] = {}
    for name in names:
        for algorithm, text in _FIELD.findall(headers.get(name, "")):
            if (known := _ALGORITHMS.get(algorithm.lower())) and (value := _decoded(text)):
                found[known] = value
    if whole and (value := _decoded(headers.get("content-md5", "").strip())):
        found.setdefault("md5", value)
    return {name: value.hex() for name, value in found.items() if len(value) == _LENGTHS[name]}


def is_a_page(path: str, headers: Headers, head: bytes) -> bool:
    """Whether a page or a message came in place of a film, a sound, a picture or an archive: the answer calls itself
    so, and begins so. Nothing else is guessed about: what a file holds is the provider's affair."""
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _PAGES:
        return False
    wanted = guess_type(PurePosixPath(path).name)[0] or ""
    if not wanted.startswith(_BINARY) or wanted == "image/svg+xml":
        return False
    return head.lstrip()[:1] in (b"<", b"{", b"[")


_LENGTHS = {"sha256": 32, "sha512": 64, "md5": 16}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""
