"""Before paying: do the media that a call names exist? 404 and 410 block it; anything else that is odd is a warning."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp

from runner.api.provider import Use
from runner.engine.wire.addresses import ForbiddenAddress, Reach
from runner.engine.wire.publish import may_probe
from runner.engine.wire.transport import REDIRECTS, Transport, describe
from runner.model.problem import Place, Problem
from runner.model.text import PublishedUrl

AT_ONCE = 16
PATIENCE = 60.0
"""All questions together may take so many seconds; what is not answered by then is a warning."""

MOST_REDIRECTS = 5
GONE = (404, 410)


def media_fields(use: Use) -> tuple[str, ...]:
    """The inputs whose value is an address that the API will fetch from, by the document's own `format`."""
    properties = use.inputs_schema().get("properties", {})
    return tuple(
        name for name, schema in properties.items() if schema.get("format") in ("uri", "uri-reference")
    )


def media_of(fields: Iterable[str], inputs: Mapping[str, Any]) -> dict[str, str]:
    """The web addresses in these inputs: field → URL. What runner publishes itself is probed when it is published."""
    found = {}
    for name in fields:
        value = inputs.get(name)
        if isinstance(value, PublishedUrl) or not isinstance(value, str):
            continue
        if urlsplit(value).scheme in ("http", "https"):
            found[name] = str(value)
    return found


class MediaCheck:
    """Asks for each URL once, with HEAD, however many calls name it; never outside the reach, since a URL, or whither
    it redirects, may be the word of an API."""

    def __init__(self, transport: Transport, loopback_only: bool, reach: Reach) -> None:
        self._reach = reach
        self._transport = transport
        self._loopback_only = loopback_only
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._status: dict[str, int | str] = {}

    async def check(self, urls: Iterable[str]) -> None:
        """Find out about these URLs, within `PATIENCE`."""
        wanted = [url for url in dict.fromkeys(urls) if may_probe(url, self._loopback_only)]
        tasks = [asyncio.ensure_future(self._ask(url)) for url in wanted]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=PATIENCE)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        self._status.update({url: "no answer in time" for url in wanted if url not in self._status})

    def missing(self, url: str) -> bool:
        """Whether the URL is known to lead nowhere."""
        return self._status.get(url) in GONE

    def warnings(self) -> list[Problem]:
        """One warning for all URLs of a host that answered alike."""
        odd = Counter(
            (urlsplit(url).hostname or "", str(status))
            for url, status in self._status.items()
            if status not in GONE and not (isinstance(status, int) and 200 <= status < 300)
        )
        return [
            Problem(
                "media-unchecked",
                f"{count} media URL{'' if count == 1 else 's'} at {host} could not be checked: {status}",
                Place(host),
                "the API may be able to read what this machine cannot",
                warning=True,
            )
            for (host, status), count in odd.items()
        ]

    async def _ask(self, url: str) -> None:
        async with self._slots:
            self._status[url] = await self._head(url)

    async def _head(self, url: str) -> int | str:
        for _ in range(MOST_REDIRECTS + 1):
            try:
                async with self._transport.stream(url, reach=self._reach, method="HEAD") as answer:
                    if answer.status not in REDIRECTS or "location" not in answer.headers:
                        return answer.status
                    url = urljoin(url, answer.headers["location"])
            except ForbiddenAddress as error:
                return str(error)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                return describe(error)
        return f"more than {MOST_REDIRECTS} redirects"
