"""When links of an API end, as far as they say so themselves.

S3: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html; CloudFront: `Expires`; Azure: `se`.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from runner.model.units import spell_duration


def ends_within(outputs: Mapping[str, Any], seconds: float, now: float | None = None) -> str:
    """`in 3.0 h` or `ended`, of the first link among outputs that ends so soon; empty where none does."""
    moment = time.time() if now is None else now
    ends = [end for url in _links(outputs) if (end := end_of(url)) is not None]
    left = min(ends, default=moment + seconds + 1) - moment
    if left > seconds:
        return ""
    return f"in {spell_duration(left)}" if left > 0 else "already"


def end_of(url: str) -> float | None:
    """When a link ends, in seconds since 1970; None where it does not say."""
    query = {name.lower(): values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    try:
        if "x-amz-date" in query and "x-amz-expires" in query:
            begun = datetime.strptime(query["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            return begun.timestamp() + float(query["x-amz-expires"])
        if "expires" in query:
            return float(query["expires"])
        if "se" in query:
            end = datetime.fromisoformat(query["se"])
            return (end if end.tzinfo else end.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return None


def _links(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith(("http://", "https://")):
            yield value
    elif isinstance(value, Mapping):
        for child in value.values():
            yield from _links(child)
    elif isinstance(value, list | tuple):
        for child in value:
            yield from _links(child)
