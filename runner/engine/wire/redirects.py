"""How a URL is asked for, where it leads to, and what is said of an answer that leads elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

from runner.model.http import Answer


@dataclass(frozen=True, slots=True)
class Signed:
    """A URL as it is asked for. `own`: it is the account's, and carries its credentials; `session` is what for."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    session: object = None

    @property
    def own(self) -> bool:
        return self.session is not None


def origin(url: str) -> tuple[str, str]:
    """Scheme and authority: what credentials are given to (RFC 6454)."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def with_query(url: str, query: Mapping[str, str]) -> str:
    """A URL with further parameters."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}" if query else url


def moved(answer: Answer, url: str) -> Answer:
    """A redirect that was not followed to its end, in words; where it leads to, without what may be secret in it."""
    there = "://".join(origin(url))
    return replace(answer, body=None, unreadable=f"it redirects to {there}, which gets no credentials")
