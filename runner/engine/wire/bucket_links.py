"""Links into a bucket: signed when a call leaves, and unsigned everywhere else.

Plans, the journal and reports know a published file by an address without a signature. In a call with an effect a link
that can be read for as long as `publish.expires` says takes its place once the call's turn has come, and where an API
repeats that link, the signature is taken out before anybody reads the answer.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from runner.api.messages.xml_write import escaped
from runner.model.http import Answer, Call, Reply, Upload
from runner.model.settings import Bucket, PublishSettings

if TYPE_CHECKING:
    from runner.engine.wire.bucket import Store

_STEM = r"[A-Za-z0-9._-]{1,80}-[0-9a-f]{12}"
_PLAIN, _QUOTED = rf"{_STEM}(?:\.[A-Za-z0-9_%~-]*)?", rf"{_STEM}(?:\.[A-Za-z0-9_-]*)?"
"""Published names (see `workbook.build.published_name`), as they stand in an address, and in one that is quoted."""

_SIGNED = "X-Amz-Signature="

Sign = Callable[[str], str]


def links_of(publish: PublishSettings | None) -> "Links | None":
    """The links of a manifest that publishes into a bucket."""
    return (
        Links(publish.bucket, publish.base_url)
        if publish is not None and publish.bucket is not None
        else None
    )


class Links:
    """Uploads files, and signs the addresses of those of this bucket. One store of AWS's library serves all."""

    def __init__(self, bucket: Bucket, base_url: str) -> None:
        self._bucket, self._base_url = bucket, base_url
        self._store: Store | None = None
        self._opening = asyncio.Lock()
        self._made: dict[str, tuple[str, float]] = {}
        self._bare = re.compile(
            rf"https?://[^\s\"'<>?]*?{re.escape(bucket.name)}[^\s\"'<>?]*?/{re.escape(bucket.prefix)}({_PLAIN})\?[^\s\"'<>]*"
        )
        self._forms = {
            form: re.compile(
                re.escape(spell(base_url)) + f"({_PLAIN if spell(base_url) == base_url else _QUOTED})"
            )
            for form, (spell, _) in _FORMS.items()
        }

    async def upload(self, name: str, content: Upload) -> str:
        """Put a file into the bucket, unless it is there; a link to it. Raises NotPublished."""
        store = await self._opened()
        await asyncio.to_thread(store.put, name, content)
        return await self._link(name)

    def named(self, call: Call) -> set[str]:
        """The published files whose addresses stand in a call. Another process signs them anew, so that it cannot send
        the same bytes again."""
        names: set[str] = set()

        def noted(name: str) -> str:
            names.add(name)
            return name

        self._mapped(call, noted)
        return names

    async def signed(self, call: Call) -> Call:
        """The call as it is sent: every address of a published file signed. Raises NotPublished."""
        names = self.named(call)
        if not names:
            return call
        links = {name: await self._link(name) for name in names}
        return self._mapped(call, links.__getitem__)

    async def signed_inputs(self, inputs: Any) -> Any:
        """Inputs that go into a workbook, every address of a published file in them signed. Raises NotPublished."""
        found, names = self._forms["plain"], set[str]()

        def noted(text: str) -> str:
            names.update(map(unquote, found.findall(text)))
            return text

        _texts(inputs, noted)
        links = {name: await self._link(name) for name in names}

        def signed(text: str) -> str:
            if not found.search(text):
                return text  # as it is: a secret stays one
            return found.sub(lambda match: links[unquote(match[1])], text)

        return _texts(inputs, signed) if links else inputs

    def bare(self, reply: Reply) -> Reply:
        """The answer with the signature taken out of every link into the bucket."""
        if not isinstance(reply, Answer):
            return reply
        headers = {name: self._bared(value) for name, value in reply.headers.items()}
        return replace(
            reply, headers=headers, body=self._bared(reply.body), unreadable=self._bared(reply.unreadable)
        )

    async def _link(self, name: str) -> str:
        """A link with at least half of its life before it, so that a call that is repeated stays as it was."""
        url, until = self._made.get(name, ("", 0.0))
        if time.monotonic() >= until:
            store = await self._opened()
            url = await asyncio.to_thread(store.link, name)
            self._made[name] = (url, time.monotonic() + self._bucket.expires / 2)
        return url

    async def _opened(self) -> "Store":
        async with self._opening:
            if self._store is None:
                from runner.engine.wire.bucket import Store

                self._store = await asyncio.to_thread(Store, self._bucket)
            return self._store

    def _mapped(self, call: Call, sign: Sign) -> Call:
        def put_in(text: str, form: str) -> str:
            spell, read = _FORMS[form]
            return self._forms[form].sub(lambda match: spell(sign(read(match[1]))), text)

        kind = next((value for name, value in call.headers if name.lower() == "content-type"), "")
        form = "xml" if "xml" in kind else "form" if "urlencoded" in kind else "plain"

        def piece(one: bytes | Upload) -> bytes | Upload:
            if isinstance(one, Upload):
                return one
            try:
                return put_in(one.decode(), form).encode()
            except UnicodeDecodeError:
                return one  # no text, so no address

        return replace(
            call,
            path=put_in(call.path, "path"),
            headers=tuple((name, put_in(value, "plain")) for name, value in call.headers),
            body=tuple(piece(one) for one in call.body),
        )

    def _bared(self, value: Any) -> Any:
        return _texts(value, lambda text: self._bare.sub(self._unsigned, text) if _SIGNED in text else text)

    def _unsigned(self, match: re.Match[str]) -> str:
        return self._base_url + match[1] if _SIGNED in match[0] else match[0]


def _texts(value: Any, change: Sign) -> Any:
    """A tree of JSON values with every text changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: _texts(child, change) for name, child in value.items()}
    return [_texts(child, change) for child in value] if isinstance(value, list | tuple) else value


_FORMS: Mapping[str, tuple[Callable[[str], str], Callable[[str], str]]] = {
    "plain": (lambda text: text, unquote),
    "xml": (escaped, unquote),
    "path": (lambda text: quote(text, safe=""), lambda text: unquote(unquote(text))),
    "form": (quote_plus, lambda text: unquote(unquote_plus(text))),
}
"""How an address is spelled in each place, and how its last step is read as a name. JSON spells it as it is."""
